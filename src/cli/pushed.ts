/** What commands tell of an image that went somewhere. */
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
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
  print: (text: string) => void,
): Promise<void> {
  const lines = references.map((reference) => `${reference}\n`).join("");
  if (imageReferences !== undefined) await replaceFile(imageReferences, lines);
  if (digestFile !== undefined) await replaceFile(digestFile, digest);
  print(lines);
}

async function replaceFile(path: string, text: string): Promise<void> {
  // What /dev/stdout and its like are is written to; nothing can take their place.
  const present = await stat(path).catch(() => null);
  const isFile = !/^\/(?:dev|proc)\//.test(resolve(path)) && (present === null || present.isFile());
  const partial = isFile ? `${path}.${process.pid}.part` : path;
  try {
    await writeFile(partial, text);
    if (isFile) await rename(partial, path);
  } catch (error) {
    if (isFile) await rm(partial, { force: true }).catch(() => {});
    throw new RpmociError(`Failed to write ${path}: ${(error as Error).message}`, {
      kind: "output",
      code: "OUTPUT_UNWRITABLE",
      cause: error,
    });
  }
}
