import assert from "node:assert/strict";
import test from "node:test";
import { readCorpus } from "../fuzz/corpus.js";
import { isIntended, targets } from "../fuzz/targets.js";

for (const [name, { run }] of Object.entries(targets)) {
  test(`the fuzzer's corpus of ${name}`, async () => {
    const corpus = readCorpus(name);
    assert.notEqual(corpus.length, 0);
    for (const input of corpus) {
      const start = performance.now();
      try {
        await run(input);
      } catch (error) {
        if (!isIntended(error)) throw error;
      }
      assert.ok(performance.now() - start < 1000, `slow: ${JSON.stringify(input)}`);
    }
  });
}
