/**
 * A root directory, and paths inside of it that never lead out. Names in it are bytes of any encoding, so that its paths
 * are byte strings.
 */
import { lstat, readlink, realpath } from "node:fs/promises";
import { join } from "node:path/posix";
import { walkPath } from "../model/path-walk.js";

export class Root {
  private constructor(
    /** Absolute, without symlinks; a byte string. */
    readonly directory: string,
  ) {}

  static async open(directory: string): Promise<Root> {
    return new Root((await realpath(directory, "buffer")).toString("latin1"));
  }

  /** Where a path inside the root, without symlinks in its directories, is on this machine. */
  host(path: string): Buffer {
    return Buffer.from(join(this.directory, path), "latin1");
  }

  /**
   * Where a path inside the root leads for a process in it, as `walkPath` says. Throws for a loop. Not for a root that
   * somebody else changes meanwhile.
   */
  async resolve(path: string, last: "follow" | "keep"): Promise<string> {
    const walk = walkPath(path, last);
    let step = walk.next();
    while (step.done !== true) step = walk.next(await this.#target(step.value));
    return step.value;
  }

  /** Null for what is no symlink, or not there. */
  async #target(path: string): Promise<string | null> {
    const host = this.host(path);
    const status = await lstat(host).catch(() => null);
    return status?.isSymbolicLink() === true ? (await readlink(host, "buffer")).toString("latin1") : null;
  }
}
