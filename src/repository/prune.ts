/** Removes metadata from the cache that nobody uses any more, so that it does not grow without end. */
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Checksum } from "../model/checksum.js";
import { parseRepomd } from "./repomd.js";

const DAY = 24 * 60 * 60 * 1000;
/** Milliseconds: a repository's metadata from last week is of no use to anybody who did not use it since. */
const LONGEST_UNUSED = 7 * DAY;

const REPOMD = "-repomd.xml";

export interface PruneRequest {
  /** The cache's folders of parsed metadata, and of repomd.xml files and what is derived from them. */
  readonly solv: string;
  readonly metadata: string;
  /** Where the cache has the file with this checksum, if it has it. */
  readonly pathOf: (checksum: Checksum) => string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Removes what has not been used for a week: parsed metadata, repomd.xml files, and the files that only those name.
 * A file's modification time is that of its last use. Packages stay. What another process begins to use meanwhile it
 * has open already, or gets again. Files that cannot be removed stay. Returns how many were.
 */
export async function pruneMetadata({ solv, metadata, pathOf, now }: PruneRequest): Promise<number> {
  const metadataFiles = await filesIn(metadata);
  const repomds = metadataFiles.filter(({ path }) => path.endsWith(REPOMD));
  const isOld = ({ used }: UsedFile): boolean => now - used > LONGEST_UNUSED;
  const named = async (files: readonly UsedFile[]): Promise<ReadonlySet<string>> =>
    new Set((await Promise.all(files.map(({ path }) => filesNamedBy(path, pathOf)))).flat());
  const needed = await named(repomds.filter((file) => !isOld(file)));
  const unneeded = [...(await named(repomds.filter(isOld)))].filter((path) => !needed.has(path));
  const old = [...metadataFiles, ...(await filesIn(solv))].filter(isOld).map(({ path }) => path);
  // Its repomd.xml goes last: it alone tells of the others.
  const removed = await Promise.all(unneeded.map(remove));
  return [...removed, ...(await Promise.all(old.map(remove)))].filter(Boolean).length;
}

interface UsedFile {
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly used: number;
}

async function filesIn(directory: string): Promise<readonly UsedFile[]> {
  const names = await readdir(directory).catch(() => []);
  const files = await Promise.all(
    names.map(async (name): Promise<readonly UsedFile[]> => {
      const path = join(directory, name);
      const status = await stat(path).catch(() => null);
      return status?.isFile() === true ? [{ path, used: status.mtimeMs }] : [];
    }),
  );
  return files.flat();
}

async function filesNamedBy(path: string, pathOf: PruneRequest["pathOf"]): Promise<readonly string[]> {
  try {
    return [...parseRepomd(await readFile(path, "utf8")).values()].map(({ checksum }) => pathOf(checksum));
  } catch {
    return [];
  }
}

async function remove(path: string): Promise<boolean> {
  return rm(path).then(
    () => true,
    () => false,
  );
}
