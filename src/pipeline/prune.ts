/** Keeps the cache of metadata small, once a day. */
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../errors.js";
import type { HttpTransport } from "../fetch/transport.js";
import { cacheFolders } from "../model/cache-folders.js";
import type { Context } from "./options.js";

/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000;

/** After metadata was read; never fails. */
export async function pruneDaily(transport: HttpTransport, { cacheDirectory, emit }: Context): Promise<void> {
  const { metadata, solv } = cacheFolders(cacheDirectory);
  const stamp = join(metadata, "pruned");
  const now = Date.now();
  try {
    const last = await stat(stamp).catch(() => null);
    if (last !== null && Math.abs(now - last.mtimeMs) < DAY) return;
    await writeFile(stamp, "");
    const { pruneMetadata } = await import("../repository/prune.js");
    const pathOf = transport.pathOf.bind(transport);
    const removed = await pruneMetadata({ solv, metadata, pathOf, now });
    if (removed > 0) emit({ type: "debug", message: `removed ${removed} files of metadata that nobody uses any more` });
  } catch (error) {
    emit({ type: "debug", message: `cannot prune the cache: ${messageOf(error)}` });
  }
}
