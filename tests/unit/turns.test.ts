import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Turns } from "../../src/pipeline/turns.js";

interface Job {
  readonly begun: () => boolean;
  readonly end: (value: string) => void;
  readonly work: () => Promise<string>;
}

function job(): Job {
  let begun = false;
  const { promise, resolve } = deferred();
  return {
    begun: () => begun,
    end: resolve,
    work: () => {
      begun = true;
      return promise;
    },
  };
}

function deferred(): { promise: Promise<string>; resolve: (value: string) => void } {
  let resolve: (value: string) => void = () => {};
  const promise = new Promise<string>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

test("work runs one piece at a time, in order, whatever becomes of what was before", async () => {
  const turns = new Turns();
  const [first, second] = [job(), job()];
  const answers = [turns.take(first.work, undefined), turns.take(second.work, undefined)];
  const failing = turns.take(() => Promise.reject(new Error("no")), undefined);
  const last = turns.take(async () => "last", undefined);
  failing.catch(() => {});
  await turn();
  assert.deepEqual([first.begun(), second.begun()], [true, false]);
  first.end("one");
  await turn();
  assert.equal(second.begun(), true);
  second.end("two");
  assert.deepEqual(await Promise.all(answers), ["one", "two"]);
  await assert.rejects(failing, /no/);
  assert.equal(await last, "last");
});

test("what is cancelled rejects at once: it never begins, or its outcome is dropped", async () => {
  const turns = new Turns();
  const [running, waiting, next] = [job(), job(), job()];
  const [stopRunning, stopWaiting] = [new AbortController(), new AbortController()];
  const one = turns.take(running.work, stopRunning.signal);
  const two = turns.take(waiting.work, stopWaiting.signal);
  const three = turns.take(next.work, undefined);
  await turn();
  stopWaiting.abort(new Error("changed my mind"));
  await assert.rejects(two, /changed my mind/);
  stopRunning.abort(new Error("too late"));
  await assert.rejects(one, /too late/);
  await turn();
  assert.equal(next.begun(), false, "what runs ends before the next begins");
  running.end("dropped");
  await turn();
  assert.deepEqual([waiting.begun(), next.begun()], [false, true]);
  next.end("three");
  assert.equal(await three, "three");
  await assert.rejects(turns.take(next.work, AbortSignal.abort(new Error("before"))), /before/);
});

test("the end rejects everything, and waits for what runs", async () => {
  const turns = new Turns();
  const [running, waiting] = [job(), job()];
  const answers = [turns.take(running.work, undefined), turns.take(waiting.work, undefined)];
  const outcomes = Promise.allSettled(answers);
  await turn();
  let ended = false;
  const end = turns.end(new Error("over")).then(() => {
    ended = true;
  });
  for (const outcome of await outcomes) assert.match(String((outcome as PromiseRejectedResult).reason), /over/);
  await turn();
  assert.equal(ended, false);
  running.end("dropped");
  await end;
  assert.equal(waiting.begun(), false);
});
