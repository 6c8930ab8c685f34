/** Where a package is, by its repository's metadata, which may be damaged or made to lead elsewhere. */
import { RpmociError } from "../errors.js";
import { urlsAt } from "../fetch/packages.js";
import { formatNevra } from "../model/nevra.js";
import type { Solvable } from "../native/binding.js";

/** Begins where the slashes begin: it would otherwise look again at each of a thousand in the middle. */
const TRAILING_SLASHES = /(?<!\/)\/+$/;

/**
 * Throws an `RpmociError` of kind `fetch` for a package that has no location, or one outside of its repository, which has
 * these base URLs. A repository may keep its packages in a folder beside it, `../packages/…`, but not on this machine,
 * where whatever lies there would be taken, and not above the root of its server.
 */
export function assertLocation(found: Solvable, bases: readonly string[]): void {
  if (found.location !== "" && bases.every((base) => isReachable(found.location, found.baseUrl ?? base))) return;
  throw unusable(found, `has a location that is not inside the repository: "${found.location}"`);
}

function isReachable(location: string, base: string): boolean {
  const segments = location.split("/");
  if (!segments.includes("..")) return true;
  if (!URL.canParse(base) || isLocal(base)) return false;
  let depth = new URL(base).pathname.split("/").filter((segment) => segment !== "").length;
  for (const segment of segments) {
    if (segment === "..") depth -= 1;
    else if (segment !== "" && segment !== ".") depth += 1;
    if (depth < 0) return false;
  }
  return true;
}

/**
 * URLs of the package, below `bases`, or below the base that the metadata gives it: that one may be a local folder only
 * if the repository is one. Throws an `RpmociError` of kind `fetch`.
 */
export function packageUrls(found: Solvable, bases: readonly string[]): readonly string[] {
  assertLocation(found, bases);
  const { baseUrl } = found;
  if (baseUrl !== null && isLocal(baseUrl) && !bases.some(isLocal)) {
    throw unusable(found, `is said to be on this machine, at ${baseUrl},`);
  }
  return urlsAt(found.location, baseUrl === null ? bases : [baseUrl.replace(TRAILING_SLASHES, "")]);
}

function isLocal(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === "file:";
}

/** The error for a package that `reason` makes useless. */
export function unusable(found: Solvable, reason: string): RpmociError {
  return new RpmociError(
    `package ${formatNevra(found)} ${reason} in the metadata of repository "${found.repositoryId}"`,
    {
      kind: "fetch",
      code: "PACKAGE_METADATA_INVALID",
      hint: "the repository must be repaired, or the package hidden with the repository's option excludepkgs",
    },
  );
}
