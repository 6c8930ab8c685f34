/** What compressors make of the same archive must never change: the digests of images depend on it. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import { writeAllLayers } from "../support/layer-addon.js";
import { projectRoot } from "../support/project.js";
import { randomIntegers } from "../support/random.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { addon } from "./support/rpm-addon.js";
import { run } from "./support/rpm-tools.js";

/** Digests of blobs, by compression and level. */
const golden = join(projectRoot, "tests/golden/layers.json");

/** Contents of several kinds, more than the blocks of any compression, with an archive header now and then. */
function makeTree(root: string): void {
  const random = randomIntegers(4);
  const words = Array.from({ length: 600 }, () =>
    String.fromCharCode(...Array.from({ length: 1 + random(9) }, () => 97 + random(26))),
  );
  const text = (size: number): string => {
    let made = "";
    while (made.length < size) made += `${words[random(1 + random(600))]}${random(9) === 0 ? "\n" : " "}`;
    return made;
  };
  mkdirSync(join(root, "usr"));
  writeFileSync(join(root, "usr/text"), text(1_500_000));
  writeFileSync(join(root, "usr/noise"), Buffer.from(Array.from({ length: 300_000 }, () => random(256))));
  writeFileSync(
    join(root, "usr/numbers"),
    Buffer.from(Uint32Array.from({ length: 200_000 }, (_, i) => i * 7 + random(3)).buffer),
  );
  writeFileSync(join(root, "usr/zeros"), Buffer.alloc(1_000_000));
  for (let i = 0; i < 200; i += 1) writeFileSync(join(root, `usr/file-${i}`), text(random(2000)));
  run("chmod", ["-R", "u=rwX,go=rX", root]);
  run("find", [root, "-exec", "touch", "-h", "-d", "@1700000000", "{}", "+"]);
}

const isRoot = process.getuid?.() === 0;

test("the digests of blobs are those of every earlier version", {
  skip: isRoot ? false : "needs root's files",
}, async (t) => {
  const directory = temporaryDirectory(t);
  const root = join(directory, "root");
  mkdirSync(root);
  makeTree(root);
  const found: Record<string, string> = {};
  const levels = { gzip: [1, 2, 3, 4, 5, 6, 7, 8, 9], zstd: [1, 3, 9, 19], none: [1] } as const;
  for (const compression of ["gzip", "zstd", "none"] as const) {
    for (const level of levels[compression]) {
      const output = join(directory, "blob");
      const { blobs } = await writeAllLayers(addon, { root, output: () => output, compression, level });
      found[`${compression} ${level}`] = blobs[0]?.digest ?? "";
      if (compression === "gzip") assert.equal(gunzipSync(readFileSync(output)).length % 512, 0);
    }
  }
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(golden, `${JSON.stringify(found, null, 2)}\n`);
  assert.deepEqual(found, JSON.parse(readFileSync(golden, "utf8")));
});
