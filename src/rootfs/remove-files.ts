/** `contents.remove_files`: what packages brought and the image shall not have. */
import { type Dirent, lstat, readdir, realpath } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path/posix";
import { promisify } from "node:util";
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { bytesOf, textOf } from "../model/byte-string.js";
import type { Root } from "./root.js";

/**
 * Removes whatever one of `patterns`, absolute globs, matches, directories with what they hold. Symlinks are matched and
 * removed, but never followed. Warns of a pattern that matches nothing. Throws an `RpmociError` of kind `manifest` for one
 * that matches the rpm database.
 */
export async function removeFiles(
  root: Root,
  databasePath: string,
  patterns: readonly string[],
  emit: Emit,
): Promise<void> {
  if (patterns.length === 0) return;
  const database = await root.resolve(bytesOf(databasePath), "follow");
  const found = new Set<string>();
  for (const pattern of patterns) {
    const paths = await matches(root, pattern);
    if (paths.length === 0) {
      emit({ type: "warning", message: `contents.remove_files: ${pattern} matches nothing in the image` });
    }
    for (const path of paths) {
      refuseDatabase(path, database, `contents.remove_files: ${pattern}`);
      found.add(path);
    }
  }
  for (const path of found) await rm(root.host(path), { recursive: true, force: true });
}

/** Throws an `RpmociError` of kind `manifest` when `path` is, holds, or is in the rpm database's directory. */
export function refuseDatabase(path: string, database: string, what: string): void {
  if (path !== database && !database.startsWith(`${path}/`) && !path.startsWith(`${database}/`)) return;
  throw new RpmociError(`${what}: the rpm database, ${textOf(database)}, cannot be removed or changed`, {
    kind: "manifest",
    code: "MANIFEST_RPM_DATABASE",
    hint: "scanners, and layers of later images, know the packages by it",
  });
}

async function matches(root: Root, pattern: string): Promise<readonly string[]> {
  const { glob } = await import("tinyglobby");
  // What is in a directory is not the directory itself, which the library matches, too.
  const relative = bytesOf(pattern)
    .replace(/\/+/g, "/")
    .replace(/^\/|\/$/g, "")
    .replace(/(^|\/)\*\*$/, "$1**/*");
  const paths = await glob([relative], {
    cwd: root.directory,
    onlyFiles: false,
    dot: true,
    expandDirectories: false,
    followSymbolicLinks: false,
    fs: fileSystemOf(root),
  });
  return paths.map((path) => join("/", path.replace(/\/+$/, ""))).filter((path) => path !== "/");
}

type Entries = (error: NodeJS.ErrnoException | null, entries: Dirent[]) => void;

/** Directories as the library shall see them: with names as byte strings, symlinks as files, and nothing behind one. */
function fileSystemOf(root: Root) {
  const list = async (directory: string): Promise<Dirent[]> => {
    const host = Buffer.from(directory.replace(/(?<=.)\/+$/, ""), "latin1");
    const real = await promisify(realpath)(host, "buffer").catch(() => null);
    if (real?.equals(host) !== true) return [];
    const inside = real.toString("latin1");
    if (inside !== root.directory && !inside.startsWith(`${root.directory}/`)) return [];
    const entries = await promisify(readdir)(host, { withFileTypes: true, encoding: "latin1" });
    return entries.map((entry) => {
      const isDirectory = entry.isDirectory();
      return Object.assign(entry, {
        isDirectory: () => isDirectory,
        isFile: () => !isDirectory,
        isSymbolicLink: () => false,
      });
    });
  };
  return {
    readdir: (directory: unknown, _options: unknown, done: Entries): void => {
      list(String(directory)).then(
        (entries) => done(null, entries),
        (error) => done(error, []),
      );
    },
    lstat,
  } as unknown as { readdir: typeof readdir };
}
