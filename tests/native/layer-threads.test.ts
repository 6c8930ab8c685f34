/** Many threads at blocks that take longer and shorter: the bytes are those of one thread. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { writeAllLayers } from "../support/layer-addon.js";
import { randomIntegers } from "../support/random.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { hex, makeTree, type PlannedNode, plannedNode, type TreePlan } from "../support/tree-plan.js";
import { addon } from "./support/rpm-addon.js";

const SEED = 16;
const skip = process.getuid?.() !== 0 && "the tree is root's";

/** More contents than 16 threads have blocks for at a time, and headers between them. */
function planOfManyBlocks(seed: number): TreePlan {
  const random = randomIntegers(seed);
  const nodes: PlannedNode[] = [plannedNode("directory")];
  for (let total = 0; total < 100_000_000; ) {
    const size = random(random(10) === 0 ? 9_000_000 : 200_000);
    // Noise, zeros that nobody reads, and what compresses more or less.
    const repeats = [0, 1, 50, 5000, 60_000][random(5)] ?? 0;
    const data = random(8) === 0 ? [] : [{ offset: random(1000), size, seed: random(2 ** 31), repeats }];
    nodes.push(plannedNode("file", { size: size + 1000, data }));
    total += size;
  }
  return { nodes, names: nodes.map((_, node) => ({ path: node === 0 ? "" : hex(`file-${node}`), node })) };
}

for (const compression of ["gzip", "zstd", "none"] as const) {
  test(`${compression}, seed ${SEED}`, { skip }, async (t) => {
    const root = join(temporaryDirectory(t), "root");
    await makeTree(root, planOfManyBlocks(SEED));
    const write = async (threads: number) => {
      const { blobs } = await writeAllLayers(addon, {
        root,
        output: () => join(root, "../blob"),
        compression,
        threads,
      });
      return blobs;
    };
    const blobs = await write(1);
    for (const threads of [2, 3, 16]) assert.deepEqual(await write(threads), blobs, `${threads} threads`);
  });
}
