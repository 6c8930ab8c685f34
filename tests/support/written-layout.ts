/** An image layout around given layers, written without anything of `src/`. */
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface LayerOfLayout {
  /** The blob's file. */
  readonly path: string;
  readonly compression: "gzip" | "zstd" | "none";
  /** `sha256:…` of the archive, and of the blob. */
  readonly diffId: string;
  readonly digest: string;
  readonly size: number;
}

const SUFFIXES = { gzip: "+gzip", zstd: "+zstd", none: "" } as const;

/** Makes the folder with one image of that tag. */
export function writeLayout(folder: string, tag: string, layers: readonly LayerOfLayout[]): void {
  const blobs = join(folder, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType: string, value: unknown) => {
    const text = JSON.stringify(value);
    const digest = createHash("sha256").update(text).digest("hex");
    writeFileSync(join(blobs, digest), text);
    return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(text) };
  };
  for (const { path, digest } of layers) copyFileSync(path, join(blobs, digest.slice("sha256:".length)));
  const config = put("application/vnd.oci.image.config.v1+json", {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const type = "application/vnd.oci.image.manifest.v1+json";
  const manifest = put(type, {
    schemaVersion: 2,
    mediaType: type,
    config,
    layers: layers.map(({ compression, digest, size }) => ({
      mediaType: `application/vnd.oci.image.layer.v1.tar${SUFFIXES[compression]}`,
      digest,
      size,
    })),
  });
  const annotations = { "org.opencontainers.image.ref.name": tag };
  writeFileSync(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(
    join(folder, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
}
