/** `rpmoci vendor`: the locked packages as files. */
import { RpmociError } from "../errors.js";
import { allTogether } from "../fetch/offline.js";
import { fetchPackages } from "../fetch/packages.js";
import { HttpTransport } from "../fetch/transport.js";
import { writeVendorFolder } from "../fetch/vendor.js";
import { fitsManifest } from "../lockfile/fit.js";
import { readLockfile } from "../lockfile/read.js";
import { loadManifest } from "../manifest/load.js";
import { verifyPackages } from "../verify/verify.js";
import { lockArchitecture, requiredKeys, sha256Of } from "./locked-packages.js";
import { type CommonOptions, contextOf } from "./options.js";
import { Repositories } from "./repositories.js";

export interface VendorOptions extends CommonOptions {
  /** Created when it is missing. */
  readonly directory: string;
}

export interface VendorResult {
  /** As it was given. */
  readonly directory: string;
  /** How many the lockfile has, all of which are in the directory now. */
  readonly packages: number;
}

/**
 * Downloads the locked packages, verifies all of them, and then copies them to `<checksum>.rpm` in the directory; other
 * files there stay. Needs no root. Throws an `RpmociError`, of kind `lockfile` when there is no lockfile that fits the
 * manifest; only verified packages have been added then.
 */
export async function vendor(options: VendorOptions): Promise<VendorResult> {
  const context = contextOf(options);
  const manifest = await loadManifest(options.manifestPath);
  const lock = await readLockfile(manifest.lockfilePath);
  if (lock === null || !fitsManifest(lock, manifest)) {
    throw new RpmociError(
      lock === null
        ? "No valid lockfile found. `vendor` can only be run with a compatible lockfile"
        : "Lockfile out of date. `vendor` can only be run with a compatible lockfile",
      { kind: "lockfile", code: "LOCKFILE_OUTDATED", hint: "run rpmoci update" },
    );
  }
  const transport = new HttpTransport(context);
  const repositories = await Repositories.configure(manifest, lockArchitecture(lock), transport, context);
  try {
    const [fetched, keys] = await allTogether([
      fetchPackages(lock.packages, repositories, transport, context.emit),
      requiredKeys(lock, repositories, manifest.requireSigned),
    ]);
    await verifyPackages({ packages: fetched, localNames: undefined, keys, sha256Of }, context.emit);
    context.signal?.throwIfAborted();
    await writeVendorFolder(fetched, options.directory);
    context.emit({ type: "vendored", packages: fetched.length, directory: options.directory });
    return { directory: options.directory, packages: fetched.length };
  } finally {
    await repositories.close();
    await transport.close();
  }
}
