import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isAbandoned, processMark, removeAbandoned } from "../../src/processes.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

/** The mark of a process that has ended. */
function abandonedMark(): string {
  const { pid } = spawnSync("true");
  return processMark().replace(/\d+$/, String(pid));
}

test("what ended processes left is removed, whatever else is there stays", async (t) => {
  const directory = temporaryDirectory(t);
  const kept = [`work-${processMark()}-a`, `other-${abandonedMark()}-a`, "work-1-x", "work-", "unrelated"];
  for (const name of kept) writeFileSync(join(directory, name), "");
  mkdirSync(join(directory, `work-${abandonedMark()}-a`, "deep"), { recursive: true });
  writeFileSync(join(directory, `work-${abandonedMark()}.b`), "");
  await removeAbandoned(directory, "work-");
  assert.deepEqual(readdirSync(directory).sort(), kept.toSorted());
});

test("a process that has ended counts as gone, though nobody has asked how", async (t) => {
  // The shell that started it becomes a program that does not.
  const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => parent.kill("SIGKILL"));
  const [pid] = (await once(parent.stdout, "data")) as [Buffer];
  const mark = processMark().replace(/\d+$/, pid.toString().trim());
  while (!isAbandoned(mark)) await delay(20);
  assert.ok(readFileSync(`/proc/${pid.toString().trim()}/stat`, "utf8").includes(") Z "));
});

const skip = process.geteuid?.() !== 0 && "only root can give files to others";
test("what other users left is theirs to remove", { skip }, async (t) => {
  const directory = temporaryDirectory(t);
  const name = `work-${abandonedMark()}-a`;
  mkdirSync(join(directory, name));
  chownSync(join(directory, name), 12345, 12345);
  await removeAbandoned(directory, "work-");
  assert.deepEqual(readdirSync(directory), [name]);
});

test("a directory that does not exist holds nothing to remove", async (t) => {
  await removeAbandoned(join(temporaryDirectory(t), "absent"), "work-");
});
