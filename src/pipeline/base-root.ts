/** A root that begins as the files of a base image, and what has become of it. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { pipeline } from "node:stream/promises";
import type { BaseState } from "../layer/list.js";
import type { LayoutTransaction } from "../layout/layout.js";
import { digestFiles, readTree } from "../layout/read-tree.js";
import { unpackImage } from "../layout/unpack-image.js";
import type { Layer } from "../model/descriptor.js";
import type { BaseImage, ImageTree, Inode } from "../model/image-tree.js";
import type { InstalledPackage, RootTree } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { cancellable } from "../native/cancellable.js";
import { binding } from "../native/load.js";
import { type LeftAlone, stillLeftAlone } from "../rootfs/left-alone.js";
import { databaseIn } from "./base-facts.js";
import type { Context } from "./options.js";

export interface BaseRoot {
  readonly image: BaseImage;
  readonly root: string;
  /** Inside the root; null when the base has no rpm database. */
  readonly databasePath: string | null;
  /** What is installed in the base. */
  readonly packages: readonly InstalledPackage[];
  readonly tree: ImageTree;
  readonly snapshot: RootTree;
}

/** Unpacks the image into `root`, which it makes. Throws as `unpackImage`. */
export async function unpackBase(image: BaseImage, root: string, scratch: string, context: Context): Promise<BaseRoot> {
  const { emit, signal } = context;
  emit({ type: "base-unpacking", image: image.name, layers: image.layers.length });
  const tree = await readTree(image, { directory: scratch, isWanted: () => false, signal });
  await mkdir(root);
  await unpackImage(image, tree, root, signal);
  const databasePath = databaseIn(tree);
  const packages = databasePath === null ? [] : await nativeCall(binding().readRpmdb({ root, dbPath: databasePath }));
  const snapshot = await cancellable(binding(), signal, (cancellation) =>
    binding().readTree(root, availableParallelism(), cancellation),
  );
  return { image, root, databasePath, packages, tree, snapshot };
}

/** What layers are to leave out; `leftAlone` counts as unchanged as long as it still is as it was then. */
export function stateOf({ image, root, tree, snapshot }: BaseRoot, leftAlone: LeftAlone, context: Context): BaseState {
  return {
    snapshot,
    untouched: () => stillLeftAlone(root, leftAlone),
    withSameContents: (paths) => withSameContents(image, tree, root, paths, context.signal),
  };
}

/** Those of the paths, relative to the root, whose files have the contents that they have in the image. */
async function withSameContents(
  image: BaseImage,
  tree: ImageTree,
  root: string,
  paths: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<readonly Uint8Array[]> {
  const inodes = new Map<Uint8Array, Inode>();
  for (const path of paths) {
    const file = tree.byPath.get(`/${Buffer.from(path).toString("latin1")}`);
    if (file !== undefined) inodes.set(path, file.inode);
  }
  const digests = await digestFiles(image, new Map([...inodes.values()].map((inode) => [inode, "sha256"])), signal);
  const same: Uint8Array[] = [];
  for (const [path, inode] of inodes) {
    const hash = createHash("sha256");
    const host = Buffer.concat([Buffer.from(`${root}/`), path]);
    await pipeline(createReadStream(host, { highWaterMark: 1 << 18 }), hash);
    if (hash.digest("hex") === digests.get(inode)) same.push(path);
  }
  return same;
}

/** The base's layers as the new image has them, with their blobs where the layout can take them. */
export async function takeBaseLayers(
  image: BaseImage,
  layout: LayoutTransaction,
  prefix: string,
): Promise<readonly Layer[]> {
  const layers: Layer[] = [];
  for (const [index, descriptor] of image.layers.entries()) {
    const diffId = image.config.rootfs.diff_ids[index];
    if (diffId === undefined) throw new Error(`the layer ${descriptor.digest} has no diffID`);
    const layer: Layer = { path: undefined, diffId, descriptor };
    const name = `${prefix}base-${index}`;
    const held = await layout.hold(layer, name);
    // Its bytes were verified when they were unpacked.
    layers.push(held ?? { ...layer, path: await layout.take(await image.find(descriptor), name) });
  }
  return layers;
}
