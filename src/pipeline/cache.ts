/** `rpmoci cache`: what is kept of earlier runs, whether it is whole, and what of it can go. */
import { open, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import pMap from "p-map";
import { messageOf, RpmociError } from "../errors.js";
import { useCache, withCacheAlone } from "../fetch/cache-use.js";
import { checksumOf, defaultCacheDirectory } from "../fetch/store.js";
import { LayerCache } from "../layer/cache.js";
import { cacheFolders } from "../model/cache-folders.js";
import { type Checksum, checksumAlgorithm, isChecksumValue } from "../model/checksum.js";
import { formatNevra } from "../model/nevra.js";
import { binding } from "../native/load.js";

export interface CacheOptions {
  /** `$XDG_CACHE_HOME/rpmoci` by default. */
  readonly cacheDirectory?: string | undefined;
  /** Where `XDG_CACHE_HOME` is read from; `process.env` by default. */
  readonly environment?: NodeJS.ProcessEnv;
}

export interface CacheEntry {
  readonly kind: "package" | "metadata" | "layer" | "image" | "push" | "base";
  /** The NEVRA of a package, as its file says; null for all else, and for a package that cannot be read. */
  readonly nevra: string | null;
  /** What the bytes must be; null where the name does not tell. */
  readonly checksum: Checksum | null;
  /** Bytes that removing it would free; 0 for a layer that a layout has, too. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly lastUsed: number;
  /** Paths; all go together. */
  readonly files: readonly string[];
}

export interface CachePruneOptions extends CacheOptions {
  /** Bytes: what was not used for longest goes until the rest takes no more. */
  readonly maxSize?: number | undefined;
  /** Milliseconds: what was not used for longer goes. */
  readonly maxAge?: number | undefined;
  /** Removes nothing. */
  readonly dryRun?: boolean;
}

const PARALLEL_READS = 8;

/** What the cache holds, the entries that were not used for longest first. Throws an `RpmociError` when it cannot be read. */
export async function cacheEntries(options: CacheOptions = {}): Promise<readonly CacheEntry[]> {
  return entriesIn(cacheDirectoryOf(options));
}

/**
 * Reads all downloads and layers, and removes those whose bytes are not what they must be; the next run fetches or makes
 * them again. Returns what was removed. Others may use the cache meanwhile.
 */
export async function verifyCache(options: CacheOptions = {}): Promise<readonly CacheEntry[]> {
  const directory = cacheDirectoryOf(options);
  const use = await useCache(directory);
  try {
    const entries = await entriesIn(directory);
    const damaged = await pMap(entries, async (entry) => ((await isWhole(entry)) ? [] : [entry]), { concurrency: 2 });
    await remove(damaged.flat());
    return damaged.flat();
  } finally {
    await use?.close();
  }
}

/**
 * Removes what `maxAge` and `maxSize` say, and what killed processes left, and returns the entries that went, or would.
 * Throws an `RpmociError` of kind `environment`, having removed nothing, while another process uses the cache.
 */
export async function pruneCache(options: CachePruneOptions): Promise<readonly CacheEntry[]> {
  const directory = cacheDirectoryOf(options);
  if (options.dryRun === true) return superfluous(await entriesIn(directory), options);
  const removed = await withCacheAlone(directory, async () => {
    const entries = superfluous(await entriesIn(directory), options);
    await remove(entries);
    await removePartialFiles(directory);
    return entries;
  });
  if (removed !== null) return removed;
  throw new RpmociError(`the cache ${directory} is in use`, {
    kind: "environment",
    code: "CACHE_IN_USE",
    hint: "prune it when no rpmoci runs",
  });
}

export function cacheDirectoryOf({ cacheDirectory, environment = process.env }: CacheOptions): string {
  return resolve(cacheDirectory ?? defaultCacheDirectory(environment));
}

function superfluous(
  entries: readonly CacheEntry[],
  { maxSize = Number.POSITIVE_INFINITY, maxAge = Number.POSITIVE_INFINITY }: CachePruneOptions,
): readonly CacheEntry[] {
  const now = Date.now();
  let left = entries.reduce((sum, { size }) => sum + size, 0);
  return entries.filter(({ size, lastUsed }) => {
    if (now - lastUsed <= maxAge && left <= maxSize) return false;
    left -= size;
    return true;
  });
}

async function entriesIn(directory: string): Promise<readonly CacheEntry[]> {
  const folders = cacheFolders(directory);
  const entries = await Promise.all([
    storedFiles(folders.files),
    storedFiles(folders.bases, "base"),
    layers(folders.layers),
    ...[folders.metadata, folders.solv].map((folder) => plainFiles(folder, "metadata")),
    plainFiles(folders.images, "image"),
    plainFiles(folders.pushes, "push"),
  ]);
  return entries.flat().sort((a, b) => a.lastUsed - b.lastUsed || compareFiles(a, b));
}

function compareFiles(a: CacheEntry, b: CacheEntry): number {
  return (a.files[0] ?? "") < (b.files[0] ?? "") ? -1 : 1;
}

/** Without a kind, a file tells whether it is a package. */
async function storedFiles(folder: string, kind?: "base"): Promise<readonly CacheEntry[]> {
  const paths = await wholeFilesBelow(folder);
  const entries = await pMap(
    paths,
    async (path): Promise<readonly CacheEntry[]> => {
      const file = await fileAt(path);
      if (file === null) return [];
      const isPackage = kind === undefined && (await isRpm(path));
      const nevra = isPackage ? await nevraOf(path) : null;
      return [
        {
          kind: kind ?? (isPackage ? "package" : "metadata"),
          nevra,
          checksum: checksumIn(path),
          ...file,
          files: [path],
        },
      ];
    },
    { concurrency: PARALLEL_READS },
  );
  return entries.flat();
}

/** The store's `ALGORITHM/XX/VALUE`. */
function checksumIn(path: string): Checksum | null {
  const algorithm = checksumAlgorithm(basename(dirname(dirname(path))));
  const value = basename(path);
  return algorithm !== null && isChecksumValue(algorithm, value) ? { algorithm, value } : null;
}

async function plainFiles(folder: string, kind: "metadata" | "image" | "push"): Promise<readonly CacheEntry[]> {
  const paths = await wholeFilesBelow(folder);
  const files = await Promise.all(paths.map(async (path) => ({ path, file: await fileAt(path) })));
  return files.flatMap(({ path, file }): readonly CacheEntry[] =>
    file === null ? [] : [{ kind, nevra: null, checksum: null, ...file, files: [path] }],
  );
}

async function layers(folder: string): Promise<readonly CacheEntry[]> {
  const kept = await new LayerCache(folder).list();
  const entries = await Promise.all(
    kept.map(async ({ record, blob, digest }): Promise<readonly CacheEntry[]> => {
      const [file, layer] = await Promise.all([fileAt(record), fileAt(blob)]);
      if (file === null) return [];
      const files = layer === null ? [record] : [record, blob];
      const checksum = digest && ({ algorithm: "sha256", value: digest.slice("sha256:".length) } as const);
      const size = file.size + (layer?.size ?? 0);
      return [{ kind: "layer", nevra: null, checksum, size, lastUsed: file.lastUsed, files }];
    }),
  );
  return entries.flat();
}

/** Without those that are still being written. */
async function wholeFilesBelow(folder: string): Promise<readonly string[]> {
  return (await pathsBelow(folder)).filter((path) => !isPartial(path));
}

async function pathsBelow(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Nothing was kept yet, or somebody removes it at this moment.
    if (code === "ENOENT") return [];
    throw new RpmociError(`Failed to read the cache ${folder}: ${messageOf(error)}`, {
      kind: "environment",
      code: "CACHE_UNREADABLE",
      cause: error,
    });
  }
}

