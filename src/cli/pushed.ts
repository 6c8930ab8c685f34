/** What commands tell of an image that went somewhere. */
import { type PushResult, writeOutput } from "../index.js";

export const DESTINATIONS =
  "A DESTINATION is `registry:HOST/NAME[:TAG]` (or `docker://…`), `oci:DIR`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:NAME[:TAG]]`, `docker-daemon:NAME[:TAG]` or `podman:NAME[:TAG]`.";

export interface PushedFiles {
  readonly imageReferences: string | undefined;
  readonly digestFile: string | undefined;
}

/** Lines on stdout for registries only; there is no reference to anything else. */
export async function writePushed(
  { references, digest }: PushResult,
  { imageReferences, digestFile }: PushedFiles,
  print: (text: string) => void,
): Promise<void> {
  const lines = references.map((reference) => `${reference}\n`).join("");
  const file = { code: "OUTPUT_UNWRITABLE", allowsDevices: true };
  if (imageReferences !== undefined) await writeOutput({ ...file, path: imageReferences, what: "references" }, lines);
  if (digestFile !== undefined) await writeOutput({ ...file, path: digestFile, what: "the digest" }, digest);
  print(lines);
}
