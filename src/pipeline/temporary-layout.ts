/** A layout for a build whose image goes elsewhere. */
import { tmpdir } from "node:os";
import { makeDirectory } from "../directories.js";
import { type CacheOptions, cacheDirectoryOf } from "./cache.js";
import { makeTemporaryDirectory, useAndRemove } from "./work-directory.js";

const PREFIX = "rpmoci-layout-";

/**
 * Hands `use` the path of an empty directory and removes it afterwards. It lies in the cache, where layers of earlier builds
 * can be linked, or in the directory for temporary files where the cache cannot be written.
 */
export async function withTemporaryLayout<T>(options: CacheOptions, use: (layout: string) => Promise<T>): Promise<T> {
  const cache = cacheDirectoryOf(options);
  const inCache = async (): Promise<string> => {
    await makeDirectory(cache);
    return makeTemporaryDirectory(cache, PREFIX);
  };
  return useAndRemove(await inCache().catch(() => makeTemporaryDirectory(tmpdir(), PREFIX)), use);
}
