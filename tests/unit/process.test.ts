import assert from "node:assert/strict";
import test from "node:test";
import { runProcess } from "../../src/install/process.js";

const environment = { PATH: process.env.PATH };

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("a program's output arrives in lines, and its end is told", async () => {
  const lines: string[] = [];
  const onLine = (line: string): void => {
    lines.push(line);
  };
  const script = "echo one; echo two; exit 3";
  const result = await runProcess(["/bin/sh", "-c", script], { environment, onLine, abort: undefined });
  assert.deepEqual(result, { code: 3, signal: null });
  assert.deepEqual(lines, ["one", "two"]);
});

test("a program that does not exist is an error", async () => {
  await assert.rejects(runProcess(["/nonexistent/program"], { environment, onLine: () => {}, abort: undefined }), {
    code: "ENOENT",
  });
});

test("an abort ends a program that ignores other signals, before it is told", async () => {
  const interruption = new AbortController();
  let pid = Number.NaN;
  const running = runProcess(["/bin/sh", "-c", 'trap "" TERM; echo $$; while :; do sleep 1; done'], {
    environment,
    onLine: (line) => {
      pid = Number(line);
      interruption.abort(new Error("enough"));
    },
    abort: interruption.signal,
  });
  await assert.rejects(running, /^Error: enough$/);
  assert(pid > 0);
  assert(!isAlive(pid), "the program still runs");
});

test("an abort that came first ends the program, too", async () => {
  const abort = AbortSignal.abort(new Error("enough"));
  const running = runProcess(["/bin/sh", "-c", "exit 0"], { environment, onLine: () => {}, abort });
  await assert.rejects(running, /^Error: enough$/);
});
