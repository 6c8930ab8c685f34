/** Other people's programs that unpack images, each in its own way. Root's only. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { blobPath, readImage } from "./image.js";
import { runSuccessfully } from "./run.js";
import type { TreeEntry } from "./tree-listing.js";

export interface ImageReader {
  readonly name: string;
  /** Compressions that the version in Debian 12 does not know. */
  readonly without: readonly string[];
  /** Why it cannot run here. */
  readonly skip: string | false;
  /** Unpacks below `folder`, which exists and is empty, and returns where the root is. */
  unpack(layout: string, tag: string, folder: string): Promise<string>;
  /** What the program, by its nature, does not give back. */
  loses(path: Buffer, field: keyof TreeEntry | "entry", expected: TreeEntry | undefined): boolean;
}

const cannotMount = spawnSync("unshare", ["--mount", "true"]).status !== 0;

/** The tools hang, or are refused, under a sanitizer's runtime. */
const env = { LD_PRELOAD: undefined, LC_ALL: "C.UTF-8" };

export const layerPaths = (layout: string, tag: string): readonly string[] =>
  readImage(layout, tag).manifest.layers.map(({ digest }) => blobPath(layout, digest));

const isTop = (path: Buffer): boolean => path.length === 0;
const hasAttribute = (entry: TreeEntry | undefined, is: (name: string, value: string) => boolean): boolean =>
  Object.entries(entry?.xattrs ?? {}).some(([name, value]) => is(Buffer.from(name, "hex").toString("latin1"), value));
/** Go's archive/tar takes a record without a value for one that deletes. */
const hasEmptyAttribute = (entry: TreeEntry | undefined): boolean => hasAttribute(entry, (_, value) => value === "");

async function extractLayers(layout: string, tag: string, folder: string, tar: readonly string[]): Promise<string> {
  const [program = "", ...args] = tar;
  for (const layer of layerPaths(layout, tag)) await runSuccessfully(program, [...args, layer, "-C", folder], { env });
  return folder;
}

export const gnuTar: ImageReader = {
  name: "GNU tar",
  without: [],
  skip: false,
  unpack: (layout, tag, folder) =>
    extractLayers(layout, tag, folder, ["tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf"]),
  // Its own archives have "=" and "%" of these names as "%3D" and "%25", which no other program does.
  loses: (_, field, entry) => field === "xattrs" && hasAttribute(entry, (name) => /%(25|3D)/.test(name)),
};

export const bsdtar: ImageReader = {
  name: "bsdtar",
  without: [],
  skip: false,
  unpack: (layout, tag, folder) => extractLayers(layout, tag, folder, ["bsdtar", "--numeric-owner", "-xpf"]),
  // The folder that it was started in.
  loses: (path, field) => isTop(path) && field === "mtime",
};

export const umoci: ImageReader = {
  name: "umoci",
  // Since 0.5.
  without: ["zstd"],
  skip: false,
  async unpack(layout, tag, folder) {
    await runSuccessfully("umoci", ["unpack", "--image", `${layout}:${tag}`, join(folder, "bundle")], { env });
    return join(folder, "bundle", "rootfs");
  },
  loses: (_, field, entry) => field === "xattrs" && hasEmptyAttribute(entry),
};

/** containers/storage, by which podman, buildah and CRI-O unpack; with its driver that keeps plain folders. */
export const containersStorage: ImageReader = {
  name: "containers/storage",
  without: [],
  skip: cannotMount && "containers/storage unpacks in a mount namespace",
  async unpack(layout, tag, folder) {
    for (const name of ["storage", "run"]) mkdirSync(join(folder, name));
    const store = `[vfs@${join(folder, "storage")}+${join(folder, "run")}]`;
    const target = `containers-storage:${store}localhost/image:${tag}`;
    await runSuccessfully("skopeo", ["copy", "-q", "--insecure-policy", `oci:${layout}:${tag}`, target], { env });
    const images: readonly { layer: string }[] = JSON.parse(
      readFileSync(join(folder, "storage/vfs-images/images.json"), "utf8"),
    );
    return join(folder, "storage/vfs/dir", images[0]?.layer ?? "");
  },
  // It unpacks from within the root, where it makes a folder for that, and takes times before 1970 for 1970.
  loses: (path, field, entry) =>
    (field === "mtime" && (isTop(path) || (entry?.mtime ?? 0) < 0)) || (field === "xattrs" && hasEmptyAttribute(entry)),
};

export const imageReaders: readonly ImageReader[] = [gnuTar, bsdtar, umoci, containersStorage];

/** A docker archive's layers are plain: their paths, from the lowest. */
export async function dockerArchiveLayers(layout: string, tag: string, folder: string): Promise<readonly string[]> {
  const archive = join(folder, "archive.tar");
  const copy = ["copy", "-q", "--insecure-policy", `oci:${layout}:${tag}`, `docker-archive:${archive}:image:${tag}`];
  await runSuccessfully("skopeo", copy, { env });
  const content = join(folder, "archive");
  mkdirSync(content);
  await runSuccessfully("tar", ["-xf", archive, "-C", content], { env });
  const [manifest]: readonly { Layers: string[] }[] = JSON.parse(readFileSync(join(content, "manifest.json"), "utf8"));
  return (manifest?.Layers ?? []).map((name) => join(content, name));
}

/** The blobs of a `dir:` copy, by their digests without the algorithm. */
export async function copiedBlobs(layout: string, tag: string, folder: string): Promise<ReadonlyMap<string, string>> {
  const copy = join(folder, "copy");
  await runSuccessfully("skopeo", ["copy", "-q", "--insecure-policy", `oci:${layout}:${tag}`, `dir:${copy}`], { env });
  return new Map(readdirSync(copy).map((name) => [name, join(copy, name)]));
}
