/** Layouts with images of any bytes, and what can be attached to them. */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Descriptor, MEDIA_TYPE } from "../../src/model/descriptor.js";

/** A layout that grows. */
export class WrittenLayout {
  constructor(readonly path: string) {
    mkdirSync(join(path, "blobs/sha256"), { recursive: true });
    writeFileSync(join(path, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(join(path, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [] }));
  }

  blob(mediaType: string, content: Buffer | object): Descriptor {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const hex = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(this.path, "blobs/sha256", hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  }

  /** An image manifest with layers of so many random bytes, which are no archives. */
  image(sizes: readonly number[], architecture = "amd64"): Descriptor {
    const layers = sizes.map((size) => this.blob("application/vnd.oci.image.layer.v1.tar", randomBytes(size)));
    const config = this.blob(MEDIA_TYPE.config, {
      created: "2024-07-03T09:46:40Z",
      architecture,
      os: "linux",
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    });
    const manifest = this.blob(MEDIA_TYPE.manifest, {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config,
      layers,
    });
    return { ...manifest, platform: { os: "linux", architecture } };
  }

  index(manifests: readonly Descriptor[]): Descriptor {
    return this.blob(MEDIA_TYPE.index, { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests });
  }

  /** An artifact about something. */
  artifact(subject: Descriptor, artifactType: string, content: string): Descriptor {
    const layers = [this.blob("application/json", Buffer.from(content))];
    const config = this.blob("application/vnd.oci.empty.v1+json", {});
    const { mediaType, digest, size } = subject;
    return this.blob(MEDIA_TYPE.manifest, {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      artifactType,
      config,
      layers,
      subject: { mediaType, digest, size },
    });
  }

  /** Adds an entry to `index.json`. */
  add(descriptor: Descriptor, tag?: string): void {
    const file = join(this.path, "index.json");
    const index = JSON.parse(readFileSync(file, "utf8"));
    const annotations = tag === undefined ? {} : { annotations: { "org.opencontainers.image.ref.name": tag } };
    index.manifests.push({ ...descriptor, ...annotations });
    writeFileSync(file, JSON.stringify(index));
  }
}
