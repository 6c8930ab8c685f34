import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { collectGarbage } from "../../src/layout/garbage.js";
import { readIndex } from "../../src/layout/index-file.js";
import { validateLayout } from "../../src/layout/validate.js";
import { ANNOTATION_REF_NAME } from "../../src/model/descriptor.js";
import { randomIntegers } from "../support/random.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const committer = join(import.meta.dirname, "../support/layout-committer.js");

interface Committer {
  readonly ended: Promise<number | null>;
  /** Tags that it said are in the layout. */
  readonly tags: readonly string[];
  kill(): void;
}

function start(layout: string, prefix: string, count: number): Committer {
  const child = spawn(process.execPath, [committer, layout, prefix, String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const tags: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => tags.push(...text.split("\n").filter(Boolean)));
  return { ended: once(child, "close").then(([code]) => code), tags, kill: () => child.kill("SIGKILL") };
}

async function tagsIn(layout: string): Promise<ReadonlySet<string>> {
  const { manifests } = await readIndex(layout);
  return new Set(manifests.flatMap(({ annotations }) => annotations?.[ANNOTATION_REF_NAME] ?? []));
}

test("eight processes at once, and garbage collected meanwhile: every tag is there and the layout is valid", async (t) => {
  const layout = join(temporaryDirectory(t), "layout");
  const processes = Array.from({ length: 8 }, (_, index) => start(layout, `p${index}`, 6));
  let running = true;
  const all = Promise.all(processes.map(({ ended }) => ended)).finally(() => {
    running = false;
  });
  for (let round = 0; running; round += 1) {
    if (round > 2) await collectGarbage(layout).catch(() => {});
    await sleep(20);
  }
  assert.deepEqual(await all, Array(8).fill(0));
  assert.deepEqual(await validateLayout(layout), []);
  assert.equal((await tagsIn(layout)).size, 48);
  assert.deepEqual((await collectGarbage(layout)).digests, []);
});

test("killed at fifty moments, a process leaves a valid layout with all tags", { timeout: 300_000 }, async (t) => {
  const layout = join(temporaryDirectory(t), "layout");
  const random = randomIntegers(9);
  const expected = new Set<string>();
  let midway = 0;
  for (let round = 0; round < 50; round += 1) {
    const { tags, ended, kill } = start(layout, `r${round}`, 1000);
    // Long enough to begin, most of the time.
    await sleep(60 + random(120));
    kill();
    await ended;
    for (const tag of tags) expected.add(tag);
    if (tags.length > 0) midway += 1;
    assert.deepEqual(
      await validateLayout(layout).then((list) =>
        list.filter(({ code }) => (code !== "LAYOUT_FILE" && code !== "INDEX") || expected.size > 0),
      ),
      [],
    );
    const present = await tagsIn(layout);
    for (const tag of expected) assert.ok(present.has(tag), `round ${round} lost ${tag}`);
  }
  assert.ok(midway >= 10, `${midway} of 50 had committed something`);
  await collectGarbage(layout);
  assert.deepEqual(await validateLayout(layout), []);
});
