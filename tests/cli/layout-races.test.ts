import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type BuildResult, build, type RpmociEvent, validateLayout } from "../../src/index.js";
import { withLayoutLock } from "../../src/layout/layout-lock.js";
import { readIndex } from "../support/image.js";
import { projectRoot } from "../support/project.js";
import { Scene } from "../support/scene.js";

const skip = process.geteuid?.() === 0 ? false : "only root can build in its own process";

/** A scene whose image has a layer a package. */
async function builtScene(t: TestContext): Promise<Scene> {
  const scene = await Scene.create(t, { packages: ["filesystem", "tiny-release", "tool-2.0"] });
  scene.writeManifest({ packages: ["tool"] });
  appendFileSync(scene.path("rpmoci.toml"), '\n[layers]\nstrategy = "package"\n');
  const result = await scene.build([], { reuse: true });
  assert.equal(result.code, 0, result.stderr);
  return scene;
}

interface Build {
  readonly tag: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly emit?: (event: RpmociEvent) => void;
}

function buildHere(scene: Scene, { emit = () => {}, ...options }: Build): Promise<BuildResult> {
  return build({
    manifestPath: scene.path("rpmoci.toml"),
    layout: scene.layout,
    cacheDirectory: scene.path("../cache/rpmoci"),
    environment: { ...process.env, SOURCE_DATE_EPOCH: "1720000000" },
    emit,
    ...options,
  });
}

/** Leaves the layout without its images, and all of their blobs to be garbage. */
function untag(scene: Scene): void {
  writeFileSync(join(scene.layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [] }));
}

async function assertOnly(scene: Scene, tag: string): Promise<void> {
  assert.deepEqual(await validateLayout(scene.layout), []);
  const { manifests } = readIndex(scene.layout);
  assert.deepEqual(
    manifests.map(({ annotations }) => annotations?.["org.opencontainers.image.ref.name"]),
    [tag],
  );
  assert.deepEqual(readdirSync(scene.layout).sort(), ["blobs", "index.json", "oci-layout"]);
}

test("layers that were found in the layout outlive their removal as garbage", { skip }, async (t) => {
  const scene = await builtScene(t);
  const types: string[] = [];
  const emit = (event: RpmociEvent): void => {
    types.push(event.type);
    if (event.type !== "layers-reused") return;
    untag(scene);
    const gc = spawnSync(process.execPath, [join(projectRoot, "dist/main.js"), "layout", "gc", scene.layout]);
    assert.equal(gc.status, 0, String(gc.stderr));
    assert.deepEqual(readdirSync(join(scene.layout, "blobs/sha256")), []);
  };
  await buildHere(scene, { tag: "other", labels: { other: "image" }, emit });
  assert.ok(types.includes("layers-reused"));
  await assertOnly(scene, "other");
});

test("an unchanged image that is removed as garbage before it gets its tag is built", { skip }, async (t) => {
  const scene = await builtScene(t);
  const types: string[] = [];
  let building: Promise<BuildResult> | undefined;
  await withLayoutLock(scene.layout, async () => {
    building = buildHere(scene, { tag: "other", emit: ({ type }) => types.push(type) });
    building.catch(() => {});
    // The image was found: what is left is to wait for the lock.
    while (!readdirSync(scene.layout).some((name) => /^\.rpmoci-\d/.test(name))) await delay(5);
    assert.ok(existsSync(join(scene.layout, "blobs/sha256")));
    untag(scene);
    for (const name of readdirSync(join(scene.layout, "blobs/sha256"))) {
      rmSync(join(scene.layout, "blobs/sha256", name));
    }
  });
  const result = await building;
  assert.equal(result?.unchanged, false);
  assert.ok(types.includes("image-written") && !types.includes("image-unchanged"));
  await assertOnly(scene, "other");
});
