/** What cannot be had without a network, told all at once. */
import { RpmociError } from "../errors.js";

/** Things, named as in `package bash-5.2-1.x86_64`, that are neither in the cache nor on this machine. */
export class MissingOffline extends RpmociError {
  constructor(readonly things: readonly string[]) {
    const [first = ""] = things;
    const subject = things.length > 1 ? `${things.length} things are` : `${first} is`;
    super(`${subject} not in the cache, and nothing is fetched offline`, {
      kind: "fetch",
      code: "OFFLINE",
      hint: "run the same without --offline once, or build from a vendor folder",
      details: things.length > 1 ? things : [],
    });
  }
}

/**
 * What all of `work` resolve to, in their order, or an error after all have ended: when nothing but `MissingOffline` was
 * met, one that names everything that is missing; else the first other one in the order of `work`.
 */
export async function allTogether<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(work);
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  if (errors.length === 0) return Promise.all(work);
  const missing = errors.filter((error) => error instanceof MissingOffline);
  if (missing.length < errors.length) throw errors.find((error) => !(error instanceof MissingOffline));
  throw new MissingOffline([...new Set(missing.flatMap(({ things }) => things))]);
}
