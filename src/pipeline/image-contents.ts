/** Which packages are in an image, and of which distribution: from a root, or from the layers that were made of one. */
import { readFile, stat } from "node:fs/promises";
import { RpmociError } from "../errors.js";
import {
  databaseIn,
  databaseUnreadable,
  type ExtractedTree,
  isDatabaseFile,
  takeDatabase,
} from "../inspect/database.js";
import { PathResolver } from "../inspect/path-resolver.js";
import { openLayers } from "../layout/open-image.js";
import { type FileReader, readFiles, readTopmost, readTree } from "../layout/read-tree.js";
import { bytesOf } from "../model/byte-string.js";
import type { Descriptor } from "../model/descriptor.js";
import { FileDigester, type FileDigests } from "../model/file-digests.js";
import type { Inode, LayerSource } from "../model/image-tree.js";
import { DATABASE_DIRECTORIES } from "../model/rpm-database.js";
import type { InventoryPackage, RootDatabase } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { digestFiles } from "../rootfs/digest-files.js";
import { Root } from "../rootfs/root.js";
import { withWorkDirectory } from "./work-directory.js";

export interface ImageContents {
  /** The text of os-release; null when there is none. */
  readonly osRelease: string | null;
  readonly packages: readonly InventoryPackage[];
  /** By paths; empty unless files were asked for. */
  readonly files: ReadonlyMap<string, FileDigests>;
}

/** In the order in which they count. */
const OS_RELEASE_FILES = ["/etc/os-release", "/usr/lib/os-release"] as const;

/** Bytes; os-release has some hundred. */
const LARGEST_OS_RELEASE = 1 << 20;

/** Rejects with the codes of `readRpmdb`. */
export async function contentsOfRoot(database: RootDatabase, withFiles: boolean): Promise<ImageContents> {
  const packages = await nativeCall(binding().readInventory(database, withFiles));
  const root = await Root.open(database.root);
  const paths = pathsOf(packages);
  const digests = await digestFiles(root, paths.keys());
  return { osRelease: await osReleaseOf(root), packages, files: named(digests, paths) };
}

/** As `contentsOfSource`, of layers in the directory of a layout. */
export async function contentsOfImage(
  directory: string,
  layers: readonly Descriptor[],
  withFiles: boolean,
): Promise<ImageContents> {
  return contentsOfSource(await openLayers(directory, layers), withFiles);
}

/**
 * Reads the image's rpm database, wherever it was made; without files, only as many of the topmost layers as it takes.
 * Throws an `RpmociError` of kind `output` when there is none, of kind `verify` for a damaged image, and the signal's
 * reason.
 */
export async function contentsOfSource(
  source: LayerSource,
  withFiles: boolean,
  signal?: AbortSignal,
): Promise<ImageContents> {
  return withWorkDirectory(async (directory) => {
    const isWanted = (path: string): boolean => isDatabaseFile(path) || OS_RELEASE_FILES.some((name) => name === path);
    const isEnough = (read: ExtractedTree): boolean =>
      // What is not there may be in a layer below.
      databaseIn(read) !== undefined && osReleaseIn(read, OS_RELEASE_FILES.slice(0, 1)) !== undefined;
    const options = { directory, isWanted, signal };
    const tree = await (withFiles ? readTree(source, options) : readTopmost(source, { ...options, isEnough }));
    const database = await takeDatabase(tree, directory);
    if (database === null) {
      throw new RpmociError(`the image ${source.name} has no rpm database`, {
        kind: "output",
        code: "RPMDB_MISSING",
        hint: `it is looked for in ${DATABASE_DIRECTORIES.join(", ")}`,
      });
    }
    const packages = await nativeCall(binding().readInventory(database, withFiles)).catch((error: unknown) => {
      throw databaseUnreadable(source.name, database, error);
    });
    const osRelease = osReleaseIn(tree, OS_RELEASE_FILES);
    const paths = pathsOf(packages);
    const digests = await digestsIn(source, tree, paths.keys(), signal);
    return {
      osRelease: osRelease === undefined ? null : await textOf(source, tree, osRelease, signal),
      packages,
      files: named(digests, paths),
    };
  });
}

/** The files of packages by their paths as byte strings. A path that is no UTF-8 has no name in a document, and is left out. */
function pathsOf(packages: readonly InventoryPackage[]): ReadonlyMap<string, string> {
  const paths = packages.flatMap(({ files }) => files).filter((path) => !path.includes("\u{fffd}"));
  return new Map(paths.map((path) => [bytesOf(path), path]));
}

function named(
  digests: ReadonlyMap<string, FileDigests>,
  paths: ReadonlyMap<string, string>,
): ReadonlyMap<string, FileDigests> {
  return new Map([...digests].map(([bytes, found]) => [paths.get(bytes) ?? bytes, found]));
}

/** As `digestFiles`, of an image's tree. */
async function digestsIn(
  source: LayerSource,
  tree: ExtractedTree,
  paths: Iterable<string>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, FileDigests>> {
  const resolver = new PathResolver(tree);
  const inodes = new Map<string, Inode>();
  for (const path of paths) {
    const inode = tree.byPath.get(resolver.resolve(path))?.inode;
    if (inode?.type === "file") inodes.set(path, inode);
  }
  const digests = new Map<Inode, FileDigests>();
  const readerOf = (inode: Inode): FileReader => {
    const digester = new FileDigester();
    return { write: (bytes) => digester.update(bytes), end: () => digests.set(inode, digester.digests()) };
  };
  await readFiles(source, inodes.values(), readerOf, signal);
  return new Map(
    [...inodes].flatMap(([path, inode]) => {
      const found = digests.get(inode);
      return found === undefined ? [] : [[path, found] as const];
    }),
  );
}

async function osReleaseOf(root: Root): Promise<string | null> {
  for (const name of OS_RELEASE_FILES) {
    const path = await root.resolve(name, "follow").catch(() => null);
    const status = path === null ? null : await stat(root.host(path)).catch(() => null);
    if (path !== null && status?.isFile() && status.size <= LARGEST_OS_RELEASE)
      return readFile(root.host(path), "utf8");
  }
  return null;
}

function osReleaseIn(tree: ExtractedTree, names: readonly string[]): Inode | undefined {
  const resolver = new PathResolver(tree);
  const inodes = names.map((name) => resolver.find(name)?.inode);
  return inodes.find((inode) => inode?.type === "file" && inode.size <= LARGEST_OS_RELEASE);
}

async function textOf(
  source: LayerSource,
  { extracted }: ExtractedTree,
  inode: Inode,
  signal: AbortSignal | undefined,
): Promise<string> {
  const file = extracted.get(inode);
  if (file !== undefined) return readFile(file, "utf8");
  let text = "";
  const readerOf = (): FileReader => {
    const chunks: Buffer[] = [];
    return {
      write: (bytes) => chunks.push(Buffer.from(bytes)),
      end: () => {
        text = Buffer.concat(chunks).toString();
      },
    };
  };
  await readFiles(source, [inode], readerOf, signal);
  return text;
}
