/** Puts an image's layers on top of each other (OCI image specification, "Image Layer Filesystem Changeset"). */
import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import type { Descriptor } from "../model/descriptor.js";
import type { ImageFile, ImageSource, ImageTree, Inode } from "../model/image-tree.js";
import { algorithmOf } from "./algorithm.js";
import { damaged } from "./open-image.js";
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

interface Node {
  inode: Inode | null;
  /** Index of the layer that has put it there. */
  layer: number;
  children: Map<string, Node> | null;
}

/**
 * The tree of an image. Layers are read as streams, and nothing that is read counts before the blob has turned out to have
 * its digest. Throws an `RpmociError` of kind `verify` for an image that is damaged, or the reason of `signal`.
 */
export async function readTree(source: ImageSource, options: ReadTreeOptions): Promise<ReadTree> {
  const root: Node = { inode: null, layer: -1, children: null };
  const extracted = new Map<Inode, string>();
  for (const [index, descriptor] of source.layers.entries()) {
    const layer = new LayerChanges(index, root, options, extracted);
    try {
      await readLayer(source, descriptor, (entry) => layer.add(entry), options.signal);
    } finally {
      layer.close();
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
  const digests = new Map<Inode, string>();
  for (const [index, descriptor] of source.layers.entries()) {
    const names = new Map<string, Inode>();
    for (const inode of wanted.keys()) if (inode.layer === index) names.set(inode.origin, inode);
    if (names.size === 0) continue;
    const hashes = new Map<Inode, Hash>();
    const onEntry = (entry: TarEntry): ContentSink | null => {
      const inode = entry.type === "file" ? names.get(pathOf(entry.name)) : undefined;
      if (inode === undefined) return null;
      const hash = createHash(wanted.get(inode) ?? "sha256");
      hashes.set(inode, hash);
      return (bytes) => hash.update(bytes);
    };
    await readLayer(source, descriptor, onEntry, signal);
    for (const [inode, hash] of hashes) digests.set(inode, hash.digest("hex"));
  }
  return digests;
}

async function readLayer(
  source: ImageSource,
  descriptor: Descriptor,
  onEntry: (entry: TarEntry) => ContentSink | null,
  signal: AbortSignal | undefined,
): Promise<void> {
  const algorithm = algorithmOf(descriptor.digest);
  const hash = createHash(algorithm ?? "sha256");
  const parser = new TarParser(onEntry);
  let failure: unknown = null;
  const chunks = (async function* () {
    for await (const chunk of source.openBlob(descriptor)) {
      hash.update(chunk);
      yield chunk as Buffer;
    }
  })();
  try {
    for await (const chunk of unpack(chunks)) {
      signal?.throwIfAborted();
      parser.push(chunk);
    }
    parser.end();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof RpmociError) throw error;
    failure = error;
  }
  if (failure !== null) throw damaged(source.name, descriptor.digest, messageOf(failure), failure);
  const actual = `${algorithm}:${hash.digest("hex")}`;
  if (algorithm !== undefined && actual !== descriptor.digest) {
    throw damaged(source.name, descriptor.digest, `its bytes are those of ${actual}`);
  }
}

/** What one layer changes in the tree below it. */
class LayerChanges {
  #file: number | null = null;

  constructor(
    readonly index: number,
    readonly root: Node,
    readonly options: ReadTreeOptions,
    readonly extracted: Map<Inode, string>,
  ) {}

  add(entry: TarEntry): ContentSink | null {
    this.close();
    const path = pathOf(entry.name);
    const segments = path.split("/").filter((segment) => segment !== "");
    const name = segments.at(-1) ?? "";
    if (name.startsWith(WHITEOUT)) {
      this.#whiteOut(segments.slice(0, -1), name);
      return null;
    }
    const inode = entry.type === "hardlink" ? this.#linkTarget(entry) : this.#newInode(entry, path);
    const node = this.#nodeAt(segments);
    // Only a directory leaves what the layers below have in a directory there.
    if (inode.type !== "directory" || node.inode?.type !== "directory") node.children = null;
    node.inode = inode;
    node.layer = this.index;
    return entry.type === "file" && this.options.isWanted(path) ? this.#extract(inode) : null;
  }

  /** Idempotent. */
  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #newInode(entry: TarEntry, origin: string): Inode {
    const { type, mode, uid, gid, size, mtime, linkName, device, xattrs } = entry;
    const capability = Buffer.from(xattrs.get("security.capability") ?? "", "latin1").toString("hex");
    const linkTarget = type === "symlink" ? linkName : "";
    const layer = this.index;
    return { type: type as Inode["type"], mode, uid, gid, size, mtime, linkTarget, device, capability, layer, origin };
  }

  #linkTarget({ name, linkName }: TarEntry): Inode {
    let node: Node | undefined = this.root;
    for (const segment of pathOf(linkName).split("/")) if (segment !== "") node = node?.children?.get(segment);
    if (node?.inode) return node.inode;
    throw new Error(`${JSON.stringify(name)} is a link to ${JSON.stringify(linkName)}, which is not there`);
  }

  #nodeAt(segments: readonly string[]): Node {
    let node = this.root;
    for (const segment of segments) {
      node.children ??= new Map();
      let child = node.children.get(segment);
      if (child === undefined) {
        child = { inode: null, layer: this.index, children: null };
        node.children.set(segment, child);
      }
      node = child;
    }
    return node;
  }

  /** Hides what the layers below have, and nothing of this one, whichever comes first. */
  #whiteOut(parent: readonly string[], name: string): void {
    let node: Node | undefined = this.root;
    for (const segment of parent) node = node?.children?.get(segment);
    if (!node?.children) return;
    const hidden = name === OPAQUE ? [...node.children.keys()] : [name.slice(WHITEOUT.length)];
    for (const child of hidden) {
      const found = node.children.get(child);
      if (found !== undefined && !this.#keepOwn(found)) node.children.delete(child);
    }
  }

  /** Whether anything of this layer is there. */
  #keepOwn(node: Node): boolean {
    for (const [name, child] of node.children ?? []) {
      if (!this.#keepOwn(child)) node.children?.delete(name);
    }
    if (node.layer !== this.index) node.inode = null;
    return node.inode !== null || (node.children?.size ?? 0) > 0;
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

/** Absolute, and without `.` and empty segments. Throws for a path that leads out of the root. */
function pathOf(name: string): string {
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
