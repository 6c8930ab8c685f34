/** Paths inside a root directory, as the kernel follows them for a process in it (path_resolution(7)). */

import { textOf } from "./byte-string.js";

/** As many as the kernel follows. */
const MOST_SYMLINKS = 40;

/**
 * Where a path (a byte string) leads, absolute: absolute symlinks begin at the root, and ".." ends there. A symlink at
 * the path's end is not followed unless `last` says so. What is not there is taken for a directory. Yields paths without
 * symlinks in their directories, and takes the target of the symlink there, or null for anything else. Throws an `Error`
 * for a loop.
 */
export function* walkPath(path: string, last: "follow" | "keep"): Generator<string, string, string | null> {
  const pending = path.split("/").reverse();
  let inside = "";
  let links = 0;
  while (pending.length > 0) {
    const name = pending.pop() ?? "";
    if (name === "" || name === ".") continue;
    if (name === "..") {
      inside = inside.slice(0, Math.max(0, inside.lastIndexOf("/")));
      continue;
    }
    const next = `${inside}/${name}`;
    const isKept = last === "keep" && pending.every((rest) => rest === "" || rest === ".");
    const target = isKept ? null : yield next;
    if (target === null) {
      inside = next;
      continue;
    }
    links += 1;
    if (links > MOST_SYMLINKS) throw new Error(`${textOf(path)} leads through too many symlinks`);
    if (target.startsWith("/")) inside = "";
    pending.push(...target.split("/").reverse());
  }
  return inside === "" ? "/" : inside;
}
