/** The architectures that a distribution can be made for, by rpm's names. */
import { ArchiveUnavailableError } from "./archive-unavailable-error.js";

export const architectures = ["x86_64", "aarch64"] as const;
export type Architecture = (typeof architectures)[number];

/** Debian's name. */
export function debianName(architecture: Architecture): string {
  return architecture === "x86_64" ? "amd64" : "arm64";
}

/** The architecture that this runs on. Throws `ArchiveUnavailableError` where it is another one. */
export function machineArchitecture(): Architecture {
  switch (process.arch) {
    case "x64":
      return "x86_64";
    case "arm64":
      return "aarch64";
    default:
      throw new ArchiveUnavailableError(`there are no packages for ${process.arch}`);
  }
}
