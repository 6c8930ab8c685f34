/** A build's folder for the root and whatever dnf needs; gone when the build ends, however it ends. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import { isAlive } from "../processes.js";

const PREFIX = "rpmoci-work-";

/**
 * Hands `use` an empty directory and removes it afterwards. Directories of processes that were killed are removed, too.
 */
export async function withWorkDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const parent = tmpdir();
  await removeStale(parent);
  let directory: string;
  try {
    directory = await mkdtemp(join(parent, `${PREFIX}${process.pid}-`));
  } catch (error) {
    throw new RpmociError(`Failed to make a working directory in ${parent}: ${messageOf(error)}`, {
      kind: "environment",
      code: "WORK_DIRECTORY_UNWRITABLE",
      hint: "name another directory with TMPDIR",
      cause: error,
    });
  }
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function removeStale(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = name.startsWith(PREFIX) ? name.slice(PREFIX.length).match(/^\d+/)?.[0] : undefined;
    // Those of other users cannot be removed, and are theirs to remove.
    if (pid !== undefined && !isAlive(Number(pid))) {
      await rm(join(parent, name), { recursive: true, force: true }).catch(() => {});
    }
  }
}
