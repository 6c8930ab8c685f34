/** What the lockfile, and the local RPMs that are here, tell of the files that packages were installed from. */
import { checksumOf } from "../fetch/store.js";
import type { LockedPackage, Lockfile } from "../model/lockfile.js";
import { compareNevra, withoutZeroEpoch } from "../model/nevra.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import type { PackageOrigin } from "../sbom/facts.js";

/** Sorted by name, EVR, architecture. `localPackages` are paths of RPM files. */
export async function originsOf(lock: Lockfile, localPackages: readonly string[]): Promise<readonly PackageOrigin[]> {
  const headers = await nativeCall(binding().readPackages(localPackages, []));
  const local = await Promise.all(
    headers.map(async ({ name, evr, arch, sourceRpm }, index): Promise<PackageOrigin> => {
      const value = await checksumOf(localPackages[index] ?? "", "sha256");
      return {
        name,
        evr,
        arch,
        repositoryId: null,
        location: undefined,
        checksums: [{ algorithm: "sha256", value }],
        sourceRpm,
        signedBy: undefined,
      };
    }),
  );
  return [...lock.packages.map(lockedOrigin), ...local].sort(compareNevra);
}

function lockedOrigin({ name, evr, arch, ...locked }: LockedPackage): PackageOrigin {
  const { repositoryId, location, checksum, sha256, sourceRpm, signedBy } = locked;
  const own = sha256 === undefined ? [] : [{ algorithm: "sha256" as const, value: sha256 }];
  const checksums = [checksum, ...own];
  return { name, evr: withoutZeroEpoch(evr), arch, repositoryId, location, checksums, sourceRpm, signedBy };
}
