/** Only one process at a time changes what a layout's index names. */
import { join } from "node:path";

/**
 * Runs `use` while nobody else holds the lock of the layout, which exists. A lock that a killed process left is taken
 * over after ten seconds.
 */
export async function withLayoutLock<T>(directory: string, use: () => Promise<T>): Promise<T> {
  const { default: lockfile } = await import("proper-lockfile");
  const release = await lockfile.lock(directory, {
    lockfilePath: join(directory, ".rpmoci.lock"),
    retries: { retries: 400, minTimeout: 25, maxTimeout: 100 },
    stale: 10_000,
    // The default throws out of a timer, which ends the process; `release` rejects in any case.
    onCompromised: () => {},
  });
  try {
    return await use();
  } finally {
    await release();
  }
}
