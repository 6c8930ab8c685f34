/** Layouts of images whose layers are any archives. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { LAYER_MEDIA_TYPE, MEDIA_TYPE } from "../../src/model/descriptor.js";
import { runSuccessfully } from "./run.js";

export type Packing = keyof typeof LAYER_MEDIA_TYPE;

export interface RawLayer {
  /** A tar archive. */
  readonly archive: Buffer;
  readonly packing?: Packing;
}

const sha256 = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

async function pack(archive: Buffer, packing: Packing, folder: string): Promise<Buffer> {
  if (packing === "none") return archive;
  if (packing === "gzip") return gzipSync(archive);
  const path = join(folder, "archive.tar");
  writeFileSync(path, archive);
  return Buffer.from(await runSuccessfully("sh", ["-c", `zstd -q --rm -c ${path} | base64`]), "base64");
}

/** A layout with one image, under the tag `test`. */
export async function writeRawLayout(folder: string, layers: readonly RawLayer[]): Promise<void> {
  mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
  const add = (bytes: Buffer, mediaType: string) => {
    const digest = sha256(bytes);
    writeFileSync(join(folder, "blobs", digest.replace(":", "/")), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const addJson = (value: unknown, mediaType: string) => add(Buffer.from(JSON.stringify(value)), mediaType);
  const descriptors = [];
  for (const { archive, packing = "none" } of layers) {
    descriptors.push(add(await pack(archive, packing, folder), LAYER_MEDIA_TYPE[packing]));
  }
  const rootfs = { type: "layers", diff_ids: layers.map(({ archive }) => sha256(archive)) };
  const config = addJson({ architecture: "amd64", os: "linux", config: {}, rootfs, history: [] }, MEDIA_TYPE.config);
  const manifest = addJson(
    { schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers: descriptors },
    MEDIA_TYPE.manifest,
  );
  const annotations = { "org.opencontainers.image.ref.name": "test" };
  writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(folder, "index.json"),
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [{ ...manifest, annotations }] }),
  );
}
