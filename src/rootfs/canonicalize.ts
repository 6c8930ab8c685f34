/** Makes the root depend on its packages and SOURCE_DATE_EPOCH only. */
import { chmod } from "node:fs/promises";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { cleanRoot } from "./clean.js";

/** Cleans the root and rewrites its rpm database in canonical form; idempotent. */
export async function canonicalizeRoot(root: string, databasePath: string, sourceDateEpoch: number): Promise<void> {
  await cleanRoot(root, databasePath);
  await nativeCall(binding().canonicalizeRpmdb({ root, dbPath: databasePath }, sourceDateEpoch));
  await chmod(root, 0o755);
}
