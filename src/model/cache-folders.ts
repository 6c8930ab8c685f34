/** Where what is kept lies in a cache's directory. */
import { join } from "node:path";

export interface CacheFolders {
  /** Downloads by checksum: packages, and files of metadata. */
  readonly files: string;
  /** What repositories said last, and keys. */
  readonly metadata: string;
  /** Metadata as libsolv has it. */
  readonly solv: string;
  readonly layers: string;
  /** Documents and blobs of base images, by digest. */
  readonly bases: string;
  /** Which image was made of the same inputs. */
  readonly images: string;
  /** What registries have, and uploads that broke off. */
  readonly pushes: string;
}

export function cacheFolders(directory: string): CacheFolders {
  const folder = (name: string): string => join(directory, name);
  return {
    files: folder("files"),
    metadata: folder("metadata"),
    solv: folder("solv"),
    layers: folder("layers"),
    bases: folder("bases"),
    images: folder("images"),
    pushes: folder("pushes"),
  };
}
