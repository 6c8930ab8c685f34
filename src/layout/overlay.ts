/** Layers on top of each other (OCI image specification, "Image Layer Filesystem Changeset"). */
import type { ImageFile, ImageTree, Inode } from "../model/image-tree.js";

/** An entry of a layer, or what it hides. */
export type Change =
  | { readonly kind: "entry"; readonly path: string; readonly inode: Inode }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "whiteout"; readonly path: string };

export const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

interface Node {
  inode: Inode | null;
  /** Index of the layer that has put it there. */
  layer: number;
  children: Map<string, Node> | null;
}

/** A tree that grows layer by layer. */
export class Overlay {
  readonly #root: Node = { inode: null, layer: -1, children: null };

  /** `isWhole` says that there are no layers below the first one: a link to nothing leads into these otherwise. */
  constructor(readonly isWhole: boolean) {}

  /** Puts what layer number `layer` has onto those below. Throws for a link to nothing. */
  add(layer: number, entry: Change): void {
    if (entry.kind === "whiteout") {
      whiteOut(this.#root, layer, entry.path);
      return;
    }
    const inode = entry.kind === "link" ? this.#linkedInode(entry) : entry.inode;
    const node = makeNode(this.#root, layer, segmentsOf(entry.path));
    // Only a directory leaves what is in a directory there, which need not have an entry of its own.
    const wasDirectory = node.inode === null || node.inode.type === "directory";
    if (inode?.type !== "directory" || !wasDirectory) node.children = null;
    node.inode = inode;
    node.layer = layer;
  }

  /** Null for one of a layer that is not known. */
  #linkedInode({ path, target }: Change & { readonly kind: "link" }): Inode | null {
    const inode = findNode(this.#root, segmentsOf(target))?.inode;
    if (inode) return inode;
    if (!this.isWhole) return null;
    throw new Error(`${JSON.stringify(path)} is a link to ${JSON.stringify(target)}, which is not there`);
  }

  tree(): ImageTree {
    const files: ImageFile[] = [];
    list(this.#root, "", files);
    files.sort(byPath);
    return { files, byPath: new Map(files.map((file) => [file.path, file])) };
  }
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

function list(node: Node, path: string, files: ImageFile[]): void {
  if (node.inode !== null) files.push({ path: path === "" ? "/" : path, inode: node.inode });
  for (const [name, child] of node.children ?? []) list(child, `${path}/${name}`, files);
}

function byPath(a: ImageFile, b: ImageFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
