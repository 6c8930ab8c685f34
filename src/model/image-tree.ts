/** What is in an image: its layers put on top of each other. */
import type { Descriptor, Digest, ImageConfig } from "./descriptor.js";
import type { ImageBlob } from "./layout-image.js";

/** Layers that can be read, wherever they lie. */
export interface LayerSource {
  /** Of the image, as the user named it. */
  readonly name: string;
  /** The lowest first. */
  readonly layers: readonly Descriptor[];
  /** The stored bytes. Throws as reading does, and for a blob that is not there. */
  openBlob(descriptor: Descriptor): AsyncIterable<Buffer>;
}

/** An image that can be read. */
export interface ImageSource extends LayerSource {
  /** The image manifest's. */
  readonly digest: Digest;
  readonly config: ImageConfig;
}

/** An image that another one is built on. */
export interface BaseImage extends ImageSource {
  /** Of the index that it was chosen from. */
  readonly index: Digest | undefined;
  /** Where a blob is. Throws as reading does when it is gone. */
  find(descriptor: Descriptor): Promise<ImageBlob>;
}

export type FileType = "file" | "directory" | "symlink" | "character" | "block" | "fifo";

/** What the names of one file share. */
export interface Inode {
  readonly type: FileType;
  /** Permissions, with set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes; 0 for all but files. */
  readonly size: number;
  /** Of the last modification, in seconds since the epoch. */
  readonly mtime: number;
  /** What is beyond the seconds. */
  readonly nanoseconds: number;
  /** Of a symlink, each byte a character. */
  readonly linkTarget: string;
  /** `major:minor` of a device. */
  readonly device: string;
  /** The extended attribute `security.capability`, in hexadecimal digits; empty when there is none. */
  readonly capability: string;
  /** Extended attributes, names and values with each byte a character; null when there are none. */
  readonly xattrs: ReadonlyMap<string, string> | null;
  /** Index of the layer that has the contents. */
  readonly layer: number;
  /** Its path there, absolute, each byte a character. */
  readonly origin: string;
}

export interface ImageFile {
  /** Absolute; each byte is a character, since names need not be UTF-8. */
  readonly path: string;
  readonly inode: Inode;
}

export interface ImageTree {
  /** Sorted by the bytes of their paths, the root directory first. */
  readonly files: readonly ImageFile[];
  readonly byPath: ReadonlyMap<string, ImageFile>;
}
