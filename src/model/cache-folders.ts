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
  /** Which image was made of the same inputs. */
  readonly images: string;
}

export function cacheFolders(directory: string): CacheFolders {
  const [files, metadata, solv, layers, images] = ["files", "metadata", "solv", "layers", "images"].map((name) =>
    join(directory, name),
  ) as [string, string, string, string, string];
  return { files, metadata, solv, layers, images };
}
