/** The lockfile that was there before. */
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { readLockfile } from "../lockfile/read.js";
import type { Lockfile } from "../model/lockfile.js";

/** As `readLockfile`, for those who may write a new one: of one that cannot be read they are warned, and get null. */
export function readLockfileOrWarn(path: string, emit: Emit): Promise<Lockfile | null> {
  return readLockfile(path).catch((error: unknown) => {
    if (!(error instanceof RpmociError)) throw error;
    emit({ type: "warning", message: `${error.message}. Generating a new one.` });
    return null;
  });
}
