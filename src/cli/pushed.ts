/** What commands tell of an image that went somewhere. */
import { type PushResult, writeOutput } from "../index.js";

export const DESTINATIONS =
  "A DESTINATION is `registry:HOST/NAME[:TAG]` (or `docker://…`), `oci:DIR`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:NAME[:TAG]]`, `docker-daemon:NAME[:TAG]` or `podman:NAME[:TAG]`.";

export const IMAGE_REFERENCES = "Write HOST/NAME@DIGEST to this file, a line for each repository of a registry";

export interface PushedFiles {
  readonly imageReferences: string | undefined;
  readonly digestFile: string | undefined;
}

export async function writePushed(
  { references, digest }: PushResult,
  { imageReferences, digestFile }: PushedFiles,
): Promise<void> {
  const lines = references.map((reference) => `${reference}\n`).join("");
  const file = { code: "OUTPUT_UNWRITABLE", allowsDevices: true };
  if (imageReferences !== undefined) await writeOutput({ ...file, path: imageReferences, what: "references" }, lines);
  if (digestFile !== undefined) await writeOutput({ ...file, path: digestFile, what: "the digest" }, digest);
}
