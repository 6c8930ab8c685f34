/** Packages name files by paths that may lead through links, as `/lib` is one to `usr/lib` in many distributions. */
import { posix } from "node:path";
import type { ImageFile, ImageTree } from "../model/image-tree.js";
import { walkPath } from "../model/path-walk.js";

export class PathResolver {
  readonly #directories = new Map<string, string>();

  constructor(readonly tree: ImageTree) {}

  /** Where the file of this absolute path is; its own link is not followed. A path that leads nowhere stays as it is. */
  resolve(path: string): string {
    const { dir, base } = posix.parse(path);
    if (base === "") return "/";
    let directory = this.#directories.get(dir);
    if (directory === undefined) {
      directory = this.#follow(dir) ?? dir;
      this.#directories.set(dir, directory);
    }
    return posix.join(directory, base);
  }

  /** What a path leads to, its own link followed. */
  find(path: string): ImageFile | undefined {
    const found = this.#follow(path);
    return found === null ? undefined : this.tree.byPath.get(found);
  }

  /** Null for a path that leads through too many links. */
  #follow(path: string): string | null {
    const walk = walkPath(path, "follow");
    try {
      let step = walk.next();
      while (step.done !== true) {
        const inode = this.tree.byPath.get(step.value)?.inode;
        step = walk.next(inode?.type === "symlink" ? inode.linkTarget : null);
      }
      return step.value;
    } catch {
      return null;
    }
  }
}
