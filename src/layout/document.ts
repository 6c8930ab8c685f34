/** JSON documents of a layout. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";

/** Bytes: what registries take at most of an image manifest (OCI distribution specification, "Pushing Manifests"). */
export const LARGEST_DOCUMENT = 4 << 20;

/** Bytes: `index.json` goes to no registry, and has an entry for every tag. */
export const LARGEST_INDEX = 16 * LARGEST_DOCUMENT;

/** All of a file that is no longer than `limit`. Throws for a longer one, what is no file, and what reading throws. */
export async function readDocument(path: string, limit = LARGEST_DOCUMENT): Promise<Buffer> {
  // A FIFO would keep whoever opens it waiting.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new Error("it is not a file");
    if (status.size > limit) throw new Error(`it is longer than ${limit >> 20} MiB`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
