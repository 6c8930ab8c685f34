/** Name, epoch:version-release and architecture: how rpm names one build of a package. */

export interface Nevra {
  readonly name: string;
  /** `[epoch:]version-release`, the epoch only when it is not 0. */
  readonly evr: string;
  readonly arch: string;
}

export function formatNevra(nevra: { name: string; evr: string; arch?: string | undefined }): string {
  return `${nevra.name}-${nevra.evr}${nevra.arch === undefined ? "" : `.${nevra.arch}`}`;
}

/** An EVR without an epoch of 0, which some tools write: as rpm takes both for the same, so that texts can be compared. */
export function withoutZeroEpoch(evr: string): string {
  return evr.replace(/^0:/, "");
}

/** Orders strings by their UTF-8 bytes, whatever the locale. */
export function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Orders by name, EVR, architecture as text: an order for files, not for "which is newer". */
export function compareNevra(
  a: { name: string; evr: string; arch?: string | undefined },
  b: { name: string; evr: string; arch?: string | undefined },
): number {
  return compareText(a.name, b.name) || compareText(a.evr, b.evr) || compareText(a.arch ?? "", b.arch ?? "");
}
