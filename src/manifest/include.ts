/** `include`: one document out of a manifest and those that it includes, which remembers where each part stands. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import { isLocalSpec } from "../model/manifest.js";
import { findItemLines } from "./locate.js";
import { decodeText, parseDocument } from "./text.js";

export interface ManifestFile {
  /** As it is shown. */
  readonly path: string;
  readonly text: string;
}

/** Where something stands, or would stand: `keys` lead there in that file, indexes of arrays among them. */
export interface Origin {
  readonly file: ManifestFile;
  readonly keys: readonly string[];
}

export interface MergedDocument {
  readonly document: unknown;
  /** Of what `keys` lead to in the merged document, or of the innermost part around it. */
  originOf(keys: readonly string[]): Origin;
}

type Node = { readonly origin: Origin } & (
  | { readonly kind: "table"; readonly entries: ReadonlyMap<string, Node> }
  | { readonly kind: "list"; readonly items: readonly Node[] }
  | { readonly kind: "value"; readonly value: unknown }
);

/** Bytes; whoever includes a device waits for it no longer. */
const LARGEST_MANIFEST = 16 * 2 ** 20;

/** They are one command each, and none has a place for two. */
const COMMANDS = new Set(["image.entrypoint", "image.cmd"]);

/**
 * What `file`, whose document that is, includes is merged below it, in order: tables are merged, lists are concatenated
 * without what is there already, other values are replaced. Throws an `RpmociError` of kind `manifest` that names file and
 * line, for what cannot be read, is not on this machine, or includes itself.
 */
export function mergeIncludes(document: unknown, file: ManifestFile): MergedDocument {
  const root = new Loader().merge(document, file, []);
  return { document: plain(root), originOf: (keys) => originIn(root, keys) };
}

class Loader {
  /** By their real path. */
  readonly #known = new Map<string, Node>();

  /** `chain` has the real paths of the files that lead here. */
  merge(document: unknown, file: ManifestFile, chain: readonly string[]): Node {
    const own = nodeOf(document, { file, keys: [] });
    const includes = includesOf(document);
    if (includes.length === 0) return own;
    const lines = findItemLines(file.text, ["include"]);
    const bases = includes.map((name, index) =>
      this.#load(name, file, lines[index] ?? null, [...chain, realPath(file)]),
    );
    return [...bases.map(withoutInclude), own].reduce((base, over) => merged(base, over, []));
  }

  #load(name: string, includer: ManifestFile, line: number | null, chain: readonly string[]): Node {
    const where = `${includer.path}${line === null ? "" : `:${line}`}: include: `;
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) {
      throw new RpmociError(`${where}"${name}" is not on this machine`, {
        kind: "manifest",
        code: "MANIFEST_INCLUDE_REMOTE",
        hint: "keep a copy beside the manifest: what an image is made of must not change by itself",
      });
    }
    // As the includer's path is shown, so is this one.
    const path = name.startsWith("/") ? name : join(dirname(includer.path), name);
    const unreadable = (reason: string, cause?: unknown): RpmociError =>
      new RpmociError(`${where}cannot read ${path}: ${reason}`, {
        kind: "manifest",
        code: "MANIFEST_UNREADABLE",
        cause,
      });
    let real: string;
    let bytes: Buffer;
    try {
      real = realpathSync(path);
      const status = statSync(real);
      if (!status.isFile()) throw new Error("it is not a regular file");
      if (status.size > LARGEST_MANIFEST) throw new Error("it is too large for a manifest");
      if (chain.includes(real)) throw cycle(where, path);
      const known = this.#known.get(real);
      if (known !== undefined) return known;
      bytes = readFileSync(real);
    } catch (error) {
      if (error instanceof RpmociError) throw error;
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      throw unreadable(missing ? "there is no such file" : messageOf(error), error);
    }
    const text = decodeText(bytes, path);
    const node = this.merge(parseDocument(text, path), { path, text }, chain);
    this.#known.set(real, node);
    return node;
  }
}

function cycle(where: string, path: string): RpmociError {
  return new RpmociError(`${where}${path} includes itself, directly or by others`, {
    kind: "manifest",
    code: "MANIFEST_INCLUDE_CYCLE",
  });
}

/** A manifest that exists as a text only stands for itself. */
function realPath({ path }: ManifestFile): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** None for anything but a list of texts, which the schema refuses. */
function includesOf(document: unknown): readonly string[] {
  const list = (document as { include?: unknown } | null)?.include;
  return Array.isArray(list) && list.every((item) => typeof item === "string") ? list : [];
}

function withoutInclude(node: Node): Node {
  if (node.kind !== "table") return node;
  return { ...node, entries: new Map([...node.entries].filter(([key]) => key !== "include")) };
}

function nodeOf(value: unknown, origin: Origin): Node {
  const inner = (key: string | number): Origin => ({ ...origin, keys: [...origin.keys, String(key)] });
  if (Array.isArray(value)) {
    return { kind: "list", origin, items: value.map((item, index) => nodeOf(item, inner(index))) };
  }
  if (typeof value === "object" && value !== null && !(value instanceof Date)) {
    const entries = Object.entries(value).map(([key, item]): [string, Node] => [key, nodeOf(item, inner(key))]);
    return { kind: "table", origin, entries: new Map(entries) };
  }
  return { kind: "value", origin, value };
}

function plain(node: Node): unknown {
  if (node.kind === "value") return node.value;
  if (node.kind === "list") return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([key, item]) => [key, plain(item)]));
}

function merged(base: Node, over: Node, keys: readonly string[]): Node {
  if (base.kind === "table" && over.kind === "table") {
    const entries = new Map(base.entries);
    for (const [key, item] of over.entries) {
      const below = base.entries.get(key);
      entries.set(key, below === undefined ? item : merged(below, item, [...keys, key]));
    }
    return { kind: "table", origin: over.origin, entries };
  }
  if (base.kind === "list" && over.kind === "list" && !COMMANDS.has(keys.join("."))) {
    const present = new Set(base.items.map(identityOf));
    const items = [...base.items, ...over.items.filter((item) => !present.has(identityOf(item)))];
    return { kind: "list", origin: over.origin, items };
  }
  return over;
}

/** Two items of lists that have the same are the same. Paths on this machine depend on where they stand. */
function identityOf(item: Node): string {
  const value = plain(item);
  const isPath =
    (typeof value === "string" && (isLocalSpec(value) || item.origin.keys[0] === "certificates")) ||
    (typeof value === "object" && value !== null && "source" in value);
  // TOML has integers that JSON has not.
  const text = JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? String(inner) : inner));
  return `${isPath ? resolve(dirname(item.origin.file.path)) : ""}\n${text}`;
}

function originIn(root: Node, keys: readonly string[]): Origin {
  let node = root;
  for (const [depth, key] of keys.entries()) {
    const next: Node | undefined =
      node.kind === "table" ? node.entries.get(key) : node.kind === "list" ? node.items[Number(key)] : undefined;
    if (next === undefined) return { file: node.origin.file, keys: [...node.origin.keys, ...keys.slice(depth)] };
    node = next;
  }
  return node.origin;
}
