/** Takes a layer's blob over from where an earlier build left it. */
import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, link, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { Layer } from "../model/descriptor.js";

/**
 * The same layer in the file `target`, linked where that is possible; its bytes have been verified. Null when they are
 * not what they should be, or are gone.
 */
export async function takeLayer(layer: Layer, target: string): Promise<Layer | null> {
  const { path, descriptor } = layer;
  if (path === undefined) return null;
  try {
    await link(path, target).catch(() => copyFile(path, target, constants.COPYFILE_FICLONE));
    const hash = createHash("sha256");
    await pipeline(createReadStream(target, { highWaterMark: 1 << 20 }), hash);
    if (`sha256:${hash.digest("hex")}` === descriptor.digest) return { ...layer, path: target };
  } catch {
    // What cannot be read is made anew.
  }
  await rm(target, { force: true });
  return null;
}
