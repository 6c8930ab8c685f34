/** `rpmoci files`: what is in an image. */
import { type ListedFile, listedFile, matchingFiles } from "../inspect/files.js";
import { digestFiles } from "../layout/read-tree.js";
import { type InspectOptions, readContents } from "./read-contents.js";

export interface FilesOptions extends InspectOptions {
  /** Only these: globs of whole paths, or, without a slash, of names. */
  readonly globs?: readonly string[];
  /** Also digest the contents. */
  readonly digests?: boolean;
}

/**
 * The files of an image, sorted by the bytes of their paths, with the packages that own them. Layers are read as streams,
 * twice for digests. Throws an `RpmociError`, of kind `usage` when there is no such image, of kind `verify` when it is
 * damaged.
 */
export async function imageFiles(options: FilesOptions): Promise<readonly ListedFile[]> {
  const { globs = [], digests = false, signal } = options;
  const contents = await readContents(options);
  const files = matchingFiles(contents, globs);
  const inodes = digests ? files.map(({ inode }) => inode).filter(({ type }) => type === "file") : [];
  const known = await digestFiles(contents.source, new Map(inodes.map((inode) => [inode, "sha256"])), signal);
  return files.map((file) => listedFile(contents, file, known.get(file.inode)));
}
