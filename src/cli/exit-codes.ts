/** The exit code tells the kind of an error. The numbers never change their meaning. */
import { type ErrorKind, RpmociError } from "../index.js";

const CODES: Readonly<Record<ErrorKind, number>> = {
  install: 1,
  output: 1,
  environment: 1,
  usage: 2,
  manifest: 2,
  lockfile: 3,
  resolve: 4,
  fetch: 5,
  verify: 6,
  policy: 7,
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

/** A dry run found a difference, or `check` a lockfile that does not fit. */
export const DIFFERENCE = CODES.lockfile;

/** A defect of rpmoci itself (sysexits.h's EX_SOFTWARE). */
export const DEFECT = 70;

/** All exit codes with their meanings, as in the README. */
export const EXIT_CODES: readonly (readonly [number, string])[] = [
  [0, "done"],
  [CODES.install, "the transaction failed, something cannot be written or pushed, or this machine lacks something"],
  [CODES.usage, "the command line, a variable such as `SOURCE_DATE_EPOCH`, or the manifest is wrong"],
  [CODES.lockfile, "the lockfile is missing, out of date or damaged; `update --dry-run` found a difference"],
  [CODES.resolve, "dependencies cannot be resolved"],
  [CODES.fetch, "something cannot be downloaded, or is gone, or a registry cannot be reached or is out of order"],
  [CODES.verify, "something is not what it should be: checksum, digest, signature, name"],
  [CODES.policy, "the image would violate the manifest's `[policy]`"],
  [DEFECT, "a defect of rpmoci"],
  [130, "interrupted"],
  [143, "interrupted by a request to terminate"],
];

export function exitCodeOf(error: unknown): number {
  return error instanceof RpmociError ? CODES[error.kind] : DEFECT;
}
