import { join } from "node:path";
import type { Digest } from "../model/descriptor.js";

/** The file of a blob in a layout's directory (OCI image specification, "Image Layout", "Blobs"). */
export function blobFile(directory: string, digest: Digest): string {
  const [algorithm = "", value = ""] = digest.split(":");
  return join(directory, "blobs", algorithm, value);
}
