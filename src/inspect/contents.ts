/** What an image holds: its files, its packages, and which file is whose. */
import { readFile } from "node:fs/promises";
import type { ImageSource, ImageTree } from "../model/image-tree.js";
import type { DescribedPackage, InstalledFile, RootDatabase } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { databaseUnreadable, type ExtractedTree, extractedAt, isDatabaseFile, takeDatabase } from "./database.js";
import { PathResolver } from "./path-resolver.js";

/** A file as its package has it. */
export interface OwnedFile {
  readonly package: DescribedPackage;
  readonly file: InstalledFile;
  /** Where it is in the image, when directories on its way are links. */
  readonly path: string;
}

export interface ImageContents {
  readonly source: ImageSource;
  readonly tree: ImageTree;
  /** Sorted by name, EVR, architecture; none for an image without an rpm database. */
  readonly packages: readonly DescribedPackage[];
  /** By where it is: what packages have there, other than as %ghost. */
  readonly owners: ReadonlyMap<string, readonly OwnedFile[]>;
  /** Texts of `/etc/passwd` and `/etc/group`; empty when there are none. */
  readonly accounts: { readonly users: string; readonly groups: string };
}

const USERS = "/etc/passwd";
const GROUPS = "/etc/group";

const RPMFILE_GHOST = 1 << 6;

/** Whether the contents of a file are needed to tell what is in the image. */
export function isNeeded(path: string): boolean {
  return path === USERS || path === GROUPS || isDatabaseFile(path);
}

/**
 * What the rpm database of an image says. `extracted` has the contents of what `isNeeded`; they are moved into `scratch`.
 * Throws an `RpmociError` of kind `verify` for a database that cannot be read.
 */
export async function describeContents(
  source: ImageSource,
  tree: ExtractedTree,
  scratch: string,
): Promise<ImageContents> {
  const textAt = async (path: string): Promise<string> => {
    const file = extractedAt(tree, path);
    return file === undefined ? "" : readFile(file, "utf8");
  };
  const accounts = { users: await textAt(USERS), groups: await textAt(GROUPS) };
  const database = await takeDatabase(tree, scratch);
  const packages = database === null ? [] : await describedIn(database, source);
  const owners = new Map<string, OwnedFile[]>();
  const resolver = new PathResolver(tree);
  for (const owner of packages) {
    for (const file of owner.files) {
      if ((file.flags & RPMFILE_GHOST) !== 0) continue;
      const path = resolver.resolve(file.path);
      const known = owners.get(path);
      if (known === undefined) owners.set(path, [{ package: owner, file, path }]);
      else known.push({ package: owner, file, path });
    }
  }
  return { source, tree, packages, owners, accounts };
}

async function describedIn(database: RootDatabase, { name }: ImageSource): Promise<readonly DescribedPackage[]> {
  try {
    return await nativeCall(binding().describeInstalled(database));
  } catch (error) {
    throw databaseUnreadable(name, database, error);
  }
}

/** The owners of a path, as text, each once. */
export function ownerNames({ owners }: ImageContents, path: string): readonly string[] {
  return [...new Set((owners.get(path) ?? []).map((owned) => nevraOf(owned.package)))];
}

export function nevraOf({ name, evr, arch }: Pick<DescribedPackage, "name" | "evr" | "arch">): string {
  return arch === "" ? `${name}-${evr}` : `${name}-${evr}.${arch}`;
}
