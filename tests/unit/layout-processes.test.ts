import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readdirSync } from "node:fs";
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
  const directory = temporaryDirectory(t);
  const base = join(directory, "base");
  assert.equal(await start(base, "base", 3).ended, 0);
  const random = randomIntegers(9);
  for (let round = 0; round < 50; round += 1) {
    // A layout of its own: the lock of a killed process is waited for.
    const layout = join(directory, `layout-${round}`);
    cpSync(base, layout, { recursive: true });
    const { tags, ended, kill } = start(layout, "killed", 1000);
    while (tags.length === 0) await sleep(5);
    await sleep(random(40));
    kill();
    await ended;
    assert.deepEqual(await validateLayout(layout), [], `round ${round}`);
    const present = await tagsIn(layout);
    for (const tag of ["base-0", "base-1", "base-2", ...tags])
      assert.ok(present.has(tag), `round ${round} lost ${tag}`);
  }
});

test("what a killed process left is removed, and its lock taken over", async (t) => {
  const layout = join(temporaryDirectory(t), "layout");
  const { tags, ended, kill } = start(layout, "killed", 1000);
  while (tags.length < 3) await sleep(5);
  kill();
  await ended;
  await collectGarbage(layout);
  assert.deepEqual(await validateLayout(layout), []);
  assert.deepEqual(readdirSync(layout).sort(), ["blobs", "index.json", "oci-layout"]);
});
