/** Debian's versions as rpm's. */

export interface Evr {
  readonly epoch?: number;
  readonly version: string;
  readonly release: string;
}

/**
 * Splits a Debian version and maps it so that rpm orders the results as dpkg orders the originals, but for corner cases.
 *
 * `+` and `-` inside of a part sort below `.` and above the end in Debian; rpm ignores both as separators, but gives `^`
 * that place. A version without a revision equals one with the revision 0, which becomes rpm's release.
 */
export function evrOf(debianVersion: string): Evr {
  const colon = debianVersion.indexOf(":");
  const epoch = colon < 0 ? 0 : Number.parseInt(debianVersion.slice(0, colon), 10);
  const rest = debianVersion.slice(colon + 1);
  const dash = rest.lastIndexOf("-");
  const version = mapPart(dash < 0 ? rest : rest.slice(0, dash));
  const release = dash < 0 ? "0" : mapPart(rest.slice(dash + 1));
  return epoch === 0 ? { version, release } : { epoch, version, release };
}

/** `[epoch:]version-release`, the epoch only if it is not 0. */
export function evrText(debianVersion: string): string {
  const { epoch, version, release } = evrOf(debianVersion);
  return `${epoch === undefined ? "" : `${epoch}:`}${version}-${release}`;
}

function mapPart(part: string): string {
  // git's packages say `<< 2.39.5-.`, above all revisions: Debian sorts a separator above digits there, rpm skips it.
  const bounded = part.startsWith(".") ? `999999999${part}` : part;
  return bounded.replace(/[^A-Za-z0-9._~]/g, "^");
}
