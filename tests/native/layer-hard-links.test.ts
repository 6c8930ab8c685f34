/** Names of one inode that belong to packages of several layers: all of them are in one. */
import assert from "node:assert/strict";
import { linkSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import test, { before, type TestContext } from "node:test";
import { differences } from "../support/compare-trees.js";
import { containersStorage, imageReaders } from "../support/image-readers.js";
import { writeAllLayers } from "../support/layer-addon.js";
import { buildRpms, type RpmFixture } from "../support/rpm-fixture.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { asInLayer, listArchives, listTree, type Tree } from "../support/tree-listing.js";
import { writeLayout } from "../support/written-layout.js";
import { addon } from "./support/rpm-addon.js";
import { run } from "./support/rpm-tools.js";

const dbPath = "/usr/lib/sysimage/rpm";
const skip = process.getuid?.() !== 0 && "rpm --root needs root";
const TIMES = { maxMtime: 2_000_000_000, buildStart: Number.MAX_SAFE_INTEGER };

const PACKAGES = ["low", "middle", "high"] as const;
const GROUPS = PACKAGES.map((name) => [name]);
const TOP = PACKAGES.length;

/** Files that could be one inode, as far as their packages are concerned. */
const FIXTURES: readonly RpmFixture[] = PACKAGES.map((name) => ({
  name,
  files: {
    ...Object.fromEntries(["1", "2", "3", "4", "5"].map((file) => [`/usr/${name}/${file}`, `contents of ${file}\n`])),
    [`/usr/${name}/packaged`]: "of one package\n",
    [`/usr/${name}/packaged-link`]: { hardlinkTo: `/usr/${name}/packaged` },
    [`/usr/${name}/differing`]: `of ${name}\n`,
    [`/usr/${name}/symlink`]: { symlinkTo: "nowhere" },
  },
}));

/** Names that are made one inode, the first of them being kept; and the layer that they are all in then. */
const CLUSTERS: readonly { readonly names: readonly string[]; readonly layer: number }[] = [
  { names: ["low/1", "middle/1"], layer: 1 },
  { names: ["high/2", "low/2"], layer: 2 },
  { names: ["middle/3", "low/3", "high/3"], layer: 2 },
  { names: ["low/4", "unowned"], layer: TOP },
  { names: ["middle/5", "middle/unowned-too", "high/5", "a-first-name"], layer: TOP },
  // In the place of a file of another size, it is not what the package brought.
  { names: ["low/differing", "high/differing"], layer: TOP },
  { names: ["low/symlink", "middle/symlink"], layer: 1 },
  { names: ["low/packaged", "low/packaged-link"], layer: 0 },
  { names: ["high/packaged", "middle/packaged", "middle/packaged-link", "high/packaged-link"], layer: 2 },
];

let rpms: string[] = [];
before(async (t) => {
  if (skip === false) rpms = await buildRpms(temporaryDirectory(t as TestContext), FIXTURES);
});

function makeRoot(t: TestContext): string {
  const root = join(temporaryDirectory(t), "root");
  mkdirSync(root);
  const macros = ["--define", `_dbpath ${dbPath}`, "--define", "_db_backend sqlite"];
  run("rpm", ["--root", root, ...macros, "--nodeps", "--nosignature", "-i", ...rpms]);
  for (const { names } of CLUSTERS) {
    const [first = "", ...others] = names.map((name) => join(root, "usr", name));
    for (const name of others) {
      rmSync(name, { force: true });
      linkSync(first, name);
    }
  }
  return root;
}

const hexPath = (name: string): string => Buffer.from(`usr/${name}`).toString("hex");
const inode = (tree: Tree, name: string): string | undefined => tree.get(hexPath(name))?.sameAs;

test("all names of an inode are in the highest layer of any, and stay one inode", { skip }, async (t) => {
  const root = makeRoot(t);
  const folder = temporaryDirectory(t);
  const ownership = await addon.readOwnership({ root, dbPath });
  const output = (index: number): string => join(folder, `layer-${index}`);
  const { listed, blobs } = await writeAllLayers(addon, { root, ownership, groups: GROUPS, output, ...TIMES });
  assert.deepEqual(
    listed.map(({ group }) => group),
    [0, 1, 2, TOP],
  );
  const trees = await Promise.all(blobs.map((_, index) => listArchives([output(index)])));
  for (const { names, layer } of CLUSTERS) {
    for (const name of names) {
      const layers = trees.flatMap((tree, index) => (tree.has(hexPath(name)) ? [index] : []));
      assert.deepEqual(layers, [layer], name);
      assert.equal(inode(trees[layer] ?? new Map(), name), [...names].map(hexPath).sort()[0], name);
    }
  }

  const layout = join(folder, "layout");
  const layers = blobs.map((blob, index) => ({ ...blob, path: output(index), compression: "gzip" as const }));
  writeLayout(layout, "links", layers);
  const expected = asInLayer(await listTree(root), TIMES);
  for (const reader of imageReaders.filter(({ skip }) => skip === false)) {
    const place = join(folder, reader.name.replace("/", "-"));
    mkdirSync(place);
    const found = await listTree(await reader.unpack(layout, "links", place));
    const except: typeof reader.loses = (path, field, entry) =>
      reader.loses(path, field, entry) ||
      // That of the highest layer with something below it.
      (field === "mtime" && entry?.kind === "directory") ||
      // Its driver begins each layer with a copy of those below, which knows links of files only.
      (reader === containersStorage && field === "sameAs" && entry?.kind === "symlink");
    assert.deepEqual(differences(expected, found, { except }), [], reader.name);
  }
});
