/** The reason why no packages can be had on this machine. */
export class ArchiveUnavailableError extends Error {
  override readonly name = "ArchiveUnavailableError";
}
