import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { projectRoot } from "../support/project.js";
import { type RunResult, rpmoci, run } from "../support/run.js";
import { Scene } from "../support/scene.js";

test("--version prints the package's version", async () => {
  const { version } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8"));
  for (const flag of ["--version", "-V"]) {
    const result = await rpmoci([flag]);
    assert.deepEqual([result.code, result.stdout], [0, `rpmoci ${version}\n`]);
  }
});

test("--help lists the commands, and each command's lists its options", async () => {
  const general = await rpmoci(["--help"]);
  assert.equal(general.code, 0);
  for (const command of ["build", "update", "vendor"]) assert.match(general.stdout, new RegExp(`rpmoci ${command}`));
  for (const args of [
    ["build", "--help"],
    ["help", "build"],
  ]) {
    const { code, stdout } = await rpmoci(args);
    assert.equal(code, 0);
    for (const option of [
      "--image",
      "--tag",
      "--locked",
      "--label",
      "--vendor-dir",
      "--file",
      "--verbose",
      "--quiet",
    ]) {
      assert.ok(stdout.includes(option), `${args.join(" ")} does not explain ${option}`);
    }
  }
});

test("a wrong command line ends with 2 and says what is wrong", async () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [["frobnicate"], /Error there is no command 'frobnicate'\n +Hint rpmoci --help lists commands\n$/],
    [["updaet"], /Error there is no command 'updaet'\n +Hint did you mean update\?\n$/],
    [["cache"], /Error another word must follow 'cache'\n +Hint rpmoci cache takes ls, prune, verify\n$/],
    [["help", "cache"], /Error another word must follow 'cache'/],
    [["cache", "frob"], /Error there is no command 'cache frob'/],
    [["update", "--locked"], /Error update has no option --locked\n +Hint rpmoci help update lists all\n$/],
    [["build", "--lokced"], /Error build has no option --lokced\n +Hint did you mean --locked\? rpmoci help build /],
    [["update", "-vqx"], /Error update has no option -vqx\n/],
    [["update", "--no-refersh"], /Error update has no option --no-refersh\n/],
    [["layout", "gc", "--dryrun"], /Error layout gc has no option --dryrun\n +Hint did you mean --dry-run\?/],
    [["--locked", "build"], /Error rpmoci itself has no option --locked\n +Hint options stand behind the command/],
    [["update", "--dry-run=yes"], /Error the option --dry-run takes no value\n/],
    [["build", "--tag"], /Error the option --tag needs a value\n +Hint rpmoci help build describes it\n/],
    [["build", "--tag", "--image", "x"], /needs a value\n +Hint write --tag=--image if that is meant to be one\n/],
    [["push", "image"], /Error push needs a DESTINATION\n +Hint it is: rpmoci push <IMAGE> <DESTINATION> \.\.\.\n/],
    [["files"], /Error files needs an IMAGE\n/],
    [
      ["tree", "-v", "a", "--", "-b"],
      /Error tree cannot do anything with '-b'\n +Hint it is: rpmoci tree \[PACKAGE\]\n/,
    ],
    [["build", "--tag", "x"], /the option --image is required/],
    [["build", "--image", "x"], /the option --tag is required/],
    [["vendor"], /the option --out-dir is required/],
    [["build", "--image", "x", "--tag=-bad-"], /"-bad-" is not a valid tag/],
    [["build", "--image", "x", "--tag", "spa ce"], /"spa ce" is not a valid tag/],
  ];
  for (const [args, message] of cases) {
    const result = await rpmoci(args);
    assert.equal(result.code, 2, `${args.join(" ")}: ${result.stderr}`);
    assert.match(result.stderr, message);
    assert.equal(result.stdout, "");
    assert.doesNotMatch(result.stderr, /^\s+at /m);
  }
});

test("what is wrong with a command line is an event, too", async () => {
  const { code, stderr } = await rpmoci(["update", "--progress", "json", "--locked"]);
  const { kind, message } = JSON.parse(stderr);
  assert.deepEqual([code, kind, message], [2, "usage", "update has no option --locked"]);
});

test("-v shows more and -q less, before and behind the command", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  const normal = await scene.run(["update"]);
  const verbose = await scene.run(["-v", "update"]);
  const debug = await scene.run(["update", "-vv"]);
  const quiet = await scene.run(["-q", "update"]);
  assert.doesNotMatch(normal.stderr, /Reading metadata/);
  assert.match(verbose.stderr, /Reading metadata of repository tiny/);
  assert.match(debug.stderr, /Debug fetching http/);
  assert.equal(quiet.stderr, "");
  for (const { code } of [normal, verbose, debug, quiet]) assert.equal(code, 0);
  scene.writeManifest({ packages: ["nothing-has-this-name"] });
  const failing = await scene.run(["update", "-qqq"]);
  assert.equal(failing.code, 4);
  assert.match(failing.stderr, /Error No packages available for spec 'nothing-has-this-name'/);
});

test("SOURCE_DATE_EPOCH must be a number of seconds", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  const result = await scene.build([], { env: { SOURCE_DATE_EPOCH: "yesterday" } });
  assert.equal(result.code, 2);
  assert.match(result.stderr, /SOURCE_DATE_EPOCH 'yesterday'/);
});

test("on a terminal the right-aligned verbs are green, unless NO_COLOR is set", async (t) => {
  const scene = await Scene.create(t, { packages: ["filesystem", "tiny-release", "tool-2.0"] });
  scene.writeManifest({ packages: ["tool"] });
  const command = `${process.execPath} ${join(projectRoot, "dist/main.js")} update`;
  const onTerminal = (env: Readonly<Record<string, string | undefined>>): Promise<RunResult> =>
    run("script", ["-qec", command, "/dev/null"], {
      cwd: scene.directory,
      env: { XDG_CACHE_HOME: scene.path("cache"), TERM: "xterm", NO_COLOR: undefined, ...env },
    });
  const probe = await run("sh", ["-c", "command -v script"]);
  if (probe.code !== 0) return t.skip("there is no script(1) to make a terminal");
  const coloured = await onTerminal({});
  assert.equal(coloured.code, 0, coloured.stdout);
  assert.ok(coloured.stdout.includes("\u001b[32m           Resolving\u001b[39m dependencies"), coloured.stdout);
  const plain = await onTerminal({ NO_COLOR: "1" });
  assert.equal(plain.code, 0, plain.stdout);
  assert.ok(!plain.stdout.includes("\u001b["), plain.stdout);
  assert.match(plain.stdout, /^ {11}Resolving dependencies/m);
});

test("a reader that goes away does not stop the work", async (t) => {
  const scene = await Scene.create(t, { packages: ["filesystem", "tiny-release", "tool-2.0"] });
  scene.writeManifest({ packages: ["tool"] });
  const command = `${process.execPath} ${join(projectRoot, "dist/main.js")} update -vv 2>&1 | true; echo "\${PIPESTATUS[0]}"`;
  const env = { XDG_CACHE_HOME: scene.path("cache") };
  const { stdout, stderr } = await run("bash", ["-c", command], { cwd: scene.directory, env });
  assert.equal(stdout, "0\n", stderr);
  assert.deepEqual(scene.lockedNames(), ["filesystem", "tiny-release", "tool"]);
});
