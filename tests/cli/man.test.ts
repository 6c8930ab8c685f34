import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { EXIT_CODES } from "../../src/cli/exit-codes.js";
import { projectRoot } from "../support/project.js";
import { rpmoci, run } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

test("every command has a page, which programs for pages read without a warning", async (t) => {
  const directory = join(temporaryDirectory(t), "man1");
  const written = await rpmoci(["man", "--out-dir", directory], { env: { SOURCE_DATE_EPOCH: "1720000000" } });
  assert.deepEqual([written.code, written.stderr], [0, ""]);
  const help = await rpmoci(["--help"]);
  const commands = [...help.stdout.matchAll(/^ {2}rpmoci ([a-z]+(?: [a-z]+)?)/gm)].map(([, words = ""]) => words);
  assert.ok(commands.length > 10);
  assert.doesNotMatch(help.stdout, /--verbose/, "a list of commands leaves their options out");
  const files = commands.map((name) => `rpmoci-${name.replaceAll(" ", "-")}.1`);
  assert.deepEqual(readdirSync(directory).sort(), [...files, "rpmoci.1"].sort());
  const readers: readonly (readonly [string, ...string[]])[] = [
    ["mandoc", "-T", "lint", "-W", "warning"],
    ["man", "--warnings=w", "-l"],
  ];
  let read = 0;
  for (const [program, ...args] of readers) {
    if ((await run("sh", ["-c", `command -v ${program}`])).code !== 0) continue;
    // A minimal system's man is a placeholder.
    if (program === "man" && !(await run("man", ["--version"])).stdout.startsWith("man ")) continue;
    read += 1;
    for (const file of ["rpmoci.1", ...files]) {
      const { code, stdout, stderr } = await run(program, [...args, join(directory, file)], {
        env: { MANPAGER: "cat", LC_ALL: "C.UTF-8", MANWIDTH: "100" },
      });
      assert.deepEqual([file, code, stderr], [file, 0, ""]);
      if (program === "mandoc") assert.equal(stdout, "");
      else if (file === "rpmoci-build.1") assert.match(stdout, /--scriptlet-timeout=VALUE\s+Stop a scriptlet after/);
    }
  }
  if (read === 0) t.diagnostic("neither mandoc nor man is here");
});

test("a page is printed by the command's name, and wrong names are refused", async () => {
  const page = await rpmoci(["man", "cache", "ls"]);
  assert.equal(page.code, 0);
  assert.match(page.stdout, /^\.TH RPMOCI-CACHE-LS 1 "" "rpmoci \d+\.\d+\.\d+" "User Commands"\n\.SH NAME\n/);
  assert.match((await rpmoci(["man"])).stdout, /^\.TH RPMOCI 1 /);
  for (const args of [
    ["man", "nothing"],
    ["man", "build", "--out-dir", "/nowhere"],
  ]) {
    assert.equal((await rpmoci(args)).code, 2);
  }
  assert.equal((await rpmoci(["man", "--out-dir", "/dev/null/x"])).code, 1);
});

test("help names values, of commands of two words, too", async () => {
  const { code, stdout } = await rpmoci(["help", "cache", "prune"]);
  assert.equal(code, 0);
  assert.match(stdout, /--max-size VALUE +Bytes/);
  assert.doesNotMatch(stdout, /#0/);
});

test("the README and the manual have the same exit codes", () => {
  const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
  const [table = ""] = /^\| exit code [\s\S]*?\n\n/m.exec(readme) ?? [];
  const rows = [...table.matchAll(/^\| (\d+) +\| (.*?) +\|$/gm)].map(([, code, text]) => [Number(code), text]);
  assert.deepEqual(rows, EXIT_CODES);
});
