/** Puts an image's layers on top of each other, and reads the files in question. */
import { createHash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { join, posix } from "node:path";
import { messageOf } from "../errors.js";
import type { ImageTree, Inode, LayerSource } from "../model/image-tree.js";
import { damaged } from "./image-faults.js";
import { type Change, Overlay, WHITEOUT } from "./overlay.js";
import { forEachLayer, readLayer } from "./read-layers.js";
import type { ContentSink, TarEntry } from "./tar-parser.js";

export interface ReadTreeOptions {
  /** Where to write the contents of the files that `isWanted`. */
  readonly directory: string;
  /** By the absolute path, each byte a character. */
  readonly isWanted: (path: string) => boolean;
  readonly signal: AbortSignal | undefined;
}

export interface ReadTree extends ImageTree {
  /** Files with the wanted contents. */
  readonly extracted: ReadonlyMap<Inode, string>;
}

/** Directories in a path; Linux opens none with more than half as many. */
const DEEPEST = 4096;

/** Bytes of one file that is written: rpm databases are smaller. */
const LARGEST_EXTRACT = 2 ** 31;

/**
 * The tree of an image. Layers are read as streams, some at a time, and none counts before its blob has turned out to have
 * its digest. Throws an `RpmociError` of kind `verify` for an image that is damaged, or the reason of `signal`.
 */
export async function readTree(source: LayerSource, options: ReadTreeOptions): Promise<ReadTree> {
  return withExtracts(options, async (extracts) => {
    const layers = source.layers.map((_, index) => new LayerEntries(index, options.isWanted, extracts));
    await forEachLayer(source, options.signal, (index) => (entry) => layers[index]?.add(entry) ?? null);
    return withLinked(source, treeOf(source, layers, true), options, extracts);
  });
}

/**
 * What the topmost layers have, which are read one after the other until that `isEnough`; the whole tree when it never is. A
 * path that is not there may be in a layer that was not read. Throws as `readTree`, for the layers that were read.
 */
export async function readTopmost(
  source: LayerSource,
  options: ReadTreeOptions & { readonly isEnough: (tree: ReadTree) => boolean },
): Promise<ReadTree> {
  const { isWanted, isEnough, signal } = options;
  return withExtracts(options, async (extracts) => {
    const layers: LayerEntries[] = [];
    for (const [index, descriptor] of [...source.layers.entries()].reverse()) {
      const layer = new LayerEntries(index, isWanted, extracts);
      await readLayer(source, descriptor, (entry) => layer.add(entry), signal);
      layers.unshift(layer);
      if (index === 0 || !layer.entries.some(({ path }) => isWanted(path))) continue;
      const tree = await withLinked(source, treeOf(source, layers, false), options, extracts);
      if (isEnough(tree)) return tree;
    }
    return withLinked(source, treeOf(source, layers, true), options, extracts);
  });
}

async function withExtracts<T>({ directory }: ReadTreeOptions, use: (extracts: Extracts) => Promise<T>): Promise<T> {
  const extracts = new Extracts(directory);
  try {
    return await use(extracts);
  } finally {
    extracts.close();
  }
}

function treeOf(source: LayerSource, layers: readonly LayerEntries[], isWhole: boolean): ImageTree {
  const overlay = new Overlay(isWhole);
  for (const { index, entries } of layers) {
    try {
      for (const entry of entries) overlay.add(index, entry);
    } catch (error) {
      throw damaged(source.name, source.layers[index]?.digest ?? "", messageOf(error), error);
    }
  }
  return overlay.tree();
}

/** With the contents of wanted files that are links to others, in their layers or those below. */
async function withLinked(
  source: LayerSource,
  tree: ImageTree,
  { isWanted, signal }: ReadTreeOptions,
  extracts: Extracts,
): Promise<ReadTree> {
  const missing = tree.files.filter(
    ({ path, inode }) => inode.type === "file" && isWanted(path) && !extracts.files.has(inode),
  );
  const inodes = new Set(missing.map(({ inode }) => inode));
  await readFiles(source, inodes, (inode) => extracts.start(inode), signal);
  return { ...tree, extracted: extracts.files };
}

/** Takes the contents of one file, piece by piece, and is told when that was all. */
export interface FileReader {
  readonly write: (bytes: Buffer) => void;
  readonly end: () => void;
}

/**
 * Hands the contents of files to a reader of each. Only the layers that have one of them are read. What an archive has twice
 * is handed over twice, the last of it last. Throws as `readTree`; contents count only when it does not.
 */
export async function readFiles(
  source: LayerSource,
  inodes: Iterable<Inode>,
  readerOf: (inode: Inode) => FileReader,
  signal: AbortSignal | undefined,
): Promise<void> {
  const names = source.layers.map(() => new Map<string, Inode>());
  for (const inode of inodes) names[inode.layer]?.set(inode.origin, inode);
  await forEachLayer(source, signal, (index) => {
    const wanted = names[index];
    if (wanted === undefined || wanted.size === 0) return null;
    return (entry) => {
      const inode = entry.type === "file" ? wanted.get(pathOf(entry.name)) : undefined;
      return inode === undefined ? null : sinkOf(readerOf(inode), entry.size);
    };
  });
}

function sinkOf({ write, end }: FileReader, size: number): ContentSink {
  let left = size;
  if (left === 0) end();
  return (bytes) => {
    write(bytes);
    left -= bytes.length;
    if (left === 0) end();
  };
}

/** The digests of files, in hexadecimal digits, by algorithms of Node. Throws as `readFiles`. */
export async function digestFiles(
  source: LayerSource,
  wanted: ReadonlyMap<Inode, string>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<Inode, string>> {
  const digests = new Map<Inode, string>();
  const readerOf = (inode: Inode): FileReader => {
    const hash = createHash(wanted.get(inode) ?? "sha256");
    return { write: (bytes) => hash.update(bytes), end: () => digests.set(inode, hash.digest("hex")) };
  };
  await readFiles(source, wanted.keys(), readerOf, signal);
  return digests;
}

/** Files with contents of an image's files. */
class Extracts {
  readonly files = new Map<Inode, string>();
  readonly #open = new Set<number>();
  #started = 0;

  constructor(readonly directory: string) {}

  start(inode: Inode): FileReader {
    if (inode.size > LARGEST_EXTRACT) throw new Error(`${JSON.stringify(inode.origin)} is too large to be read`);
    const path = join(this.directory, `extracted-${this.#started++}`);
    const file = openSync(path, "wx");
    this.#open.add(file);
    this.files.set(inode, path);
    return { write: (bytes) => writeAll(file, bytes), end: () => this.#close(file) };
  }

  /** Those that broke off. */
  close(): void {
    for (const file of this.#open) this.#close(file);
  }

  #close(file: number): void {
    closeSync(file);
    this.#open.delete(file);
  }
}

function writeAll(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}

/** What a layer has, in the order of its archive. */
class LayerEntries {
  readonly entries: Change[] = [];

  constructor(
    readonly index: number,
    readonly isWanted: ReadTreeOptions["isWanted"],
    readonly extracts: Extracts,
  ) {}

  add(entry: TarEntry): ContentSink | null {
    const path = pathOf(entry.name);
    if (posix.basename(path).startsWith(WHITEOUT)) this.entries.push({ kind: "whiteout", path });
    else if (entry.type === "hardlink") this.entries.push({ kind: "link", path, target: pathOf(entry.linkName) });
    else {
      const inode = this.#newInode(entry, path);
      this.entries.push({ kind: "entry", path, inode });
      if (entry.type === "file" && this.isWanted(path)) return sinkOf(this.extracts.start(inode), inode.size);
    }
    return null;
  }

  #newInode(entry: TarEntry, origin: string): Inode {
    const { type, mode, uid, gid, size, mtime, nanoseconds, linkName, device } = entry;
    const xattrs = entry.xattrs.size === 0 ? null : entry.xattrs;
    const capability = Buffer.from(entry.xattrs.get("security.capability") ?? "", "latin1").toString("hex");
    const linkTarget = type === "symlink" ? linkName : "";
    const layer = this.index;
    const times = { mtime, nanoseconds };
    const own = { type: type as Inode["type"], mode, uid, gid, size, ...times, linkTarget, device, capability, xattrs };
    return { ...own, layer, origin };
  }
}

/** Absolute, and without `.` and empty segments. Throws for a path that leads out of the root. */
function pathOf(name: string): string {
  const segments = name.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..")) throw new Error(`the path ${JSON.stringify(name)} leads out of the root`);
  if (segments.length > DEEPEST) throw new Error(`a path has ${segments.length} directories`);
  return `/${segments.join("/")}`;
}
