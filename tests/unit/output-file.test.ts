import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { writeOutput, writeOutputFile } from "../../src/output-file.js";
import { run } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const what = { what: "the result", code: "OUTPUT_UNWRITABLE", allowsDevices: true };

test("a file is replaced when the new one is whole, and a link stays", async (t) => {
  const folder = temporaryDirectory(t);
  const file = { ...what, path: join(folder, "file") };
  const link = { ...what, path: join(folder, "link") };
  symlinkSync("file", link.path);
  for (const content of ["one", Buffer.from("two"), ""]) {
    for (const target of [file, link]) {
      await writeOutput(target, content);
      assert.equal(readFileSync(file.path, "utf8"), content.toString());
    }
  }
  assert.equal(readlinkSync(link.path), "file");
  writeFileSync(file.path, "before");
  const failing = writeOutputFile(file, async (output) => {
    output.write("half");
    throw new Error("no more");
  });
  await assert.rejects(failing, /^Error: no more$/);
  assert.equal(readFileSync(file.path, "utf8"), "before");
  assert.deepEqual(readdirSync(folder).sort(), ["file", "link"]);
});

test("what cannot be written is told with the caller's code; a pipe is written to only where that is meant", async (t) => {
  const folder = temporaryDirectory(t);
  mkdirSync(join(folder, "directory"));
  for (const name of ["absent/file", "directory"]) {
    const path = join(folder, name);
    const expected = { kind: "output", code: what.code, message: new RegExp(`^Failed to write the result ${path}: `) };
    await assert.rejects(writeOutput({ ...what, path }, "text"), expected);
  }
  const pipe = join(folder, "pipe");
  assert.equal((await run("mkfifo", [pipe])).code, 0);
  const reading = run("cat", [pipe]);
  await writeOutput({ ...what, path: pipe }, "through the pipe");
  assert.equal((await reading).stdout, "through the pipe");
  await assert.rejects(writeOutput({ ...what, allowsDevices: false, path: pipe }, ""), { message: /else than a file/ });
  await assert.rejects(writeOutput({ ...what, path: "/dev/full" }, "text"), { code: "DISK_FULL" });
  assert.deepEqual(readdirSync(folder).sort(), ["directory", "pipe"]);
});
