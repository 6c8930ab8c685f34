/** What must hold of a layout at any time, whoever was killed: every blob is what its name says, every reference exists. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ImageManifest } from "../../src/model/descriptor.js";
import { blobPath, readIndex } from "./image.js";

export function assertSoundLayout(layout: string): void {
  const blobs = join(layout, "blobs", "sha256");
  for (const name of existsSync(blobs) ? readdirSync(blobs) : []) {
    const digest = createHash("sha256")
      .update(readFileSync(join(blobs, name)))
      .digest("hex");
    assert.equal(digest, name, "a blob is not what its name says");
  }
  if (!existsSync(join(layout, "index.json"))) return;
  for (const { digest } of readIndex(layout).manifests) {
    const manifest: ImageManifest = JSON.parse(readFileSync(blobPath(layout, digest), "utf8"));
    for (const descriptor of [manifest.config, ...manifest.layers]) {
      assert.equal(readFileSync(blobPath(layout, descriptor.digest)).length, descriptor.size);
    }
  }
}
