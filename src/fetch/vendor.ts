/** Vendor folders: the locked RPMs as files, so that a build needs no network. */
import { constants } from "node:fs";
import { copyFile, readdir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeDirectory } from "../directories.js";
import { messageOf, RpmociError } from "../errors.js";
import type { Checksum, ChecksumAlgorithm } from "../model/checksum.js";
import { formatChecksum } from "../model/checksum.js";
import type { LockedPackage } from "../model/lockfile.js";
import { formatNevra } from "../model/nevra.js";
import type { FetchedPackage } from "../model/package.js";
import { processMark } from "../processes.js";
import { checksumOf } from "./store.js";

/**
 * Copies packages to `<checksum>.rpm` in `directory`, which is created. A file gets its name only when it is whole; what
 * else is in the folder stays. Throws an `RpmociError` of kind `output`.
 */
export async function writeVendorFolder(packages: readonly FetchedPackage[], directory: string): Promise<void> {
  try {
    await makeDirectory(directory);
    for (const { path, locked } of packages) {
      if (locked === null) continue;
      const target = join(directory, `${locked.checksum.value}.rpm`);
      const partial = `${target}.${processMark()}.part`;
      try {
        await copyFile(path, partial, constants.COPYFILE_FICLONE);
        await rename(partial, target);
      } catch (error) {
        await rm(partial, { force: true }).catch(() => {});
        throw error;
      }
    }
  } catch (error) {
    throw new RpmociError(`Failed to write the vendor folder ${directory}: ${messageOf(error)}`, {
      kind: "output",
      code: "VENDOR_UNWRITABLE",
      cause: error,
    });
  }
}

/**
 * The locked packages out of `directory`, in their order, found by checksum whatever the files are called. Throws an
 * `RpmociError` of kind `verify` for an RPM that is none of `known`, which the whole lockfile has, and of kind `fetch` for
 * one that is missing.
 */
export async function readVendorFolder(
  packages: readonly LockedPackage[],
  directory: string,
  known = packages,
): Promise<readonly FetchedPackage[]> {
  const wanted = new Map(known.map(({ checksum }) => [formatChecksum(checksum), checksum]));
  const algorithms = [...new Set(known.map(({ checksum }) => checksum.algorithm))];
  const found = new Map<string, string>();
  for (const name of await rpmFiles(directory)) {
    const path = resolve(directory, name);
    const match = await matchOf(path, algorithms, wanted);
    if (match === null) {
      throw new RpmociError(`${path} is not a package of the lockfile, or its checksum is wrong`, {
        kind: "verify",
        code: "VENDOR_FOREIGN_FILE",
        hint: "remove the file, or write the folder anew with rpmoci vendor",
      });
    }
    found.set(formatChecksum(match), path);
  }
  const missing = packages.filter(({ checksum }) => !found.has(formatChecksum(checksum)));
  if (missing.length > 0) {
    throw new RpmociError(`The vendor folder ${directory} lacks ${missing.map(formatNevra).join(", ")}`, {
      kind: "fetch",
      code: "VENDOR_INCOMPLETE",
      hint: `run rpmoci vendor --out-dir ${directory}`,
    });
  }
  return packages.map((locked) => ({ locked, path: found.get(formatChecksum(locked.checksum)) ?? "" }));
}

async function rpmFiles(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith(".rpm")).sort();
  } catch (error) {
    throw new RpmociError(`Failed to read the vendor folder ${directory}: ${messageOf(error)}`, {
      kind: "fetch",
      code: "VENDOR_UNREADABLE",
      cause: error,
    });
  }
}

/** Null for what is no file: nobody may ever write to a FIFO. */
async function matchOf(
  path: string,
  algorithms: readonly ChecksumAlgorithm[],
  wanted: ReadonlyMap<string, Checksum>,
): Promise<Checksum | null> {
  if ((await stat(path).catch(() => null))?.isFile() !== true) return null;
  for (const algorithm of algorithms) {
    const match = wanted.get(formatChecksum({ algorithm, value: await checksumOf(path, algorithm) }));
    if (match !== undefined) return match;
  }
  return null;
}
