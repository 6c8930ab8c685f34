/** What the manifest changes in a root whose packages are installed. */
import type { Emit } from "../events.js";
import type { Manifest } from "../model/manifest.js";
import { removeFiles } from "./remove-files.js";
import { Root } from "./root.js";

export interface InstalledDatabase {
  readonly root: string;
  /** The rpm database's path inside the root. */
  readonly databasePath: string;
}

/**
 * Removes files. The result depends on the root and the manifest only, but for modification times, which are now: layers
 * give them the image's creation time, and know by them that a file is not as its package brought it.
 */
export async function shapeRoot(
  { root: directory, databasePath }: InstalledDatabase,
  manifest: Pick<Manifest, "removeFiles">,
  emit: Emit,
): Promise<void> {
  const root = await Root.open(directory);
  await removeFiles(root, databasePath, manifest.removeFiles, emit);
}
