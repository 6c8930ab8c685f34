import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { MEDIA_TYPE } from "../../src/model/descriptor.js";
import { digestOf, readImage, readIndex } from "../support/image.js";
import { run } from "../support/run.js";
import { Scene } from "../support/scene.js";
import { tinyPackages } from "../support/tiny-distribution.js";

const REUSE = { reuse: true } as const;

/** A scene whose manifest asks for a layer a package, of a few packages that belong to nobody else. */
async function layeredScene(t: TestContext, layers = 'strategy = "package"'): Promise<Scene> {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["app", "tool", "capable"] });
  appendFileSync(scene.path("rpmoci.toml"), `\n[layers]\n${layers}\n`);
  return scene;
}

const layersOf = (scene: Scene, tag: string, layout = scene.layout): readonly string[] =>
  readImage(layout, tag).manifest.layers.map(({ digest }) => digest);

async function builds(scene: Scene, args: readonly string[] = []): Promise<string> {
  const result = await scene.build(args, REUSE);
  assert.equal(result.code, 0, result.stderr);
  return result.stderr;
}

/** dnf that says that it was called. */
function spyOnDnf(scene: Scene): { readonly env: Record<string, string>; called(): boolean } {
  const folder = scene.path("spy");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "dnf"), `#!/bin/sh\ntouch ${folder}/called\nexit 1\n`);
  chmodSync(join(folder, "dnf"), 0o755);
  return { env: { PATH: `${folder}:${process.env.PATH}` }, called: () => readdirSync(folder).includes("called") };
}

test("a layer for each package, the plan in the lockfile, and another layer on top", async (t) => {
  const scene = await layeredScene(t);
  await builds(scene);
  const plan = scene.lockfile().layer_plan as { strategy: string; layers: { name: string; packages: string[] }[] };
  assert.equal(plan.strategy, "package");
  assert.deepEqual(plan.layers.flatMap(({ packages }) => packages).sort(), scene.lockedNames());
  assert.equal(layersOf(scene, "test").length, plan.layers.length + 1);
  const { config } = readImage(scene.layout, "test");
  assert.equal(config.rootfs.diff_ids.length, plan.layers.length + 1);
  const shown = await scene.run(["layers", "--plan"]);
  assert.equal(shown.code, 0, shown.stderr);
  for (const name of scene.lockedNames()) assert.match(shown.stdout, new RegExp(`%  ${name}$`, "m"));
  assert.equal((await scene.run(["layers"])).stdout, shown.stdout);
  const data = JSON.parse((await scene.run(["layers", "--json"])).stdout);
  assert.deepEqual(
    data.map(({ name }: { name: string }) => name),
    plan.layers.map(({ name }) => name),
  );
});

test("skopeo unpacks layers of every compression to the same tree", async (t) => {
  const scene = await layeredScene(t);
  const trees: string[] = [];
  for (const [index, [compression, type]] of [
    ["gzip", "tar+gzip"],
    ["zstd", "tar+zstd"],
    ["none", "tar"],
  ].entries()) {
    scene.writeManifest({ packages: ["app", "tool", "capable"] });
    appendFileSync(scene.path("rpmoci.toml"), `\n[layers]\nstrategy = "package"\ncompression = "${compression}"\n`);
    const stderr = await builds(scene, ["--no-cache"]);
    assert.ok(!stderr.includes("Reusing"));
    for (const { mediaType } of readImage(scene.layout, "test").manifest.layers) {
      assert.equal(mediaType, `application/vnd.oci.image.layer.v1.${type}`);
    }
    const script = 'skopeo copy -q oci:image:test "dir:$1" && mkdir "$1-tree" && cd "$1" && python3 -c "$2"';
    const order = 'import json; print("\\n".join(l["digest"][7:] for l in json.load(open("manifest.json"))["layers"]))';
    const list = await run("bash", ["-c", script, "copy", scene.path(`copy-${index}`), order], {
      cwd: scene.directory,
    });
    assert.equal(list.code, 0, list.stderr);
    for (const name of list.stdout.trim().split("\n")) {
      const unpack = compression === "zstd" ? ["--zstd"] : compression === "gzip" ? ["-z"] : [];
      const blob = scene.path(`copy-${index}`, name);
      const result = await run("tar", [...unpack, "-xpf", blob, "-C", scene.path(`copy-${index}-tree`)]);
      assert.equal(result.code, 0, result.stderr);
    }
    const listing = 'cd "$1" && find . -printf "%p %y %m %s %l\\n" | LC_ALL=C sort';
    trees.push((await run("bash", ["-c", listing, "list", scene.path(`copy-${index}-tree`)])).stdout);
  }
  assert.match(trees[0] ?? "", /usr\/bin\/app/);
  assert.deepEqual(trees, [trees[0], trees[0], trees[0]]);
});

test("a package that changes takes only its layer and the topmost with it", async (t) => {
  const scene = await layeredScene(t);
  await builds(scene);
  const before = layersOf(scene, "test");
  const app = tinyPackages.app;
  assert.ok(app);
  await scene.publish([{ ...app, version: "3.0", files: { ...app.files, "/usr/bin/app": "three" } }]);
  assert.equal((await scene.run(["update"])).code, 0);
  const planned = await scene.run(["layers", "--image", "image"]);
  assert.match(planned.stdout, /new {2}app$/m);
  assert.equal(planned.stdout.match(/ reused /g)?.length, before.length - 2);
  const stderr = await builds(scene);
  assert.match(stderr, new RegExp(`Reusing ${before.length - 2} of ${before.length} layers`));
  const after = layersOf(scene, "test");
  assert.equal(after.filter((digest) => before.includes(digest)).length, before.length - 2);
  // The same as without anything to reuse.
  assert.equal((await scene.build(["--no-cache"], { ...REUSE })).code, 0);
  assert.deepEqual(layersOf(scene, "test"), after);
});

