/** Puts an image's layers on top of each other (OCI image specification, "Image Layer Filesystem Changeset"). */
import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { join, posix } from "node:path";
import pMap from "p-map";
import { messageOf, RpmociError } from "../errors.js";
import type { Descriptor } from "../model/descriptor.js";
import type { ImageFile, ImageSource, ImageTree, Inode } from "../model/image-tree.js";
import { algorithmOf } from "./algorithm.js";
import { damaged } from "./image-faults.js";
import { type ContentSink, type TarEntry, TarParser } from "./tar-parser.js";
import { unpack } from "./unpack.js";

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

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/** Directories in a path; Linux opens none with more than half as many. */
const DEEPEST = 4096;

/** Bytes of one file that is written: rpm databases are smaller. */
const LARGEST_EXTRACT = 2 ** 31;

/** Layers that are read at a time. */
const CONCURRENT = 4;

interface Node {
  inode: Inode | null;
  /** Index of the layer that has put it there. */
  layer: number;
  children: Map<string, Node> | null;
}

/**
 * The tree of an image. Layers are read as streams, some at a time, and none counts before its blob has turned out to have
 * its digest. Throws an `RpmociError` of kind `verify` for an image that is damaged, or the reason of `signal`.
 */
export async function readTree(source: ImageSource, options: ReadTreeOptions): Promise<ReadTree> {
  const extracted = new Map<Inode, string>();
  const layers = source.layers.map((_, index) => new LayerEntries(index, options, extracted));
  await forEachLayer(source, options.signal, (index) => {
    const layer = layers[index];
    return layer === undefined ? null : { onEntry: (entry) => layer.add(entry), close: () => layer.close() };
  });
  const root: Node = { inode: null, layer: -1, children: null };
  for (const { index, entries } of layers) {
    try {
      for (const entry of entries) change(root, index, entry);
    } catch (error) {
      throw damaged(source.name, source.layers[index]?.digest ?? "", messageOf(error), error);
    }
  }
  const files: ImageFile[] = [];
  list(root, "", files);
  files.sort(byPath);
  return { files, byPath: new Map(files.map((file) => [file.path, file])), extracted };
}

/**
 * The digests of files, in hexadecimal digits, by algorithms of Node. Only the layers that have one of them are read.
 * Throws as `readTree`.
 */
export async function digestFiles(
  source: ImageSource,
  wanted: ReadonlyMap<Inode, string>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<Inode, string>> {
  const names = source.layers.map(() => new Map<string, Inode>());
  for (const inode of wanted.keys()) names[inode.layer]?.set(inode.origin, inode);
  const hashes = new Map<Inode, Hash>();
  await forEachLayer(source, signal, (index) => {
    const inodes = names[index];
    if (inodes === undefined || inodes.size === 0) return null;
    const onEntry = (entry: TarEntry): ContentSink | null => {
      const inode = entry.type === "file" ? inodes.get(pathOf(entry.name)) : undefined;
      if (inode === undefined) return null;
      const hash = createHash(wanted.get(inode) ?? "sha256");
      hashes.set(inode, hash);
      return (bytes) => hash.update(bytes);
    };
    return { onEntry, close: () => {} };
  });
  return new Map([...hashes].map(([inode, hash]) => [inode, hash.digest("hex")]));
}

export interface LayerReader {
  readonly onEntry: (entry: TarEntry) => ContentSink | null;
  /** When the layer was read, or could not be. */
  readonly close: () => void;
}

/** Reads the layers for which there is a reader. After an error nothing is read any more. */
export async function forEachLayer(
  source: ImageSource,
  signal: AbortSignal | undefined,
  readerOf: (index: number) => LayerReader | null,
): Promise<void> {
  const failed = new AbortController();
  const ended = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const read = async (descriptor: Descriptor, index: number): Promise<void> => {
    const reader = ended.aborted ? null : readerOf(index);
    if (reader === null) return;
    try {
      await readLayer(source, descriptor, reader.onEntry, ended);
    } catch (error) {
      failed.abort(error);
    } finally {
      reader.close();
    }
  };
  await pMap(source.layers, read, { concurrency: CONCURRENT });
  ended.throwIfAborted();
}

async function readLayer(
  source: ImageSource,
  descriptor: Descriptor,
  onEntry: LayerReader["onEntry"],
  signal: AbortSignal,
): Promise<void> {
  const algorithm = algorithmOf(descriptor.digest);
  const hash = createHash(algorithm ?? "sha256");
  const parser = new TarParser(onEntry);
  const chunks = (async function* () {
    for await (const chunk of source.openBlob(descriptor)) {
      hash.update(chunk);
      yield chunk;
    }
  })();
  try {
    for await (const chunk of unpack(chunks)) {
      signal.throwIfAborted();
      parser.push(chunk);
    }
    parser.end();
  } catch (error) {
    signal.throwIfAborted();
    // What is not about the image's bytes.
    if (error instanceof RpmociError) throw error;
    throw damaged(source.name, descriptor.digest, messageOf(error), error);
  }
  const actual = `${algorithm}:${hash.digest("hex")}`;
  if (algorithm !== undefined && actual !== descriptor.digest) {
    throw damaged(source.name, descriptor.digest, `its bytes are those of ${actual}`);
  }
}

/** An entry of a layer, or what it hides. */
type Change =
  | { readonly kind: "entry"; readonly path: string; readonly inode: Inode }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "whiteout"; readonly path: string };

