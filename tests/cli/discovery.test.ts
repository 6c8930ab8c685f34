/** Bills of materials and provenance of an image in a registry are found as `oras discover` and its kin look for them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { type TestContext } from "node:test";
import { type Discovery, discover, fetchDocument } from "../support/discover.js";
import { digestOf } from "../support/image.js";
import { ListingRegistry } from "../support/listing-registry.js";
import { registrySkip, startRegistry } from "../support/registry.js";
import { Scene } from "../support/scene.js";

const SUFFIXES: Readonly<Record<string, string>> = {
  "application/spdx+json": "spdx.json",
  "application/vnd.cyclonedx+json": "cdx.json",
  "application/vnd.in-toto+json": "intoto.json",
};

const DOCUMENTS = ["--sbom", "spdx,cyclonedx", "--provenance", "--sbom-dir", "documents"];

/** Nobody's credentials. */
const env = { HOME: "/nonexistent", XDG_RUNTIME_DIR: "/nonexistent", REGISTRY_AUTH_FILE: undefined };

/** A scene with an image and its documents, pushed as `app:test`. */
async function pushed(t: TestContext, host: string): Promise<{ readonly scene: Scene; readonly image: string }> {
  const scene = await Scene.create(t);
  scene.writeManifest();
  const built = await scene.build(DOCUMENTS);
  assert.equal(built.code, 0, built.stderr);
  for (let time = 0; time < 2; time += 1) {
    const { code, stderr } = await scene.run(["push", "image:test", `registry:${host}/app`], { env });
    assert.equal(code, 0, stderr);
  }
  return { scene, image: digestOf(scene.layout, "test") ?? "no image" };
}

async function assertDocuments(scene: Scene, host: string, image: string, found: Discovery): Promise<void> {
  assert.deepEqual(found.referrers.map(({ artifactType = "" }) => artifactType).sort(), Object.keys(SUFFIXES).sort());
  for (const entry of found.referrers) {
    const document = await fetchDocument(host, "app", image, entry);
    const written = readFileSync(scene.path(`documents/test.${SUFFIXES[entry.artifactType ?? ""]}`));
    assert.ok(document.equals(written), entry.artifactType);
  }
}

test("a registry without a list of referrers has them under the tag that takes its place", {
  skip: registrySkip,
}, async (t) => {
  const { host } = await startRegistry(t);
  const { scene, image } = await pushed(t, host);
  const found = await discover(host, "app", image);
  assert.equal(found.by, "tag");
  await assertDocuments(scene, host, image, found);
  const [only, ...others] = (await discover(host, "app", image, "application/spdx+json")).referrers;
  assert.deepEqual([only?.artifactType, others], ["application/spdx+json", []]);

  // Another image has its own; one without documents has none.
  scene.writeManifest({}, { author: "somebody" });
  assert.equal((await scene.build(["--sbom", "spdx", "--image", `registry:${host}/app`], { env })).code, 0);
  const other = digestOf(scene.layout, "test") ?? "";
  assert.equal((await discover(host, "app", other)).referrers.length, 1);
  assert.equal((await discover(host, "app", image)).referrers.length, 3);
  assert.deepEqual(await discover(host, "app", `sha256:${"0".repeat(64)}`), { by: null, referrers: [] });
});

test("a registry with a list has them there, and gets no tag for it", async (t) => {
  const registry = await ListingRegistry.start(t);
  const { scene, image } = await pushed(t, registry.host);
  const found = await discover(registry.host, "app", image);
  assert.equal(found.by, "list");
  await assertDocuments(scene, registry.host, image, found);
  assert.deepEqual(registry.tags, ["test"]);
  const { referrers } = await discover(registry.host, "app", image, "application/vnd.in-toto+json");
  assert.equal(referrers.length, 1);
});
