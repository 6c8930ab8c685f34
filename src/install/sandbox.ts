/** Whether and how transactions are shut in: what scriptlets do stays in the root. */
import { lstat, realpath, rm, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import type { SandboxRequest } from "../native/binding.js";

/** util-linux's unshare; the rest of the sandbox is the addon's. */
export const UNSHARE = [
  "unshare",
  "--mount",
  "--pid",
  "--fork",
  "--kill-child",
  "--ipc",
  "--uts",
  "--net",
  "--",
] as const;

/** Without a sandbox: mounts that are the process's own. */
export const UNSHARE_MOUNTS = ["unshare", "--mount", "--"] as const;

export const DEVICES = ["null", "zero", "full", "random", "urandom"] as const;

/** The kernel, or whoever made the container that this runs in, does not allow a sandbox. Nothing has happened yet. */
export class SandboxRefused extends Error {}

/** One for all transactions of a build. */
export class Sandbox {
  #active: boolean;

  /**
   * @param wanted false: none. Undefined: with a warning, none where it is refused. True: an `RpmociError` of kind
   * `environment` where it is refused.
   */
  constructor(
    private readonly wanted: boolean | undefined,
    private readonly scratch: string,
    private readonly emit: Emit,
  ) {
    this.#active = wanted !== false;
  }

  /** Performs the transaction of `root` in the sandbox that it is given; null where there is none. */
  async run<T>(
    root: string,
    readable: readonly string[],
    perform: (sandbox: SandboxRequest | null) => Promise<T>,
  ): Promise<T> {
    if (!this.#active) return perform(null);
    try {
      return await perform({ root, scratch: this.scratch, readable, devices: DEVICES });
    } catch (error) {
      if (!(error instanceof SandboxRefused)) throw error;
      this.#refuse(error.message);
    } finally {
      await removeDevices(root);
    }
    return perform(null);
  }

  #refuse(reason: string): void {
    this.#active = false;
    if (this.wanted === true) {
      throw new RpmociError(`no sandbox for scriptlets can be made here: ${reason}`, {
        kind: "environment",
        code: "SANDBOX_REFUSED",
        hint: "--no-sandbox runs them without; a container needs CAP_SYS_ADMIN for one, or a user namespace",
      });
    }
    this.emit({
      type: "warning",
      message: `scriptlets run without a sandbox, which cannot be made here: ${reason} (--no-sandbox says that this is meant)`,
    });
  }
}

/** The empty files that devices were mounted on; the directory's time must not tell of them. */
async function removeDevices(root: string): Promise<void> {
  const directory = join(root, "dev");
  const status = await lstat(directory).catch(() => null);
  if (status?.isDirectory() !== true) return;
  for (const name of DEVICES) {
    const path = join(directory, name);
    const placeholder = await lstat(path).catch(() => null);
    if (placeholder?.isFile() === true && placeholder.size === 0) await rm(path);
  }
  await utimes(directory, status.atimeMs / 1000, status.mtimeMs / 1000);
}

/** A program with the links that lead to it, and what lies beside it. */
export async function programFiles(path: string): Promise<readonly string[]> {
  return [path, dirname(await realpath(path))];
}
