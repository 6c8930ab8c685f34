/** A layer with one of everything: programs of all kinds read the same from it, in every compression. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { createGunzip, gunzipSync } from "node:zlib";
import { differences } from "../support/compare-trees.js";
import { copiedBlobs, dockerArchiveLayers, imageReaders } from "../support/image-readers.js";
import { writeAllLayers } from "../support/layer-addon.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { asInLayer, listArchives, listTree, type Tree } from "../support/tree-listing.js";
import { hex, makeTree, type PlannedNode, plannedNode, withoutKinds } from "../support/tree-plan.js";
import { type LayerOfLayout, writeLayout } from "../support/written-layout.js";
import { oneOfEverything } from "./support/one-of-everything.js";
import { addon } from "./support/rpm-addon.js";
import { run, Workspace } from "./support/rpm-tools.js";
import { unmakeableKinds } from "./support/unmakeable-kinds.js";

const COMPRESSIONS = ["gzip", "zstd", "none"] as const;
type Compression = (typeof COMPRESSIONS)[number];
const TAG = "everything";
const TIMES = { maxMtime: 1_800_000_000, buildStart: Number.MAX_SAFE_INTEGER };

const skip = process.getuid?.() !== 0 && "only root makes devices and gives files away";

let workspace: Workspace;
let expected: Tree;
const layers = new Map<Compression, LayerOfLayout>();
const layoutOf = (compression: Compression): string => workspace.at(`layout-${compression}`);

before(async () => {
  workspace = new Workspace();
  if (skip !== false) return;
  const root = workspace.at("root");
  const without = await unmakeableKinds(workspace.path);
  await makeTree(root, withoutKinds(oneOfEverything, without));
  expected = asInLayer(await listTree(root), TIMES);
  for (const compression of COMPRESSIONS) {
    const path = workspace.at(`blob-${compression}`);
    const { blobs } = await writeAllLayers(addon, { root, output: () => path, compression, ...TIMES });
    assert.ok(blobs[0]);
    layers.set(compression, { path, compression, ...blobs[0] });
    writeLayout(layoutOf(compression), TAG, [{ path, compression, ...blobs[0] }]);
  }
});
after(() => workspace[Symbol.dispose]());

function layerOf(compression: Compression): LayerOfLayout {
  const layer = layers.get(compression);
  assert.ok(layer);
  return layer;
}

for (const compression of COMPRESSIONS) {
  for (const reader of imageReaders) {
    const unsupported = reader.without.includes(compression) && `${reader.name} does not know ${compression}`;
    test(`${reader.name} unpacks ${compression} to the tree`, {
      skip: skip || reader.skip || unsupported,
    }, async (t) => {
      const root = await reader.unpack(layoutOf(compression), TAG, temporaryDirectory(t));
      assert.deepEqual(differences(expected, await listTree(root), { except: reader.loses }), []);
    });
  }

  test(`Python's tarfile reads the tree from ${compression}`, { skip }, async () => {
    assert.deepEqual(differences(expected, await listArchives([layerOf(compression).path])), []);
  });

  test(`skopeo copies ${compression} as it is`, { skip }, async (t) => {
    const { digest } = layerOf(compression);
    const copies = await copiedBlobs(layoutOf(compression), TAG, temporaryDirectory(t));
    assert.equal(sha256(readFileSync(copies.get(digest.slice("sha256:".length)) ?? "")), digest);
  });

  // Docker's image manifest has no media type for zstd.
  const unarchived = compression === "zstd" && "skopeo makes no docker archive of zstd";
  test(`skopeo unpacks ${compression} into a docker archive`, { skip: skip || unarchived }, async (t) => {
    const { diffId } = layerOf(compression);
    const plain = await dockerArchiveLayers(layoutOf(compression), TAG, temporaryDirectory(t));
    assert.deepEqual(
      plain.map((path) => sha256(readFileSync(path))),
      [diffId],
    );
  });
}

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Reads to the end by small pieces, and says what is behind it. */
const ZLIB = `
import hashlib, sys, zlib
decompressor, digest = zlib.decompressobj(31), hashlib.sha256()
with open(sys.argv[1], "rb") as blob:
    while piece := blob.read(4099):
        digest.update(decompressor.decompress(piece))
assert decompressor.eof and not decompressor.unused_data and not decompressor.flush(), "more than one member"
print(digest.hexdigest())
`;