/** What a layer has, in the order of its archive. */
class LayerEntries {
  readonly entries: Change[] = [];
  #file: number | null = null;

  constructor(
    readonly index: number,
    readonly options: ReadTreeOptions,
    readonly extracted: Map<Inode, string>,
  ) {}

  add(entry: TarEntry): ContentSink | null {
    this.close();
    const path = pathOf(entry.name);
    if (posix.basename(path).startsWith(WHITEOUT)) this.entries.push({ kind: "whiteout", path });
    else if (entry.type === "hardlink") this.entries.push({ kind: "link", path, target: pathOf(entry.linkName) });
    else {
      const inode = this.#newInode(entry, path);
      this.entries.push({ kind: "entry", path, inode });
      if (entry.type === "file" && this.options.isWanted(path)) return this.#extract(inode);
    }
    return null;
  }

  /** Idempotent. */
  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
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

  #extract(inode: Inode): ContentSink {
    if (inode.size > LARGEST_EXTRACT) throw new Error(`${JSON.stringify(inode.origin)} is too large to be read`);
    const path = join(this.options.directory, `extracted-${this.extracted.size}`);
    const file = openSync(path, "wx");
    this.#file = file;
    this.extracted.set(inode, path);
    return (bytes) => {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    };
  }
}

/** Puts what layer number `layer` has into the tree of those below. Throws for a link to nothing. */
function change(root: Node, layer: number, entry: Change): void {
  if (entry.kind === "whiteout") {
    whiteOut(root, layer, entry.path);
    return;
  }
  const inode = entry.kind === "link" ? linkedInode(root, entry) : entry.inode;
  const node = makeNode(root, layer, segmentsOf(entry.path));
  // Only a directory leaves what the layers below have in a directory there.
  if (inode.type !== "directory" || node.inode?.type !== "directory") node.children = null;
  node.inode = inode;
  node.layer = layer;
}

function linkedInode(root: Node, { path, target }: Change & { readonly kind: "link" }): Inode {
  const inode = findNode(root, segmentsOf(target))?.inode;
  if (inode) return inode;
  throw new Error(`${JSON.stringify(path)} is a link to ${JSON.stringify(target)}, which is not there`);
}

function makeNode(root: Node, layer: number, segments: readonly string[]): Node {
  let node = root;
  for (const segment of segments) {
    node.children ??= new Map();
    let child = node.children.get(segment);
    if (child === undefined) {
      child = { inode: null, layer, children: null };
      node.children.set(segment, child);
    }
    node = child;
  }
  return node;
}

function findNode(root: Node, segments: readonly string[]): Node | undefined {
  let node: Node | undefined = root;
  for (const segment of segments) node = node?.children?.get(segment);
  return node;
}

/** Hides what the layers below have, and nothing of this one, whichever comes first. */
function whiteOut(root: Node, layer: number, path: string): void {
  const segments = segmentsOf(path);
  const name = segments.at(-1) ?? "";
  const children = findNode(root, segments.slice(0, -1))?.children;
  if (!children) return;
  const hidden = name === OPAQUE ? [...children.keys()] : [name.slice(WHITEOUT.length)];
  for (const child of hidden) {
    const found = children.get(child);
    if (found !== undefined && !keepOwn(found, layer)) children.delete(child);
  }
}

/** Whether anything of this layer is there. */
function keepOwn(node: Node, layer: number): boolean {
  for (const [name, child] of node.children ?? []) {
    if (!keepOwn(child, layer)) node.children?.delete(name);
  }
  if (node.layer !== layer) node.inode = null;
  return node.inode !== null || (node.children?.size ?? 0) > 0;
}

function segmentsOf(path: string): readonly string[] {
  return path.split("/").filter((segment) => segment !== "");
}

/** Absolute, and without `.` and empty segments. Throws for a path that leads out of the root. */
export function pathOf(name: string): string {
  const segments = name.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..")) throw new Error(`the path ${JSON.stringify(name)} leads out of the root`);
  if (segments.length > DEEPEST) throw new Error(`a path has ${segments.length} directories`);
  return `/${segments.join("/")}`;
}

function list(node: Node, path: string, files: ImageFile[]): void {
  if (node.inode !== null) files.push({ path: path === "" ? "/" : path, inode: node.inode });
  for (const [name, child] of node.children ?? []) list(child, `${path}/${name}`, files);
}

function byPath(a: ImageFile, b: ImageFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
