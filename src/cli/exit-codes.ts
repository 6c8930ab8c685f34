/** The exit code tells the kind of an error. The numbers never change their meaning. */
import { type ErrorKind, RpmociError } from "../index.js";

const CODES: Readonly<Record<ErrorKind, number>> = {
  usage: 2,
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

/** No image can be built on this system. */
export const UNFIT = CODES.environment;

/** A dry run found a difference. */
export const DIFFERENCE = 3;

/** A defect of rpmoci itself (sysexits.h's EX_SOFTWARE). */
export const DEFECT = 70;

export function exitCodeOf(error: unknown): number {
  return error instanceof RpmociError ? CODES[error.kind] : DEFECT;
}
