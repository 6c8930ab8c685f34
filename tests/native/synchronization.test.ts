import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import test from "node:test";
import { needsRoot } from "../support/needs-root.js";

const load = new URL("../../src/native/load.js", import.meta.url);

/** Synchronizes a pipe, which the kernel refuses when it hears of it, and tells what each got for an answer. */
function synchronize(before: string): string {
  const script = `
    import { execFileSync } from "node:child_process";
    import { fsyncSync, fdatasyncSync } from "node:fs";
    import { binding } from ${JSON.stringify(load.href)};
    ${before}
    const answer = (call) => { try { call(1); return "done"; } catch ({ code }) { return code; } };
    const python = execFileSync("python3", ["-c", \`
import os
try:
    os.fsync(1)
    print("done")
except OSError:
    print("refused")\`], { encoding: "utf8" });
    console.log(answer(fsyncSync), answer(fdatasyncSync), python.trim());`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.equal(stderr, "");
  return stdout.trim();
}

test("synchronization is left out, in the process and in those that it starts", { skip: needsRoot }, () => {
  assert.equal(synchronize(""), "EINVAL EINVAL refused");
  const after = "if (!binding().ignoreSynchronizationSync()) throw new Error('refused');";
  assert.equal(synchronize(after), "done done done");
});
