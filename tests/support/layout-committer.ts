/**
 * Commits images of random layers into a layout, one after the other, until it is killed or `count` are done:
 * `node layout-committer.js LAYOUT PREFIX COUNT`. Writes a line for each tag that is in the layout for sure.
 */
import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { LayoutTransaction } from "../../src/layout/layout.js";
import { type Descriptor, type Digest, LAYER_MEDIA_TYPE, MEDIA_TYPE } from "../../src/model/descriptor.js";

const [layout = "", prefix = "", count = "1"] = process.argv.slice(2);
const platform = { os: "linux", architecture: "amd64" } as const;

function blobOf(mediaType: string, bytes: Buffer): { readonly bytes: Buffer; readonly descriptor: Descriptor } {
  const digest: Digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return { bytes, descriptor: { mediaType, digest, size: bytes.length } };
}

for (let number = 0; number < Number(count); number += 1) {
  const transaction = await LayoutTransaction.begin(layout);
  // Every other image has the same layer as those of other processes.
  const layer = blobOf(LAYER_MEDIA_TYPE.none, number % 2 === 0 ? Buffer.alloc(200_000, number) : randomBytes(200_000));
  const path = join(transaction.staging, "layer");
  writeFileSync(path, layer.bytes);
  const rootfs = { type: "layers", diff_ids: [layer.descriptor.digest] };
  const config = blobOf(MEDIA_TYPE.config, Buffer.from(JSON.stringify({ ...platform, author: prefix, rootfs })));
  const image = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: config.descriptor,
    layers: [layer.descriptor],
  };
  const manifest = blobOf(MEDIA_TYPE.manifest, Buffer.from(JSON.stringify(image)));
  const layers = [{ path, descriptor: layer.descriptor }];
  await transaction.commit({ images: [{ config, manifest, layers, platform }], index: null }, `${prefix}-${number}`);
  await transaction.discard();
  process.stdout.write(`${prefix}-${number}\n`);
}
