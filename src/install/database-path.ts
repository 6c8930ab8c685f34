/** Where the distribution that is being installed keeps its rpm database: scanners and its own rpm look there only. */
import type { VerifiedPackage } from "../model/package.js";
import { SYSIMAGE_DATABASE as SYSIMAGE, VAR_DATABASE as VAR } from "../model/rpm-database.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";

/** `system-release(N)` or the like of distributions, and the first release that has its database below /usr. */
const MOVED_SINCE: readonly { readonly provides: RegExp; readonly since: number }[] = [
  { provides: /^fedora-release = (\d+)/, since: 36 },
  { provides: /^centos-stream-release = (\d+)/, since: 10 },
  { provides: /^redhat-release = (\d+)/, since: 10 },
  { provides: /^openSUSE-release = (\d+)/, since: 15 },
];

/**
 * The path inside the root. It is where one of the packages owns a directory for it (rpm itself, or a filesystem
 * package); without such a package the release package decides, and without one of those it is `/var/lib/rpm`.
 */
export async function databasePath(packages: readonly VerifiedPackage[]): Promise<string> {
  const headers = await nativeCall(
    binding().readPackages(
      packages.map(({ path }) => path),
      [SYSIMAGE, VAR],
    ),
  );
  const owned = new Set(headers.flatMap(({ ownedProbePaths }) => ownedProbePaths));
  if (owned.has(SYSIMAGE)) return SYSIMAGE;
  if (owned.has(VAR)) return VAR;
  const provides = headers.flatMap((header) => header.provides);
  const moved = MOVED_SINCE.some(({ provides: pattern, since }) =>
    provides.some((text) => Number(text.match(pattern)?.[1] ?? 0) >= since),
  );
  return moved ? SYSIMAGE : VAR;
}
