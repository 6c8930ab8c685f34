/** What a resolution needs to know of a base image, without unpacking it. */
import { mkdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path/posix";
import { readTree } from "../layout/read-tree.js";
import type { BaseImage, ImageTree } from "../model/image-tree.js";
import { OS_RELEASE } from "../model/manifest.js";
import { DATABASE_FILES, SYSIMAGE_DATABASE, VAR_DATABASE } from "../model/rpm-database.js";
import type { RootDatabase } from "../native/binding.js";
import { withWorkDirectory } from "./work-directory.js";

export interface BaseFacts {
  readonly image: BaseImage;
  /** What is installed; null when there is no rpm database. */
  readonly database: RootDatabase | null;
  readonly hasOsRelease: boolean;
}

/** In the order in which they count; the last is that of rpm-ostree. */
const DATABASES = [SYSIMAGE_DATABASE, VAR_DATABASE, "/usr/share/rpm"] as const;

const OS_RELEASE_FILES = [OS_RELEASE, "/usr/lib/os-release"] as const;

/** Where an image has its rpm database; null when it has none. */
export function databaseIn({ byPath }: ImageTree): string | null {
  const has = (directory: string): boolean =>
    DATABASE_FILES.some(([name]) => byPath.get(`${directory}/${name}`)?.inode.type === "file");
  return DATABASES.find(has) ?? null;
}

function isDatabaseFile(path: string): boolean {
  const names: readonly string[] = DATABASE_FILES.flat();
  return (DATABASES as readonly string[]).includes(dirname(path)) && names.includes(basename(path));
}

/** Hands `use` the facts, whose database is there as long as that takes. Throws as `readTree`, and what `use` throws. */
export async function withBaseFacts<T>(
  image: BaseImage,
  signal: AbortSignal | undefined,
  use: (facts: BaseFacts) => Promise<T>,
): Promise<T> {
  return withWorkDirectory(async (scratch) => {
    const directory = join(scratch, "files");
    await mkdir(directory);
    const tree = await readTree(image, { directory, isWanted: isDatabaseFile, signal });
    const dbPath = databaseIn(tree);
    const root = join(scratch, "root");
    if (dbPath !== null) {
      await mkdir(join(root, dbPath), { recursive: true });
      for (const name of DATABASE_FILES.flat()) {
        const file = tree.byPath.get(`${dbPath}/${name}`);
        const extracted = file && tree.extracted.get(file.inode);
        if (extracted !== undefined) await rename(extracted, join(root, dbPath, name));
      }
    }
    const hasOsRelease = OS_RELEASE_FILES.some((path) => tree.byPath.has(path));
    return use({ image, database: dbPath === null ? null : { root, dbPath }, hasOsRelease });
  });
}
