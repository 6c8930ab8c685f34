/** Reads the archives of layers as streams. */
import { createReadStream } from "node:fs";
import { posix } from "node:path";
import { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { Extract, Header } from "tar-stream";
import { messageOf, RpmociError } from "../errors.js";
import type { Descriptor } from "../model/descriptor.js";
import { algorithmOf } from "./algorithm.js";
import { blobFile } from "./blob-file.js";
import { measureBlob } from "./measure-blob.js";
import { unzstd } from "./unpack.js";

/** OCI's and Docker's names. */
const LAYER =
  /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1\.tar|docker\.image\.rootfs(?:\.foreign)?\.diff\.tar)(?:[+.](gzip|zstd))?$/;

export const WHITEOUT = ".wh.";
export const OPAQUE = ".wh..wh..opq";

/** `path` is without slashes at its ends. Whatever is not read of `content` is passed over. */
export type VisitEntry = (path: string, header: Header, content: AsyncIterable<unknown>) => Promise<void> | void;

/**
 * Hands `visit` each entry of a layer, one after the other, once the whole of it is known to be what its digest says.
 * Throws an `RpmociError` of kind `verify` when it is not, and of kind `output` when it is missing or cannot be read, or
 * when `visit` throws.
 */
export async function readLayer(directory: string, layer: Descriptor, visit: VisitEntry): Promise<void> {
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
  const unpacking = compression === undefined ? [] : [compression === "gzip" ? createGunzip() : Duplex.from(unzstd)];
  try {
    await Promise.all([
      pipeline([createReadStream(path, { highWaterMark: 1 << 18 }), ...unpacking, archive]),
      visitAll(archive, visit),
    ]);
  } catch (error) {
    throw fault(messageOf(error), "output", error);
  }
}

async function visitAll(archive: Extract, visit: VisitEntry): Promise<void> {
  for await (const entry of archive) {
    await visit(posix.normalize(`/${entry.header.name}`).replace(/^\/|\/$/g, ""), entry.header, entry);
    entry.resume();
  }
}
