/** What an image holds: its files, its packages, and which file is whose. */
import { mkdir, readFile, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import type { ImageSource, ImageTree, Inode } from "../model/image-tree.js";
import { DATABASE_FILES, SYSIMAGE_DATABASE, VAR_DATABASE } from "../model/rpm-database.js";
import type { DescribedPackage, InstalledFile } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
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

const DATABASE_PATHS = [SYSIMAGE_DATABASE, VAR_DATABASE] as const;
/** Of all kinds of databases. */
const DATABASE_NAMES: readonly string[] = DATABASE_FILES.flat();
const USERS = "/etc/passwd";
const GROUPS = "/etc/group";

const RPMFILE_GHOST = 1 << 6;

/** Whether the contents of a file are needed to tell what is in the image. */
export function isNeeded(path: string): boolean {
  if (path === USERS || path === GROUPS) return true;
  return DATABASE_PATHS.some((directory) => dirname(path) === directory) && DATABASE_NAMES.includes(basename(path));
}

/**
 * What the rpm database of an image says. `extracted` has the contents of what `isNeeded`; they are moved into `scratch`.
 * Throws an `RpmociError` of kind `verify` for a database that cannot be read.
 */
export async function describeContents(
  source: ImageSource,
  tree: ImageTree & { readonly extracted: ReadonlyMap<Inode, string> },
  scratch: string,
): Promise<ImageContents> {
  const textAt = async (path: string): Promise<string> => {
    const file = tree.extracted.get(tree.byPath.get(path)?.inode as Inode);
    return file === undefined ? "" : readFile(file, "utf8");
  };
  const accounts = { users: await textAt(USERS), groups: await textAt(GROUPS) };
  const packages = await readDatabase(source, tree, scratch);
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

async function readDatabase(
  source: ImageSource,
  tree: ImageTree & { readonly extracted: ReadonlyMap<Inode, string> },
  scratch: string,
): Promise<readonly DescribedPackage[]> {
  const root = join(scratch, "database");
  for (const dbPath of DATABASE_PATHS) {
    let found = false;
    for (const name of DATABASE_NAMES) {
      const file = tree.byPath.get(`${dbPath}/${name}`);
      const extracted = file && tree.extracted.get(file.inode);
      if (extracted === undefined) continue;
      found = true;
      await mkdir(join(root, dbPath), { recursive: true });
      await rename(extracted, join(root, dbPath, name));
    }
    if (!found) continue;
    try {
      return await nativeCall(binding().describeInstalled({ root, dbPath }));
    } catch (error) {
      if (!(error instanceof RpmociError)) throw error;
      throw new RpmociError(
        `the rpm database of the image ${source.name} cannot be read: ${messageOf(error).replaceAll(root, "")}`,
        { kind: "verify", code: "IMAGE_DATABASE_UNREADABLE", cause: error },
      );
    }
  }
  return [];
}

/** The owners of a path, as text, each once. */
export function ownerNames({ owners }: ImageContents, path: string): readonly string[] {
  return [...new Set((owners.get(path) ?? []).map((owned) => nevraOf(owned.package)))];
}

export function nevraOf({ name, evr, arch }: Pick<DescribedPackage, "name" | "evr" | "arch">): string {
  return arch === "" ? `${name}-${evr}` : `${name}-${evr}.${arch}`;
}
