/** Takes single files out of an image's layers, as somebody who runs the image would see them. */
import { createWriteStream } from "node:fs";
import { dirname, join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { makeDirectory } from "../directories.js";
import type { Descriptor } from "../model/descriptor.js";
import { OPAQUE, readLayer, WHITEOUT } from "./read-layer.js";

/** Bytes of a file that is taken. */
const LARGEST_FILE = 2 ** 31;

/** How a path is in the image, as far as layers were read. */
export type FileState = "file" | "other" | "unknown";

export interface Extraction {
  /** An empty directory; files come to lie below it by their paths in the image. */
  readonly target: string;
  /** Without a slash at the beginning. Links to them are not followed. */
  readonly paths: readonly string[];
  /** Says, after each layer, whether the files so far will do. */
  readonly isEnough: (stateOf: (path: string) => FileState) => boolean;
}

/**
 * Reads layers from the topmost down (OCI image specification, "Image Layer Filesystem Changeset"), each to its end, and
 * returns how the paths are. Throws an `RpmociError` of kind `verify` when a layer is not what its digest says, and of
 * kind `output` when one is missing or cannot be read.
 */
export async function extractFiles(
  directory: string,
  layers: readonly Descriptor[],
  { target, paths, isEnough }: Extraction,
): Promise<(path: string) => FileState> {
  const states = new Map<string, FileState>();
  const stateOf = (path: string): FileState => states.get(path) ?? "unknown";
  for (const layer of layers.toReversed()) {
    const below = new Set<string>();
    // Of what a layer has twice, the last counts.
    const isSettled = new Set(states.keys());
    await readLayer(directory, layer, async (path, header, content) => {
      const name = posix.basename(path);
      const isHidden = (wanted: string): boolean => {
        if (name === OPAQUE) return isBelow(wanted, posix.dirname(path));
        const other = name.startsWith(WHITEOUT) ? posix.join(posix.dirname(path), name.slice(WHITEOUT.length)) : path;
        return (other !== path && wanted === other) || (header.type !== "directory" && isBelow(wanted, other));
      };
      for (const wanted of paths) if (isHidden(wanted)) below.add(wanted);
      if (!paths.includes(path) || isSettled.has(path)) return;
      if (header.type !== "file" && header.type !== "contiguous-file") {
        if (header.type !== "directory") states.set(path, "other");
        return;
      }
      if (header.size > LARGEST_FILE) throw new Error(`/${path} has more than ${LARGEST_FILE / 2 ** 30} GiB`);
      const file = join(target, path);
      await makeDirectory(dirname(file));
      await pipeline(content, createWriteStream(file));
      states.set(path, "file");
    });
    for (const path of below) if (!states.has(path)) states.set(path, "other");
    if (isEnough(stateOf)) break;
  }
  return stateOf;
}

function isBelow(path: string, directory: string): boolean {
  return directory === "." || path.startsWith(`${directory}/`);
}
