/** What commands tell of an image that went somewhere. */
import { rename, rm, writeFile } from "node:fs/promises";
import { type PushResult, RpmociError } from "../index.js";

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
  stdout: { write(text: string): unknown },
): Promise<void> {
  const lines = references.map((reference) => `${reference}\n`).join("");
  if (imageReferences !== undefined) await replaceFile(imageReferences, lines);
  if (digestFile !== undefined) await replaceFile(digestFile, digest);
  stdout.write(lines);
}

async function replaceFile(path: string, text: string): Promise<void> {
  const partial = `${path}.${process.pid}.part`;
  try {
    await writeFile(partial, text);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw new RpmociError(`Failed to write ${path}: ${(error as Error).message}`, {
      kind: "output",
      code: "OUTPUT_UNWRITABLE",
      cause: error,
    });
  }
}
