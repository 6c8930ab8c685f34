/** What differs between two images, beside their packages. */

import { textOf } from "../model/byte-string.js";
import type { Descriptor, ImageConfig } from "../model/descriptor.js";
import type { FileType, ImageFile, Inode } from "../model/image-tree.js";
import { compareText } from "../model/nevra.js";
import { describeCapability } from "./capabilities.js";
import { type ImageContents, ownerNames } from "./contents.js";

export interface AspectDifference {
  readonly aspect: "type" | "mode" | "owner" | "size" | "contents" | "target" | "device" | "capability" | "mtime";
  readonly from: string;
  readonly to: string;
}

export interface FileDifference {
  readonly kind: "added" | "removed" | "changed";
  readonly path: string;
  /** Of the newer file, unless there is none. */
  readonly type: FileType;
  /** Empty for what is on one side only. */
  readonly aspects: readonly AspectDifference[];
  /** NEVRAs of the packages that own it, on the newer side where it is there. */
  readonly packages: readonly string[];
}

export interface ConfigurationDifference {
  /** A member of the image configuration, such as `config.Env`. */
  readonly key: string;
  /** JSON; null when there is none. */
  readonly from: string | null;
  readonly to: string | null;
}

/** Digests of files' contents. */
export type Digests = ReadonlyMap<Inode, string>;

/** Files of both images whose contents only digests can compare. */
export interface Undecided {
  readonly from: ReadonlyMap<Inode, "sha256">;
  readonly to: ReadonlyMap<Inode, "sha256">;
}

/** Of files on both sides with equal sizes, those that are not in the same place of the same layer. */
export function undecidedFiles(from: ImageContents, to: ImageContents): Undecided {
  const [fromWanted, toWanted] = [new Map<Inode, "sha256">(), new Map<Inode, "sha256">()];
  for (const { path, inode: old } of from.tree.files) {
    const next = to.tree.byPath.get(path)?.inode;
    if (old.type !== "file" || next?.type !== "file" || old.size !== next.size || old.size === 0) continue;
    if (old.origin === next.origin && layerOf(from, old) === layerOf(to, next)) continue;
    fromWanted.set(old, "sha256");
    toWanted.set(next, "sha256");
  }
  return { from: fromWanted, to: toWanted };
}

function layerOf({ source }: ImageContents, { layer }: Inode): string | undefined {
  return source.layers[layer]?.digest;
}

/** Sorted by the bytes of paths. `digests` are those of `undecidedFiles`. */
export function compareFiles(from: ImageContents, to: ImageContents, digests: Digests): readonly FileDifference[] {
  const paths = new Set([...from.tree.byPath.keys(), ...to.tree.byPath.keys()]);
  return [...paths].sort().flatMap((path): readonly FileDifference[] => {
    const [old, next] = [from.tree.byPath.get(path), to.tree.byPath.get(path)];
    const aspects = old && next ? aspectsOf(old, next, digests) : [];
    if (old && next && aspects.length === 0) return [];
    const { type } = (next ?? old)?.inode ?? { type: "file" };
    const kind = old === undefined ? "added" : next === undefined ? "removed" : "changed";
    return [{ kind, path: textOf(path), type, aspects, packages: ownerNames(next ? to : from, path) }];
  });
}

function aspectsOf(
  { inode: old }: ImageFile,
  { inode: next }: ImageFile,
  digests: Digests,
): readonly AspectDifference[] {
  const pairs: readonly (readonly [AspectDifference["aspect"], string, string])[] = [
    ["type", old.type, next.type],
    ["mode", octal(old.mode), octal(next.mode)],
    ["owner", `${old.uid}:${old.gid}`, `${next.uid}:${next.gid}`],
    ["size", String(old.size), String(next.size)],
    ["contents", digests.get(old) ?? "", digests.get(next) ?? ""],
    ["target", textOf(old.linkTarget), textOf(next.linkTarget)],
    ["device", old.device, next.device],
    ["capability", describeCapability(old.capability), describeCapability(next.capability)],
    ["mtime", timeText(old.mtime), timeText(next.mtime)],
  ];
  return pairs.filter(([, a, b]) => a !== b).map(([aspect, a, b]) => ({ aspect, from: a, to: b }));
}

export function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function timeText(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? String(seconds) : time.toISOString().replace(".000Z", "Z");
}

/** By key; the layers and their history are compared as layers. */
export function compareConfigurations(from: ImageConfig, to: ImageConfig): readonly ConfigurationDifference[] {
  const [before, after] = [membersOf(from), membersOf(to)];
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  return keys.flatMap((key) => {
    const [old = null, next = null] = [before.get(key), after.get(key)];
    return old === next ? [] : [{ key, from: old, to: next }];
  });
}

function membersOf(config: ImageConfig): ReadonlyMap<string, string> {
  const { rootfs: _, history: __, config: inner, ...outer } = config;
  // Images of other tools need not have one.
  const members = Object.entries(inner ?? {}).map(([key, value]) => [`config.${key}`, value] as const);
  const all = [...Object.entries(outer), ...members].filter(([, value]) => value !== undefined && value !== null);
  return new Map(all.map(([key, value]) => [key, JSON.stringify(value)]));
}

export interface LayerSums {
  readonly count: number;
  /** Bytes of all blobs. */
  readonly blobSize: number;
  /** Bytes of all files. */
  readonly size: number;
}

export function layerSums({ source, tree }: ImageContents): LayerSums {
  const inodes = new Set(tree.files.map(({ inode }) => inode));
  const sum = (numbers: Iterable<{ readonly size: number }>): number => {
    let total = 0;
    for (const { size } of numbers) total += size;
    return total;
  };
  return { count: source.layers.length, blobSize: sum(source.layers), size: sum(inodes) };
}

/** Layers of `to` that `from` has, too. */
export function reusedLayers(from: ImageContents, to: ImageContents): readonly Descriptor[] {
  const known = new Set(from.source.layers.map(({ digest }) => digest));
  return to.source.layers.filter(({ digest }) => known.has(digest));
}
