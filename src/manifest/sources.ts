/** The files beside the manifest whose contents become part of the image. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { messageOf, RpmociError } from "../errors.js";
import type { Manifest } from "../model/manifest.js";
import type { SourceContents, SourceFile } from "../model/root-shape.js";

/**
 * Reads all of them. Throws an `RpmociError` of kind `manifest` for one that cannot be read, is no regular file, or is
 * outside of its manifest's directory.
 */
export async function readSources(manifest: Pick<Manifest, "paths">): Promise<SourceContents> {
  const digests = new Map<string, string>();
  for (const entry of manifest.paths) {
    if (entry.type !== "file" || entry.source === undefined || digests.has(entry.source.path)) continue;
    digests.set(entry.source.path, await digestOf(entry.source, `paths: ${entry.path}`));
  }
  return { digests };
}

async function digestOf(source: SourceFile, what: string): Promise<string> {
  const hash = createHash("sha256");
  await readable(source, what, (path) => pipeline(createReadStream(path), hash));
  return hash.digest("hex");
}

async function readable<T>(
  { path, context }: SourceFile,
  what: string,
  read: (path: string) => Promise<T>,
): Promise<T> {
  try {
    const [real, directory] = await Promise.all([realpath(path), realpath(context)]);
    if (!real.startsWith(directory.endsWith(sep) ? directory : `${directory}${sep}`)) {
      throw new Error(`it leads out of ${context}, the manifest's directory`);
    }
    if (!(await stat(real)).isFile()) throw new Error("it is not a regular file");
    return await read(real);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const reason = missing ? "there is no such file" : messageOf(error);
    throw new RpmociError(`${what}: cannot use the file ${path}: ${reason}`, {
      kind: "manifest",
      code: "MANIFEST_SOURCE_UNREADABLE",
      cause: error,
    });
  }
}
