/** The files of an image, as a list. */
import { posix } from "node:path";
import { textOf } from "../model/byte-string.js";
import { matchesGlob } from "../model/glob.js";
import type { FileType, ImageFile } from "../model/image-tree.js";
import { type ImageContents, ownerNames } from "./contents.js";

export interface ListedFile {
  readonly path: string;
  readonly type: FileType;
  /** Permissions, with set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  /** Null for all but symlinks. */
  readonly linkTarget: string | null;
  /** NEVRAs of the packages that own it, sorted. */
  readonly packages: readonly string[];
  /** Index of the layer that has the contents; the lowest is 0. */
  readonly layer: number;
  /** Of the contents, as `sha256:…`; null for all but files, and when it was not asked for. */
  readonly digest: string | null;
}

/**
 * Those that match one of `globs`, or all: a glob with a slash is for the whole path, another one for the name. Sorted by
 * the bytes of their paths.
 */
export function matchingFiles({ tree }: ImageContents, globs: readonly string[]): readonly ImageFile[] {
  if (globs.length === 0) return tree.files;
  return tree.files.filter((file) => {
    const path = textOf(file.path);
    return globs.some((glob) => {
      if (!glob.includes("/")) return matchesGlob(glob, posix.basename(path));
      return matchesGlob(glob.startsWith("/") ? glob : `/${glob}`, path);
    });
  });
}

export function listedFile(
  contents: ImageContents,
  { path, inode }: ImageFile,
  digest: string | undefined,
): ListedFile {
  const { type, mode, uid, gid, size, linkTarget, layer } = inode;
  return {
    path: textOf(path),
    type,
    mode,
    uid,
    gid,
    size,
    linkTarget: type === "symlink" ? textOf(linkTarget) : null,
    packages: ownerNames(contents, path),
    layer,
    digest: digest === undefined ? null : `sha256:${digest}`,
  };
}
