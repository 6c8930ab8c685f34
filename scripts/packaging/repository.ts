/** Metadata of RPM repositories, made by createrepo_c. */
import { runCommand } from "./command.js";

export interface RepositoryOptions {
  /** Seconds: the revision, and the time of everything in the metadata. */
  readonly revision: number;
  readonly checksum?: "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512";
  /** `zstd` needs createrepo_c 1.0. */
  readonly compression?: "gz" | "xz" | "bz2" | "zstd";
  /** The path of a comps file. */
  readonly groups?: string;
}

/**
 * Writes `repodata/` for the RPMs below a folder. The same RPMs, with the same modification times, and the same options
 * give the same bytes.
 */
export async function createRepository(folder: string, options: RepositoryOptions): Promise<void> {
  const args = ["--quiet", "--no-database", "--revision", String(options.revision), "--set-timestamp-to-revision"];
  if (options.checksum !== undefined) args.push("--checksum", options.checksum);
  if (options.groups !== undefined) args.push("--groupfile", options.groups);
  args.push("--general-compress-type", options.compression ?? "gz");
  await runCommand("createrepo_c", [...args, folder]);
}
