/** Makes the root depend on its packages and SOURCE_DATE_EPOCH only. */
import { chmod } from "node:fs/promises";
import type { InstalledPackage } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { cleanRoot, type IsOfBase } from "./clean.js";

/** What a root began as. */
export interface BaseOfRoot {
  readonly isOfBase: IsOfBase;
  /** What was installed there. */
  readonly packages: readonly InstalledPackage[];
  /** Whether packages came or went since. */
  readonly changed: boolean;
}

/**
 * Cleans the root and rewrites its rpm database in canonical form; idempotent. What a base image has stays, and so does its
 * database when nothing was installed or removed. `databasePath` is inside the root; null when there is none.
 */
export async function canonicalizeRoot(
  root: string,
  databasePath: string | null,
  sourceDateEpoch: number,
  base: BaseOfRoot | null = null,
): Promise<void> {
  await cleanRoot(root, databasePath, base?.isOfBase);
  if (databasePath !== null && base?.changed !== false) {
    const earlier = base?.packages ?? [];
    await nativeCall(binding().canonicalizeRpmdb({ root, dbPath: databasePath }, sourceDateEpoch, earlier));
  }
  if (base === null) await chmod(root, 0o755);
}
