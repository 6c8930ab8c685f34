import { createHash } from "node:crypto";
import type { Digest } from "../model/descriptor.js";
import { algorithmOf } from "./algorithm.js";
import { blobFile } from "./blob-file.js";
import { readDocument } from "./document.js";

/** The bytes of a blob. Throws when they are not those of its digest, and as `readDocument`. */
export async function readVerified(directory: string, digest: Digest, limit?: number): Promise<Buffer> {
  const bytes = await readDocument(blobFile(directory, digest), limit);
  const algorithm = algorithmOf(digest);
  if (algorithm !== undefined && `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}` === digest) {
    return bytes;
  }
  throw new Error(`${digest} is damaged`);
}
