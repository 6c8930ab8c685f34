/** What a locked base image has installed. */
import { lockArchitecture } from "../lockfile/parts.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import type { InstalledPackage } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { withBaseFacts } from "./base-facts.js";
import { openLockedBase } from "./base-image.js";
import type { Context } from "./options.js";

/** None without a base image, or without an rpm database in it. Throws as `openLockedBase`. */
export async function basePackages(
  manifest: Manifest,
  lock: Lockfile,
  context: Context,
): Promise<readonly InstalledPackage[]> {
  const image = await openLockedBase(manifest, lock, lockArchitecture(lock), context);
  if (image === null) return [];
  return withBaseFacts(image, context.signal, async ({ database }) =>
    database === null ? [] : nativeCall(binding().readRpmdb(database)),
  );
}
