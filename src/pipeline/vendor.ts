/** `rpmoci vendor`: the locked packages as files. */
import { RpmociError } from "../errors.js";
import { allTogether } from "../fetch/offline.js";
import { fetchPackages } from "../fetch/packages.js";
import { HttpTransport } from "../fetch/transport.js";
import { writeVendorFolder } from "../fetch/vendor.js";
import { fitsManifest } from "../lockfile/fit.js";
import { lockArchitecture, lockedArchitectures, partOf } from "../lockfile/parts.js";
import { readLockfile } from "../lockfile/read.js";
import { loadManifest } from "../manifest/load.js";
import { formatChecksum } from "../model/checksum.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import type { FetchedPackage } from "../model/package.js";
import { verifyPackages } from "../verify/verify.js";
import { type ArchitectureOptions, askedArchitectures, forEachArchitecture } from "./architectures.js";
import { requiredKeys, sha256Of } from "./locked-packages.js";
import { type CommonOptions, type Context, contextOf } from "./options.js";
import { Repositories } from "./repositories.js";

/** Without `archs`, the packages for all architectures of the lockfile. */
export interface VendorOptions extends CommonOptions, ArchitectureOptions {
  /** Created when it is missing. */
  readonly directory: string;
}

export interface VendorResult {
  /** As it was given. */
  readonly directory: string;
  /** How many the lockfile has for these architectures, all of which are in the directory now. */
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
  const archs = askedArchitectures(options) ?? lockedArchitectures(lock);
  const parts = archs.map((arch) => ({ arch, lock: partOf(lock, arch, manifest.lockfilePath) }));
  const fetched = await forEachArchitecture(parts, context.emit, (part) =>
    verifiedPackages(manifest, part.lock, context),
  );
  context.signal?.throwIfAborted();
  // Those for no architecture are in several parts.
  const distinct = new Map(
    fetched.flat().map((entry) => [entry.locked && formatChecksum(entry.locked.checksum), entry]),
  );
  await writeVendorFolder([...distinct.values()], options.directory);
  context.emit({ type: "vendored", packages: distinct.size, directory: options.directory });
  return { directory: options.directory, packages: distinct.size };
}

async function verifiedPackages(
  manifest: Manifest,
  lock: Lockfile,
  context: Context,
): Promise<readonly FetchedPackage[]> {
  const transport = new HttpTransport(context);
  const repositories = await Repositories.configure(manifest, lockArchitecture(lock), transport, context);
  try {
    const [fetched, keys] = await allTogether([
      fetchPackages(lock.packages, repositories, transport, context.emit),
      requiredKeys(lock, repositories, manifest.requireSigned),
    ]);
    await verifyPackages({ packages: fetched, localNames: undefined, keys, sha256Of }, context.emit);
    return fetched;
  } finally {
    await repositories.close();
    await transport.close();
  }
}