/** Null for one that is gone by now. */
async function fileAt(path: string): Promise<{ readonly size: number; readonly lastUsed: number } | null> {
  const status = await stat(path).catch(() => null);
  return status && { size: status.nlink > 1 ? 0 : status.size, lastUsed: status.mtimeMs };
}

function isPartial(path: string): boolean {
  return path.endsWith(".part");
}

async function removePartialFiles(directory: string): Promise<void> {
  const folders = Object.values(cacheFolders(directory)) as readonly string[];
  const paths = (await Promise.all(folders.map(pathsBelow))).flat().filter(isPartial);
  await Promise.all(paths.map((path) => rm(path, { force: true })));
}

const RPM_MAGIC = Buffer.from([0xed, 0xab, 0xee, 0xdb]);

async function isRpm(path: string): Promise<boolean> {
  const file = await open(path).catch(() => null);
  if (file === null) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(RPM_MAGIC.length), 0, RPM_MAGIC.length, 0);
    return bytesRead === RPM_MAGIC.length && buffer.equals(RPM_MAGIC);
  } finally {
    await file.close();
  }
}

async function nevraOf(path: string): Promise<string | null> {
  const [header] = await binding()
    .readPackages([path], [])
    .catch(() => []);
  return header === undefined ? null : formatNevra(header);
}

/** What has no checksum is verified by whoever uses it. */
async function isWhole({ kind, checksum, files }: CacheEntry): Promise<boolean> {
  const path = kind === "layer" ? files[1] : files[0];
  if (checksum === null || path === undefined) return true;
  // One that is gone by now is not damaged.
  return (await checksumOf(path, checksum.algorithm).catch(() => checksum.value)) === checksum.value;
}

async function remove(entries: readonly CacheEntry[]): Promise<void> {
  const paths = entries.flatMap(({ files }) => files);
  try {
    await Promise.all(paths.map((path) => rm(path, { force: true })));
  } catch (error) {
    throw new RpmociError(`Failed to remove from the cache: ${messageOf(error)}`, {
      kind: "environment",
      code: "CACHE_UNWRITABLE",
      cause: error,
    });
  }
}
