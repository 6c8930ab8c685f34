/** The exit code tells the kind of an error. The numbers never change their meaning. */
import { type ErrorKind, RpmociError } from "../index.js";

const CODES: Readonly<Record<ErrorKind, number>> = {
  usage: 2,
  policy: 7,
  manifest: 10,
  lockfile: 11,
  resolve: 12,
  fetch: 13,
  verify: 14,
  install: 15,
  output: 16,
  environment: 17,
};

export const USAGE = CODES.usage;

/** A layout is not valid. */
export const LAYOUT_PROBLEMS = CODES.output;

/** Files of the cache were damaged. */
export const CACHE_DAMAGED = CODES.verify;

/** An image is not what it should be. */
export const IMAGE_NOT_GOOD = CODES.verify;
/** No image can be built on this system. */
export const UNFIT = CODES.environment;

/** A dry run found a difference. */
export const DIFFERENCE = 3;

/** A defect of rpmoci itself (sysexits.h's EX_SOFTWARE). */
export const DEFECT = 70;

/** All exit codes with their meanings, as in the README. */
export const EXIT_CODES: readonly (readonly [number, string])[] = [
  [0, "done"],
  [CODES.usage, "the command line, or a variable such as `SOURCE_DATE_EPOCH`, is wrong"],
  [DIFFERENCE, "`update --dry-run` found a difference"],
  [CODES.policy, "the image would violate the manifest's `[policy]`"],
  [CODES.manifest, "the manifest is wrong, or names a repository that is not configured"],
  [CODES.lockfile, "the lockfile is missing, outdated or damaged"],
  [CODES.resolve, "dependencies cannot be resolved"],
  [CODES.fetch, "something cannot be downloaded"],
  [CODES.verify, "a package or file is not what it should be: checksum, digest, signature, name"],
  [CODES.install, "the transaction failed"],
  [CODES.output, "the image, lockfile or vendor folder cannot be written"],
  [CODES.environment, "this machine lacks something: dnf, a user namespace, disk space in the cache"],
  [DEFECT, "a defect of rpmoci"],
  [130, "interrupted"],
  [143, "interrupted by a request to terminate"],
];

export function exitCodeOf(error: unknown): number {
  return error instanceof RpmociError ? CODES[error.kind] : DEFECT;
}
