/**
 * A root directory, and paths inside of it that never lead out. Names in it are bytes of any encoding, so that its paths
 * are byte strings.
 */
import { lstat, readlink, realpath } from "node:fs/promises";
import { join } from "node:path/posix";
import { textOf } from "../model/byte-string.js";

/** As many as the kernel follows. */
const MOST_SYMLINKS = 40;

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
   * Where a path inside the root leads for a process in it: absolute symlinks begin at the root, and ".." ends there.
   * A symlink at the path's end is not followed unless `last` says so. What is not there is taken for a directory. Throws for a
   * loop. Not for a root that somebody else changes meanwhile.
   */
  async resolve(path: string, last: "follow" | "keep"): Promise<string> {
    const pending = path.split("/").reverse();
    let inside = "/";
    let links = 0;
    while (pending.length > 0) {
      const name = pending.pop() ?? "";
      if (name === "" || name === ".") continue;
      const next = join(inside, name);
      const isLast = pending.every((rest) => rest === "" || rest === ".");
      const target = name === ".." || (isLast && last === "keep") ? null : await this.#target(next);
      if (target === null) {
        inside = next;
        continue;
      }
      links += 1;
      if (links > MOST_SYMLINKS) {
        throw new Error(`${textOf(path)} leads through too many symlinks`);
      }
      if (target.startsWith("/")) inside = "/";
      pending.push(...target.split("/").reverse());
    }
    return inside;
  }

  /** Null for what is no symlink, or not there. */
  async #target(path: string): Promise<string | null> {
    const host = this.host(path);
    const status = await lstat(host).catch(() => null);
    return status?.isSymbolicLink() === true ? (await readlink(host, "buffer")).toString("latin1") : null;
  }
}
