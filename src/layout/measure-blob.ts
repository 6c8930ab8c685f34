/** What a blob really is. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { messageOf } from "../errors.js";
import { LAYER_MEDIA_TYPE } from "../model/descriptor.js";

export interface MeasuredBlob {
  /** Bytes. */
  readonly size: number;
  readonly digest: string;
  /** Of a layer that is not compressed, or by gzip. */
  readonly diffId: string | undefined;
  /** Why the bytes are not what their media type says. */
  readonly fault: string | undefined;
}

/** Reads the file once, as a stream. Throws what reading throws. */
export async function measureBlob(path: string, mediaType: string): Promise<MeasuredBlob> {
  let size = 0;
  const hash = createHash("sha256");
  const gunzip = mediaType === LAYER_MEDIA_TYPE.gzip ? createGunzip() : null;
  const unpacked = createHash("sha256");
  let fault: string | undefined;
  const unpacking =
    gunzip &&
    pipeline(gunzip, unpacked).catch((error: unknown) => {
      fault = messageOf(error);
    });
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    size += chunk.length;
    hash.update(chunk);
    if (gunzip !== null && fault === undefined && !gunzip.destroyed && !gunzip.write(chunk)) {
      await Promise.race([once(gunzip, "drain"), unpacking]).catch(() => {});
    }
  }
  gunzip?.end();
  await unpacking;
  const digest = `sha256:${hash.digest("hex")}`;
  const whole = gunzip === null ? digest : `sha256:${unpacked.digest("hex")}`;
  const isUnpacked = (gunzip !== null && fault === undefined) || mediaType === LAYER_MEDIA_TYPE.none;
  return { size, digest, diffId: isUnpacked ? whole : undefined, fault };
}
