/** What a blob really is. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { messageOf } from "../errors.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import type { Algorithm } from "./algorithm.js";

export interface BlobQuestion {
  readonly path: string;
  /** Of its digest. */
  readonly algorithm: Algorithm;
  /** Layers are unpacked. */
  readonly mediaType?: string | undefined;
  /** Of the digest of what a layer unpacks to. */
  readonly diffIdAlgorithm?: Algorithm | undefined;
}

export interface MeasuredBlob {
  /** Bytes. */
  readonly size: number;
  readonly digest: string;
  /** Undefined for what is no layer, and for one that cannot be unpacked. */
  readonly diffId: string | undefined;
  /** Why the bytes are not what their media type says. */
  readonly fault: string | undefined;
}

const LAYER = /^application\/vnd\.oci\.image\.layer\.(?:nondistributable\.)?v1\.tar(?:\+(gzip|zstd))?$/;

/** Reads the file as a stream, and once more what zstd packed. Throws what reading throws, and for what is no file. */
export async function measureBlob(question: BlobQuestion): Promise<MeasuredBlob> {
  const { path, algorithm, mediaType = "", diffIdAlgorithm = "sha256" } = question;
  // Nobody may ever write to a FIFO.
  if (!(await stat(path)).isFile()) throw new Error("it is not a file");
  const layer = LAYER.exec(mediaType);
  const unpacked = layer && layer[1] !== "zstd" ? createHash(diffIdAlgorithm) : null;
  const gunzip = layer?.[1] === "gzip" ? createGunzip() : null;
  let fault: string | undefined;
  const unpacking =
    gunzip &&
    unpacked &&
    pipeline(gunzip, unpacked).catch((error: unknown) => {
      fault = `cannot unpack it: ${messageOf(error)}`;
    });
  let size = 0;
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    size += chunk.length;
    hash.update(chunk);
    if (gunzip === null) unpacked?.update(chunk);
    else if (fault === undefined && !gunzip.destroyed && !gunzip.write(chunk)) {
      await Promise.race([once(gunzip, "drain"), unpacking]).catch(() => {});
    }
  }
  gunzip?.end();
  await unpacking;
  let diffId = fault === undefined ? unpacked?.digest("hex") : undefined;
  if (layer?.[1] === "zstd") {
    try {
      diffId = await nativeCall(binding().digestZstdContents(path, diffIdAlgorithm));
    } catch (error) {
      fault = messageOf(error);
    }
  }
  return {
    size,
    digest: `${algorithm}:${hash.digest("hex")}`,
    diffId: diffId && `${diffIdAlgorithm}:${diffId}`,
    fault,
  };
}