/** Shell commands that write the archive of the blob "$1". */
const DECODERS: readonly (readonly [name: string, compressions: readonly Compression[], command: string])[] = [
  ["gzip", ["gzip"], 'gzip -dc < "$1"'],
  // containerd prefers it to Go's own, as unpigz.
  ["pigz", ["gzip"], 'pigz -dc < "$1"'],
  ["pigz with one thread", ["gzip"], 'pigz -p 1 -dc < "$1"'],
  ["zstd", ["gzip", "zstd"], 'zstd -dcq < "$1"'],
  ["zstd in the memory that readers of images have", ["zstd"], 'zstd -dcq --memory=8MB < "$1"'],
  ["libarchive", ["gzip", "zstd", "none"], 'bsdcat < "$1"'],
];

for (const [name, compressions, command] of DECODERS) {
  for (const compression of compressions) {
    test(`${name} decodes ${compression}`, { skip }, () => {
      const { path, diffId } = layerOf(compression);
      const sum = run("bash", ["-o", "pipefail", "-c", `${command} | sha256sum`, "decode", path]);
      assert.equal(`sha256:${sum.slice(0, 64)}`, diffId);
    });
  }
}

test("zlib finds one member and nothing behind it", { skip }, async () => {
  const { path, diffId } = layerOf("gzip");
  assert.equal(`sha256:${run("python3", ["-c", ZLIB, path]).trim()}`, diffId);
  assert.equal(sha256(gunzipSync(readFileSync(path))), diffId);
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: 1000 }).pipe(createGunzip())) hash.update(piece);
  assert.equal(`sha256:${hash.digest("hex")}`, diffId);
});

/** Attributes whose records take exactly that many bytes. The last is one of 20 to 60 thousand. */
function attributesOfSize(bytes: number): PlannedNode["xattrs"] {
  const attributes: [string, string][] = [];
  // "60000 SCHILY.xattr.user.00=", and a newline.
  const around = 28;
  for (let rest = bytes; rest > 0; ) {
    const record = rest > 80_000 ? 60_000 : rest > 60_000 ? 30_000 : rest;
    const name = `user.${attributes.length.toString().padStart(2, "0")}`;
    attributes.push([hex(name), hex(Buffer.alloc(record - around, attributes.length + 1))]);
    rest -= record;
  }
  return attributes;
}

test("attributes of 1 MiB are read by all, and more are refused", { skip }, async (t) => {
  // Since Linux 6.6 it has room for them.
  const folder = temporaryDirectory(t);
  if (spawnSync("mount", ["-t", "tmpfs", "none", folder]).status !== 0) return t.skip("nothing can be mounted here");
  try {
    const make = async (name: string, size: number): Promise<string> => {
      const nodes = [plannedNode("directory"), plannedNode("file", { xattrs: attributesOfSize(size) })];
      const names = ["", hex("file")].map((path, node) => ({ path, node }));
      await makeTree(join(folder, name), { nodes, names });
      return join(folder, name);
    };
    const root = await make("most", 2 ** 20).catch(() => null);
    if (root === null) return t.skip("no file system with large attributes is here");
    const path = join(folder, "blob");
    const layout = join(folder, "layout");
    const { blobs, listed } = await writeAllLayers(addon, { root, output: () => path, compression: "none", ...TIMES });
    assert.equal(listed[0]?.tarSize, 512 + 512 + 2 ** 20 + 512 + 1024);
    assert.ok(blobs[0]);
    writeLayout(layout, TAG, [{ path, compression: "none", ...blobs[0] }]);
    const tree = asInLayer(await listTree(root), TIMES);
    assert.deepEqual(differences(tree, await listArchives([path])), []);
    for (const reader of imageReaders.filter(({ skip }) => skip === false)) {
      const place = join(folder, reader.name.replace("/", "-"));
      mkdirSync(place);
      const found = await listTree(await reader.unpack(layout, TAG, place));
      assert.deepEqual(differences(tree, found, { except: reader.loses }), [], reader.name);
    }
    const more = await make("more", 2 ** 20 + 1);
    await assert.rejects(writeAllLayers(addon, { root: more, output: () => path }), {
      code: "LAYER_READ",
      message: /more\/file" cannot be stored: its extended attributes and its path take 1048577 bytes, /,
    });
  } finally {
    run("umount", ["--lazy", folder]);
  }
});

test("all compressions are of one archive", { skip }, () => {
  assert.equal(new Set(COMPRESSIONS.map((compression) => layerOf(compression).diffId)).size, 1);
});
