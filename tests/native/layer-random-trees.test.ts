/** Trees of everything, as layers of every compression: what GNU tar makes of them is the tree again. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import test, { before, type TestContext } from "node:test";
import { differences } from "../support/compare-trees.js";
import { writeAllLayers } from "../support/layer-addon.js";
import { randomIntegers } from "../support/random.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { asInLayer, type LayerTimes, listTree, listTrees } from "../support/tree-listing.js";
import { type Kind, makeTree } from "../support/tree-plan.js";
import { RandomTree } from "./support/random-tree.js";
import { addon } from "./support/rpm-addon.js";
import { run } from "./support/rpm-tools.js";
import { unmakeableKinds } from "./support/unmakeable-kinds.js";

const SEEDS = Array.from({ length: 24 }, (_, index) => index + 1);
const NAMES = 100;
const COMPRESSIONS = ["gzip", "zstd", "none"] as const;
const NEVER = Number.MAX_SAFE_INTEGER;

const skip = process.getuid?.() !== 0 && "only root makes devices and gives files away";

/** Bounds of which some times of the tree are before and some behind. */
function randomTimes(seed: number): LayerTimes {
  const random = randomIntegers(seed);
  const maxMtime = [1_700_000_000, 1_000_000_000, 0, 2 ** 33, 2 ** 33 + 5][random(5)] ?? 0;
  return { maxMtime, buildStart: random(2) === 0 ? NEVER : 1_500_000_000 };
}

function extract(blob: string, folder: string): string {
  mkdirSync(folder);
  const attributes = ["--xattrs", "--xattrs-include=*"];
  run("tar", [...attributes, "--numeric-owner", "-xpf", blob, "-C", folder]);
  return folder;
}

let without: ReadonlySet<Kind>;
before(async (t) => {
  if (skip === false) without = await unmakeableKinds(temporaryDirectory(t as TestContext));
});

for (const seed of SEEDS) {
  test(`GNU tar makes the tree of seed ${seed} again; threads and directories change nothing`, { skip }, async (t) => {
    if (without.size > 0) t.diagnostic(`cannot be made here: ${[...without].join(", ")}`);
    const folder = temporaryDirectory(t);
    const plan = RandomTree.plan(seed, { names: NAMES, without });
    const [root, other] = [join(folder, "root"), join(folder, "made", "otherwise")];
    mkdirSync(join(folder, "made"));
    await makeTree(root, plan);
    await makeTree(other, RandomTree.inAnotherOrder(plan, seed));
    const times = randomTimes(seed);
    const level = 1 + (seed % 9);
    const trees: string[] = [];
    for (const compression of COMPRESSIONS) {
      const write = async (from: string, threads: number) => {
        const output = join(folder, `${compression}-${threads}`);
        const options = { root: from, output: () => output, compression, level, threads, ...times };
        const { blobs, listed, skippedSockets } = await writeAllLayers(addon, options);
        return { output, result: { blobs, listed, skippedSockets } };
      };
      const first = await write(root, 1);
      for (const threads of [2, 3, 16]) assert.deepEqual((await write(root, threads)).result, first.result);
      assert.deepEqual((await write(other, 3)).result, first.result);
      const digest = run("sha256sum", [first.output]).slice(0, 64);
      assert.equal(`sha256:${digest}`, first.result.blobs[0]?.digest);
      trees.push(extract(first.output, join(folder, `${compression}-tree`)));
    }
    const expected = asInLayer(await listTree(root), times);
    for (const [index, tree] of (await listTrees(trees)).entries()) {
      assert.deepEqual(differences(expected, tree), [], COMPRESSIONS[index]);
    }
  });
}
