/** The time that an image is said to be made at (the SOURCE_DATE_EPOCH specification of reproducible-builds.org). */
import { RpmociError } from "../errors.js";

/** Seconds since the epoch: the variable's value, or now. Throws an `RpmociError` of kind `usage` for another value. */
export function sourceDateEpoch(environment: NodeJS.ProcessEnv): number {
  const text = environment.SOURCE_DATE_EPOCH;
  if (text === undefined || text === "") return Math.floor(Date.now() / 1000);
  const seconds = Number(text);
  // The rpm database keeps times in 32 bits.
  if (/^\d+$/.test(text) && seconds <= 0xffffffff) return seconds;
  throw new RpmociError(`Failed to parse SOURCE_DATE_EPOCH '${text}'`, {
    kind: "usage",
    code: "SOURCE_DATE_EPOCH_INVALID",
    hint: "it is a number of seconds since 1970-01-01T00:00:00Z",
  });
}
