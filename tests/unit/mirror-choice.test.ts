import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { MirrorChoice } from "../../src/fetch/mirror-choice.js";

const [a, b, c] = ["http://a.test/x", "http://b.test/x", "http://c.test/x"] as const;
const all = [a, b, c];

/** Fetches that wait until they are let go. */
class Waiting {
  readonly #gates: (() => void)[] = [];
  readonly #fetches: Promise<unknown>[] = [];

  constructor(private readonly mirrors: MirrorChoice) {}

  start(url: string): string {
    const gate = new Promise<void>((resolve) => this.#gates.push(resolve));
    this.#fetches.push(this.mirrors.use(url, () => gate.then(() => ({ size: 1000 }))));
    return url;
  }

  async finish(): Promise<void> {
    for (const open of this.#gates) open();
    await Promise.all(this.#fetches);
  }
}

test("nothing is known: the first, until it has three files to send", async () => {
  const mirrors = new MirrorChoice();
  const waiting = new Waiting(mirrors);
  const urls = Array.from({ length: 8 }, () => waiting.start(mirrors.best(all)));
  assert.deepEqual(urls, [a, a, a, b, b, b, c, c]);
  await waiting.finish();
});

test("all are busy: the one with the fewest files to send", async () => {
  const mirrors = new MirrorChoice();
  const waiting = new Waiting(mirrors);
  const urls = Array.from({ length: 8 }, () => waiting.start(mirrors.best([a, b])));
  assert.deepEqual(urls.slice(6), [a, b]);
  await waiting.finish();
});

test("the fastest is preferred, and what is known before what is not", async () => {
  const mirrors = new MirrorChoice();
  const fetch = (url: string, size: number): Promise<unknown> =>
    mirrors.use(url, async () => {
      await delay(5);
      return { size };
    });
  await fetch(b, 1000);
  assert.equal(mirrors.best(all), b);
  await fetch(c, 1_000_000);
  assert.equal(mirrors.best(all), c);
});

test("a host that fails twice in a row is asked last, until it succeeds again", async () => {
  const mirrors = new MirrorChoice();
  const fail = (): Promise<unknown> =>
    assert.rejects(
      mirrors.use(a, () => Promise.reject(new Error("down"))),
      /down/,
    );
  await fail();
  assert.equal(mirrors.best([a, b]), a);
  await fail();
  const waiting = new Waiting(mirrors);
  for (let count = 0; count < 4; count += 1) waiting.start(b);
  assert.equal(mirrors.best([a, b]), b);
  await mirrors.use(a, async () => ({ size: 1 }));
  assert.equal(mirrors.best([a, b]), a);
  await waiting.finish();
});
