/** Which packages are in an image, and of which distribution: from a root, or from the layers that were made of one. */
import { readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { RpmociError } from "../errors.js";
import { extractFiles } from "../layout/extract-files.js";
import { readImageTree } from "../layout/image-tree.js";
import type { Descriptor } from "../model/descriptor.js";
import type { FileDigests, FileTree } from "../model/file-tree.js";
import { DATABASE_FILES, SYSIMAGE_DATABASE, VAR_DATABASE } from "../model/rpm-database.js";
import type { InventoryPackage, RootDatabase } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { rootTree } from "../rootfs/root-tree.js";
import { digestFiles } from "../sbom/installed-files.js";
import { withWorkDirectory } from "./work-directory.js";

export interface ImageContents {
  /** The text of os-release; null when there is none. */
  readonly osRelease: string | null;
  readonly packages: readonly InventoryPackage[];
  /** By paths; empty unless files were asked for. */
  readonly files: ReadonlyMap<string, FileDigests>;
}

/** In the order in which they count. */
const OS_RELEASE_FILES = ["etc/os-release", "usr/lib/os-release"] as const;

/** Distributions have theirs in one of these; the last is that of rpm-ostree. */
const DATABASES = [SYSIMAGE_DATABASE, VAR_DATABASE, "/usr/share/rpm"].map((path) => path.slice(1));

/** Bytes; os-release has some hundred. */
const LARGEST_OS_RELEASE = 1 << 20;

/** Rejects with the codes of `readRpmdb`. */
export async function contentsOfRoot(database: RootDatabase, withFiles: boolean): Promise<ImageContents> {
  return readContents(database, withFiles ? async () => rootTree(database.root) : null);
}

/** `tree` is the image's; null when files are not asked for. */
async function readContents(database: RootDatabase, tree: (() => Promise<FileTree>) | null): Promise<ImageContents> {
  const packages = await nativeCall(binding().readInventory(database, tree !== null));
  const paths = packages.flatMap(({ files }) => files);
  const files = tree === null ? new Map() : await digestFiles(await tree(), paths);
  return { osRelease: await osReleaseOf(database.root), packages, files };
}

/**
 * Reads the image's rpm database, wherever it was made. Throws an `RpmociError` when there is none, and as `extractFiles`
 * and `contentsOfRoot`.
 */
export async function contentsOfImage(
  directory: string,
  layers: readonly Descriptor[],
  withFiles: boolean,
): Promise<ImageContents> {
  return withWorkDirectory(async (target) => {
    const databases = DATABASES.flatMap((folder) => DATABASE_FILES.flat().map((name) => `${folder}/${name}`));
    const stateOf = await extractFiles(directory, layers, {
      target,
      paths: [...OS_RELEASE_FILES, ...databases],
      isEnough: (state) => {
        const [preferred, other] = OS_RELEASE_FILES.map(state);
        const knowsSystem = preferred === "file" || (preferred === "other" && other !== "unknown");
        return knowsSystem && databaseAmong((path) => state(path) === "file") !== undefined;
      },
    });
    const found = databaseAmong((path) => stateOf(path) === "file");
    if (found === undefined) {
      throw new RpmociError(`The image in ${directory} has no rpm database`, {
        kind: "output",
        code: "RPMDB_MISSING",
        hint: `it is looked for in ${DATABASES.map((folder) => `/${folder}`).join(", ")}`,
      });
    }
    const tree = withFiles ? () => readImageTree(directory, layers) : null;
    return readContents({ root: target, dbPath: `/${found}` }, tree).catch((error: unknown) => {
      if (!(error instanceof RpmociError) || error.code !== "RPMDB_UNREADABLE") throw error;
      throw new RpmociError(`The rpm database /${found} of the image in ${directory} cannot be read`, {
        kind: "output",
        code: error.code,
        details: [error.message],
        cause: error,
      });
    });
  });
}

function databaseAmong(isFile: (path: string) => boolean): string | undefined {
  return DATABASES.find((folder) => DATABASE_FILES.some(([name]) => isFile(`${folder}/${name}`)));
}

/** A link may lead out of the root; where it does, it counts as no file. */
async function osReleaseOf(root: string): Promise<string | null> {
  const inside = `${await realpath(root)}${sep}`;
  for (const name of OS_RELEASE_FILES) {
    const path = await realpath(join(root, name)).catch(() => "");
    const status = path.startsWith(inside) ? await stat(path) : null;
    if (status?.isFile() && status.size <= LARGEST_OS_RELEASE) return readFile(path, "utf8");
  }
  return null;
}
