/** Takes single files out of an image's layers, as somebody who runs the image would see them. */
import { createReadStream, createWriteStream } from "node:fs";
import { dirname, join, posix } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { Extract, Header } from "tar-stream";
import { makeDirectory } from "../directories.js";
import { messageOf, RpmociError } from "../errors.js";
import type { Descriptor } from "../model/descriptor.js";
import { algorithmOf } from "./algorithm.js";
import { blobFile } from "./blob-file.js";
import { measureBlob } from "./measure-blob.js";

/** Bytes of a file that is taken. */
const LARGEST_FILE = 2 ** 31;

/** OCI's and Docker's names. */
const LAYER =
  /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1\.tar|docker\.image\.rootfs(?:\.foreign)?\.diff\.tar)(?:[+.](gzip|zstd))?$/;

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/** How a path is in the image, as far as layers were read. */
export type FileState = "file" | "other" | "unknown";

export interface Extraction {
  /** An empty directory; files come to lie below it by their paths in the image. */
  readonly target: string;
  /** Without a slash at the beginning. Links to them are not followed. */
  readonly paths: readonly string[];
  /** Says, after each layer, whether the files so far will do. */
  readonly isEnough: (stateOf: (path: string) => FileState) => boolean;
}

/**
 * Reads layers from the topmost down (OCI image specification, "Image Layer Filesystem Changeset"), each to its end, and
 * returns how the paths are. Throws an `RpmociError` of kind `verify` when a layer is not what its digest says, and of
 * kind `output` when one is missing or cannot be read.
 */
export async function extractFiles(
  directory: string,
  layers: readonly Descriptor[],
  { target, paths, isEnough }: Extraction,
): Promise<(path: string) => FileState> {
  const states = new Map<string, FileState>();
  const stateOf = (path: string): FileState => states.get(path) ?? "unknown";
  for (const layer of layers.toReversed()) {
    const below = new Set<string>();
    await readLayer(directory, layer, async (header, content) => {
      const path = posix.normalize(`/${header.name}`).replace(/\/$/, "").slice(1);
      const name = posix.basename(path);
      const isHidden = (wanted: string): boolean => {
        if (name === OPAQUE) return isBelow(wanted, posix.dirname(path));
        const other = name.startsWith(WHITEOUT) ? posix.join(posix.dirname(path), name.slice(WHITEOUT.length)) : path;
        return (other !== path && wanted === other) || (header.type !== "directory" && isBelow(wanted, other));
      };
      for (const wanted of paths) if (isHidden(wanted)) below.add(wanted);
      if (!paths.includes(path) || states.has(path)) return;
      if (header.type !== "file" && header.type !== "contiguous-file") {
        if (header.type !== "directory") states.set(path, "other");
        return;
      }
      if (header.size > LARGEST_FILE) throw new Error(`/${path} has more than ${LARGEST_FILE >> 20} MiB`);
      const file = join(target, path);
      await makeDirectory(dirname(file));
      await pipeline(content, createWriteStream(file));
      states.set(path, "file");
    });
    for (const path of below) if (!states.has(path)) states.set(path, "other");
    if (isEnough(stateOf)) break;
  }
  return stateOf;
}

function isBelow(path: string, directory: string): boolean {
  return directory === "." || path.startsWith(`${directory}/`);
}

type Visit = (header: Header, content: AsyncIterable<unknown>) => Promise<void>;

async function readLayer(directory: string, layer: Descriptor, visit: Visit): Promise<void> {
  const { digest, mediaType } = layer;
  const path = blobFile(directory, digest);
  const fault = (reason: string, kind: "verify" | "output", cause?: unknown): RpmociError =>
    new RpmociError(`Failed to read the layer ${digest} in ${directory}: ${reason}`, {
      kind,
      code: kind === "verify" ? "LAYER_DAMAGED" : "LAYER_UNREADABLE",
      hint: "rpmoci layout validate checks all of a layout",
      cause,
    });
  const [matched, compression] = LAYER.exec(mediaType) ?? [];
  const algorithm = algorithmOf(digest);
  if (matched === undefined) throw fault(`its media type ${mediaType} is not known`, "output");
  if (algorithm === undefined) throw fault("the algorithm of its digest is not known", "output");
  let actual: string;
  try {
    actual = (await measureBlob({ path, algorithm })).digest;
  } catch (error) {
    throw fault(messageOf(error), "output", error);
  }
  if (actual !== digest) throw fault("its bytes have another digest", "verify");
  const { default: tar } = await import("tar-stream");
  const archive = tar.extract();
  const unpacking = compression === undefined ? [] : [await decompressor(compression)];
  try {
    await Promise.all([
      pipeline([createReadStream(path, { highWaterMark: 1 << 18 }), ...unpacking, archive]),
      visitAll(archive, visit),
    ]);
  } catch (error) {
    throw fault(messageOf(error), "output", error);
  }
}

async function visitAll(archive: Extract, visit: Visit): Promise<void> {
  for await (const entry of archive) {
    await visit(entry.header, entry);
    entry.resume();
  }
}

async function decompressor(compression: string): Promise<Transform> {
  if (compression === "gzip") return createGunzip();
  const { Decompress } = await import("fzstd");
  const decompress = new Decompress();
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      decompress.ondata = (data) => this.push(data);
      try {
        decompress.push(chunk);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        decompress.push(new Uint8Array(), true);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
