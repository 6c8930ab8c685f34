/** A root file system that is looked at path by path. */

/** Lower-case hexadecimal digits. */
export interface FileDigests {
  readonly sha1: string;
  readonly sha256: string;
}

export type TreeEntry =
  | { readonly kind: "file"; digests(): Promise<FileDigests> }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "directory" | "other" };

export interface FileTree {
  /** What is at a path without links in it, written without slashes at its ends; undefined when nothing is. */
  entryAt(path: string): Promise<TreeEntry | undefined>;
}