/** Adds an image of several platforms to a layout, which has the image of `tag` for one of them. */
function addIndex(layout: string, tag: string, name: string): void {
  const index = readIndex(layout);
  const digest = digestOf(layout, tag);
  const manifests = index.manifests.filter((entry) => entry.digest === digest);
  const bytes = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests });
  const hex = createHash("sha256").update(bytes).digest("hex");
  writeFileSync(join(layout, "blobs/sha256", hex), bytes);
  const annotations = { "org.opencontainers.image.ref.name": name };
  const entry = { mediaType: MEDIA_TYPE.index, digest: `sha256:${hex}`, size: Buffer.byteLength(bytes), annotations };
  writeFileSync(join(layout, "index.json"), JSON.stringify({ ...index, manifests: [...index.manifests, entry] }));
}

test("layers come from the cache and from --previous, and damaged ones do not", async (t) => {
  const scene = await layeredScene(t);
  await builds(scene);
  const layers = layersOf(scene, "test");
  const other = async (layout: string, args: readonly string[] = []): Promise<string> => {
    const result = await scene.run(["build", "--locked", "--image", layout, "--tag", "x", ...args], REUSE);
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(layersOf(scene, "x", scene.path(layout)), layers);
    return result.stderr;
  };
  assert.match(await other("cached"), new RegExp(`Reusing ${layers.length} of ${layers.length} layers`));
  const cache = scene.path("../cache/rpmoci/layers");
  // A link of its own inode: the layouts keep theirs.
  for (const name of readdirSync(cache).filter((entry) => entry.endsWith(".blob"))) {
    const path = join(cache, name);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = 1 ^ (bytes[bytes.length >> 1] ?? 0);
    await run("rm", [path]);
    writeFileSync(path, bytes);
  }
  assert.doesNotMatch(await other("anew"), /Reusing/);
  await run("rm", ["-rf", cache]);
  assert.match(await other("previous", ["--previous", "image:test"]), /Reusing/);
  await run("rm", ["-rf", cache]);
  addIndex(scene.layout, "test", "platforms");
  assert.match(await other("platforms", ["--previous", "image:platforms"]), /Reusing/);
  await run("rm", ["-rf", cache]);
  assert.doesNotMatch(await other("none", ["--previous", "image:unknown"]), /Reusing/);
  for (const layout of ["image", "cached", "anew", "previous", "none"]) {
    for (const digest of layersOf(scene, layout === "image" ? "test" : "x", scene.path(layout))) {
      const [, value = ""] = digest.split(":");
      const sum = await run("sha256sum", [scene.path(layout, "blobs/sha256", value)]);
      assert.equal(sum.stdout.slice(0, 64), value);
    }
  }
});

test("layers that were not used for a week leave the cache", async (t) => {
  const scene = await layeredScene(t);
  await builds(scene);
  const cache = scene.path("../cache/rpmoci/layers");
  const before = readdirSync(cache).length;
  assert.ok(before > 0);
  for (const name of readdirSync(cache).filter((entry) => entry.endsWith(".json"))) {
    utimesSync(join(cache, name), 1_700_000_000, 1_700_000_000);
  }
  const app = tinyPackages.app;
  assert.ok(app);
  await scene.publish([{ ...app, version: "3.0", files: { ...app.files, "/usr/bin/app": "three" } }]);
  assert.equal((await scene.run(["update"])).code, 0);
  await builds(scene);
  // Those that were found in the layout were not asked of the cache.
  assert.equal(readdirSync(cache).length, 4);
});

test("an unchanged build only sets the tag", async (t) => {
  const scene = await layeredScene(t, 'strategy = "single"');
  await builds(scene);
  const digest = digestOf(scene.layout, "test");
  const spy = spyOnDnf(scene);
  for (const tag of ["test", "another"]) {
    const result = await scene.run(["build", "--image", "image", "--tag", tag], { ...REUSE, env: spy.env });
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, /Unchanged image 'image:/);
    assert.equal(digestOf(scene.layout, tag), digest);
  }
  assert.ok(!spy.called());
});

test("what an image depends on is noticed when it changes", async (t) => {
  const scene = await layeredScene(t, 'strategy = "single"');
  await builds(scene);
  const spy = spyOnDnf(scene);
  const manifest = readFileSync(scene.path("rpmoci.toml"), "utf8");
  const isBuilt = async (args: readonly string[], env: Record<string, string> = {}): Promise<void> => {
    const result = await scene.build(args, { ...REUSE, env: { ...spy.env, ...env } });
    assert.notEqual(result.code, 0, result.stderr);
    assert.doesNotMatch(result.stderr, /Unchanged/);
  };
  await isBuilt(["--label", "a=b"]);
  await isBuilt(["--no-cache"]);
  await isBuilt([], { SOURCE_DATE_EPOCH: "1720000001" });
  for (const more of ['[image]\nauthor = "me"\n', "[layers]\nlevel = 2\n"]) {
    writeFileSync(scene.path("rpmoci.toml"), `${manifest.split("[layers]")[0]?.replace("[image]", "")}\n${more}`);
    await isBuilt([]);
  }
  writeFileSync(scene.path("rpmoci.toml"), manifest);
  const [layer = ""] = layersOf(scene, "test");
  truncateSync(scene.path("image/blobs/sha256", layer.slice(7)), 100);
  await isBuilt([]);
});
