/** What the manifest changes in a root whose packages are installed. */
import type { Emit } from "../events.js";
import type { Manifest } from "../model/manifest.js";
import type { SourceContents } from "../model/root-shape.js";
import { addAccounts } from "./accounts.js";
import { addCertificates } from "./certificates.js";
import { applyPaths } from "./paths.js";
import { removeFiles } from "./remove-files.js";
import { Root } from "./root.js";

export interface InstalledDatabase {
  readonly root: string;
  /** The rpm database's path inside the root. */
  readonly databasePath: string;
}

/**
 * Removes files, adds accounts and certificates, and applies `[[paths]]`, in this order. The result depends on the root, the
 * manifest, `sources` and `created`, seconds since the epoch, but for modification times, which are now: layers give them
 * the image's creation time, and know by them that a file is not as its package brought it. Throws an `RpmociError`, of kind
 * `manifest` for what contradicts the root, else of kind `install`.
 */
export async function shapeRoot(
  { root: directory, databasePath }: InstalledDatabase,
  manifest: Pick<Manifest, "removeFiles" | "accounts" | "paths">,
  sources: SourceContents,
  created: number,
  emit: Emit,
): Promise<void> {
  const root = await Root.open(directory);
  await removeFiles(root, databasePath, manifest.removeFiles, emit);
  await addAccounts(root, manifest.accounts, created);
  await addCertificates(root, sources.certificates);
  await applyPaths(root, databasePath, manifest.paths, sources, emit);
}
