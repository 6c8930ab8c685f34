/** The rpm database of an image, out of its layers. */
import { mkdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import type { ImageTree, Inode } from "../model/image-tree.js";
import { DATABASE_DIRECTORIES, DATABASE_FILES } from "../model/rpm-database.js";
import type { RootDatabase } from "../native/binding.js";

/** A tree with the contents of some of its files, in files of this machine. */
export type ExtractedTree = ImageTree & { readonly extracted: ReadonlyMap<Inode, string> };

const DIRECTORIES: readonly string[] = DATABASE_DIRECTORIES;
const NAMES: readonly string[] = DATABASE_FILES.flat();

export function isDatabaseFile(path: string): boolean {
  return DIRECTORIES.includes(dirname(path)) && NAMES.includes(basename(path));
}

/** Where the database of the tree is; undefined when there is none. */
export function databaseIn(tree: ExtractedTree): string | undefined {
  return DIRECTORIES.find((folder) => DATABASE_FILES.some(([name]) => extractedAt(tree, `${folder}/${name}`)));
}

/** Moves the files of the database into a root directory below `scratch`; null when there is none. */
export async function takeDatabase(tree: ExtractedTree, scratch: string): Promise<RootDatabase | null> {
  const dbPath = databaseIn(tree);
  if (dbPath === undefined) return null;
  const root = join(scratch, "database");
  await mkdir(join(root, dbPath), { recursive: true });
  for (const name of NAMES) {
    const file = extractedAt(tree, `${dbPath}/${name}`);
    if (file !== undefined) await rename(file, join(root, dbPath, name));
  }
  return { root, dbPath };
}

/** What is told of a database that the addon could not read; other errors stay as they are. */
export function databaseUnreadable(name: string, { root }: RootDatabase, error: unknown): unknown {
  if (!(error instanceof RpmociError) || error.code !== "RPMDB_UNREADABLE") return error;
  return new RpmociError(
    `the rpm database of the image ${name} cannot be read: ${messageOf(error).replaceAll(root, "")}`,
    { kind: "verify", code: "IMAGE_DATABASE_UNREADABLE", cause: error },
  );
}

/** The file with the contents of a path. */
export function extractedAt({ byPath, extracted }: ExtractedTree, path: string): string | undefined {
  const inode = byPath.get(path)?.inode;
  return inode && extracted.get(inode);
}
