import { createHash } from "node:crypto";
import type { Digest } from "../model/descriptor.js";
import { blobFile } from "./blob-file.js";
import { readDocument } from "./document.js";

/** The bytes of a blob. Throws when they are not those of its digest, which is a SHA-256, and as `readDocument`. */
export async function readVerified(directory: string, digest: Digest, limit?: number): Promise<Buffer> {
  const bytes = await readDocument(blobFile(directory, digest), limit);
  if (`sha256:${createHash("sha256").update(bytes).digest("hex")}` === digest) return bytes;
  throw new Error(`${digest} is damaged`);
}
