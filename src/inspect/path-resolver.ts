/** Packages name files by paths that may lead through links, as `/lib` is one to `usr/lib` in many distributions. */
import { posix } from "node:path";
import type { ImageTree } from "../model/image-tree.js";

/** Linux follows no more (path_resolution(7)). */
const MOST_LINKS = 40;

export class PathResolver {
  readonly #directories = new Map<string, string>();

  constructor(readonly tree: ImageTree) {}

  /** Where the file of this absolute path is; its own link is not followed. A path that leads nowhere stays as it is. */
  resolve(path: string): string {
    const { dir, base } = posix.parse(path);
    return base === "" ? "/" : posix.join(this.#directory(dir, MOST_LINKS), base);
  }

  #directory(path: string, links: number): string {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const { dir, base } = posix.parse(path);
    if (base === "") return "/";
    // A link that leads back here must end somewhere.
    this.#directories.set(path, path);
    const here = posix.join(this.#directory(dir, links), base);
    const inode = this.tree.byPath.get(here)?.inode;
    const isLink = inode?.type === "symlink" && links > 0;
    const target = isLink ? posix.resolve(posix.dirname(here), inode.linkTarget) : here;
    const resolved = isLink ? this.#directory(target, links - 1) : here;
    this.#directories.set(path, resolved);
    return resolved;
  }
}
