/** Images that are built on others: what the base has is neither installed nor stored again. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import test, { type TestContext } from "node:test";
import {
  basedScene,
  basePackages,
  buildBase,
  unpackedTree,
  withoutDirectoryTimes,
  writeBased,
} from "../support/based-scene.js";
import { blobPath, digestOf, layerEntries, readImage } from "../support/image.js";
import { needsRoot } from "../support/needs-root.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import type { Scene } from "../support/scene.js";
import { tinyPackages } from "../support/tiny-distribution.js";

/** Builds the manifest, which has no base now, and compares the root with that of the image `rpm`. */
async function assertSameAsFlat(t: TestContext, scene: Scene): Promise<void> {
  const flat = await scene.run(["build", "--image", "image", "--tag", "flat", "--engine", "rpm"]);
  assert.equal(flat.code, 0, flat.stderr);
  const [expected, actual] = [
    await unpackedTree(t, scene.layout, "flat"),
    await unpackedTree(t, scene.layout, "rpm"),
  ].map(withoutDirectoryTimes);
  assert.deepEqual(actual, expected);
}

test("packages of the base are not installed again, and its layers are kept", { skip: needsRoot }, async (t) => {
  const scene = await basedScene(t);
  writeBased(scene, { packages: ["app", "libtiny"] });
  for (const engine of ["rpm", "dnf"]) {
    const result = await scene.run(["build", "--image", "image", "--tag", engine, "--engine", engine]);
    assert.equal(result.code, 0, result.stderr);
  }
  assert.deepEqual(scene.lockedNames(), ["app"]);
  assert.equal(digestOf(scene.layout, "rpm"), digestOf(scene.layout, "dnf"));
  const base = readImage(scene.path("base"), "test");
  const image = readImage(scene.layout, "rpm");
  assert.deepEqual(image.manifest.layers.slice(0, -1), base.manifest.layers);
  assert.deepEqual(image.config.rootfs.diff_ids.slice(0, -1), base.config.rootfs.diff_ids);
  const entries = await layerEntries(scene.layout, "rpm", { index: -1 });
  assert.deepEqual(
    [...entries.keys()].filter((path) => entries.get(path)?.type !== "directory"),
    ["etc/app.conf", "usr/bin/app", "usr/bin/app-link", "usr/bin/app-symlink", "usr/lib/sysimage/rpm/rpmdb.sqlite"],
  );
  // The same packages without a base make the same root.
  writeBased(scene, { base: "", packages: ["app", "tiny-release", "libtiny", "tool-1.8.0"] });
  await assertSameAsFlat(t, scene);
});

const older: readonly RpmFixture[] = [
  { name: "widget", version: "1", files: { "/usr/share/widget/old": "old\n", "/usr/share/widget/same": "same\n" } },
  {
    name: "gadget",
    files: { "/usr/share/gadget/data": "data\n", "/etc/gadget.conf": "gadget\n" },
    dirs: { "/usr/share/gadget": {} },
  },
  {
    name: "spare",
    files: { "/usr/share/spare/a": "a\n", "/usr/bin/spare": { content: "spare\n", mode: 0o755 } },
    dirs: { "/usr/share/spare": {} },
  },
];

const withOlder = { packages: [...Object.keys(tinyPackages), ...older] };

const newer: readonly RpmFixture[] = [
  { name: "widget", version: "2", files: { "/usr/share/widget/new": "new\n", "/usr/share/widget/same": "same\n" } },
  { name: "gizmo", obsoletes: ["gadget < 2"], files: { "/usr/share/gizmo": "gizmo\n" } },
];

test("what is updated, obsoleted, excluded and removed is hidden, by either engine", { skip: needsRoot }, async (t) => {
  const scene = await basedScene(t, { packages: [...basePackages, "widget", "gadget", "spare"] }, withOlder);
  await scene.publish(newer);
  const contents = { exclude: ["spare"], remove_files: ["/usr/lib64/**"] };
  writeBased(scene, { packages: ["widget", "gizmo"], contents });
  for (const engine of ["rpm", "dnf"]) {
    const result = await scene.run(["build", "--image", "image", "--tag", engine, "--engine", engine]);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, /Excluded spare-1-1/);
  }
  assert.deepEqual(scene.lockedNames(), ["gizmo", "widget"]);
  assert.equal(digestOf(scene.layout, "rpm"), digestOf(scene.layout, "dnf"));
  const entries = await layerEntries(scene.layout, "rpm", { index: -1 });
  const whiteouts = [...entries.keys()].filter((path) => path.includes(".wh."));
  assert.deepEqual(whiteouts, [
    "etc/.wh.gadget.conf",
    "usr/bin/.wh.spare",
    "usr/lib64/.wh.libtiny.so.1",
    "usr/share/.wh.gadget",
    "usr/share/.wh.spare",
    "usr/share/widget/.wh.old",
  ]);
  const { mode, size, mtime, type } = entries.get("usr/share/.wh.gadget") ?? {};
  assert.deepEqual({ mode, size, mtime, type }, { mode: 0, size: 0, mtime: 0, type: "file" });
  // As far as bytes and attributes are the base's, they are not stored again.
  assert.equal(entries.has("usr/share/widget/same"), false);
  writeBased(scene, {
    base: "",
    packages: ["tiny-release", "libtiny", "tool-1.8.0", "widget", "gizmo"],
    contents: { remove_files: contents.remove_files },
  });
  await assertSameAsFlat(t, scene);
});

test("the base is locked by its digest", async (t) => {
  const scene = await basedScene(t);
  writeBased(scene);
  assert.equal((await scene.build()).code, 0);
  const first = digestOf(scene.layout, "test");
  const locked = digestOf(scene.path("base"), "test");
  assert.deepEqual({ ...(scene.lockfile().base as object) }, { image: "oci:base:test", digest: locked });
  await buildBase(scene, { packages: [...basePackages, "capable"] });
  writeBased(scene);
  // The tag leads elsewhere, and the image that it led to is still there.
  const again = await scene.build(["--locked"]);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(digestOf(scene.layout, "test"), first);
  const dry = await scene.run(["update", "--dry-run"]);
  assert.equal(dry.code, 3, dry.stderr);
  const update = await scene.run(["update"]);
  assert.equal(update.code, 0, update.stderr);
  const moved = digestOf(scene.path("base"), "test");
  assert.match(update.stderr, new RegExp(`Updating base image oci:base:test ${locked} -> ${moved}`));
  assert.equal((await scene.run(["layout", "gc", "base"])).code, 0);
  const moved2 = await scene.build(["--locked"]);
  assert.equal(moved2.code, 0, moved2.stderr);
  // What was locked first is gone for good.
  const lockfile = readFileSync(scene.lockfilePath, "utf8");
  writeFileSync(scene.lockfilePath, lockfile.replace(moved ?? "", locked ?? ""));
  const gone = await scene.build(["--locked"]);
  assert.equal(gone.code, 5, gone.stderr);
  assert.match(gone.stderr, /the base image oci:base:test cannot be had: sha256:\w+ is not there/);
  writeFileSync(scene.lockfilePath, lockfile);
  rmSync(scene.path("base"), { recursive: true });
  const missing = await scene.build(["--locked"]);
  assert.equal(missing.code, 5, missing.stderr);
  assert.match(missing.stderr, /the base image oci:base:test cannot be had/);
});

test("an unchanged image is recognised, and another base makes another one", async (t) => {
  const scene = await basedScene(t);
  writeBased(scene);
  assert.equal((await scene.build([], { reuse: true })).code, 0);
  const again = await scene.build([], { reuse: true });
  assert.match(again.stderr, /Unchanged/);
  writeBased(scene, { base: "base:test" });
  const renamed = await scene.build([], { reuse: true });
  assert.equal(renamed.code, 0, renamed.stderr);
  assert.match(renamed.stderr, /Reusing 1 of 1 layer/);
  const locked = await scene.build(["--locked"], { reuse: true });
  assert.match(locked.stderr, /Unchanged/);
  writeBased(scene);
  const outdated = await scene.build(["--locked"]);
  assert.equal(outdated.code, 3, outdated.stderr);
});

test("a damaged base fails with one error", async (t) => {
  const scene = await basedScene(t);
  writeBased(scene);
  assert.equal((await scene.run(["update"])).code, 0);
  const [layer] = readImage(scene.path("base"), "test").manifest.layers;
  const path = blobPath(scene.path("base"), layer?.digest ?? "");
  const bytes = readFileSync(path);
  bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
  rmSync(path);
  writeFileSync(path, bytes);
  const result = await scene.build(["--locked"]);
  assert.equal(result.code, 6, result.stderr);
  assert.match(result.stderr, /the image oci:base:test is damaged: sha256:/);
});

test("all that is asked for is in the base", async (t) => {
  const scene = await basedScene(t);
  const more = { image: { entrypoint: ["/usr/bin/tool"] } };
  writeBased(scene, { packages: ["tiny-release", "libtiny"], more });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(scene.lockedNames(), []);
  const base = readImage(scene.path("base"), "test");
  const { manifest, config } = readImage(scene.layout, "test");
  assert.deepEqual(manifest.layers, base.manifest.layers);
  assert.deepEqual(config.history.at(-1), {
    created: "2024-07-03T09:46:40Z",
    created_by: "Created by rpmoci",
    empty_layer: true,
  });
  assert.deepEqual(config.config.Entrypoint, ["/usr/bin/tool"]);
});

test("the configuration is the base's with the manifest's on top", async (t) => {
  const image = {
    user: "65534",
    workingdir: "/srv",
    stopsignal: "SIGQUIT",
    author: "somebody",
    entrypoint: ["base"],
    cmd: ["--base"],
    exposed_ports: ["80/tcp"],
    volumes: ["/data"],
    envs: { BASE: "1", BOTH: "base", PATH: "/base" },
    labels: { base: "1", both: "base" },
  };
  const scene = await basedScene(t, { more: { image } });
  writeBased(scene, { more: { image: { envs: { BOTH: "app" }, labels: { both: "app" }, annotations: {} } } });
  assert.equal((await scene.build()).code, 0);
  const base = readImage(scene.path("base"), "test");
  const built = readImage(scene.layout, "test");
  assert.deepEqual(built.config.config, {
    ...base.config.config,
    Env: ["BASE=1", "BOTH=app", "PATH=/base"],
    Labels: { base: "1", both: "app" },
  });
  assert.equal(built.config.author, "somebody");
  assert.deepEqual(built.config.history.slice(0, 1), base.config.history);
  assert.equal(built.config.history.length, 2);
  const annotations = built.manifest.annotations;
  assert.equal(annotations?.["org.opencontainers.image.base.digest"], digestOf(scene.path("base"), "test"));
  assert.equal(annotations?.["org.opencontainers.image.base.name"], undefined);
  writeBased(scene, { more: { image: { entrypoint: ["app"], exposed_ports: ["90/tcp"] } } });
  assert.equal((await scene.build()).code, 0);
  const { Entrypoint, Cmd, ExposedPorts, User } = readImage(scene.layout, "test").config.config;
  assert.deepEqual([Entrypoint, Cmd, ExposedPorts, User], [["app"], undefined, { "90/tcp": {} }, "65534"]);
});

test("policy and errors know what is in the base", async (t) => {
  const scene = await basedScene(t, { packages: [...basePackages, "gadget"] }, withOlder);
  await scene.publish([
    ...newer,
    { name: "enemy", conflicts: ["libtiny"] },
    { name: "needy", requires: ["libtiny >= 2:9"] },
  ]);
  const more = { policy: { forbidden: ["gad*"] } };
  writeBased(scene, { more });
  const forbidden = await scene.run(["update"]);
  assert.equal(forbidden.code, 7, forbidden.stderr);
  assert.match(forbidden.stderr, /"gad\*" forbids gadget-1-1.noarch, which is in the base image/);
  writeBased(scene, { more, packages: ["gizmo"] });
  assert.equal((await scene.run(["update"])).code, 0);
  const why = await scene.run(["why", "libtiny"]);
  assert.equal(why.code, 4, why.stderr);
  assert.match(why.stderr, /'libtiny' is in the base image oci:base:test: libtiny-1:1.2-1.x86_64/);
  const reasons = await scene.run(["why", "gizmo"]);
  assert.match(reasons.stdout, /packages: "gizmo"/);
  writeBased(scene, { packages: ["enemy"] });
  const conflict = await scene.run(["update"]);
  assert.equal(conflict.code, 4, conflict.stderr);
  assert.match(conflict.stderr, /enemy-1-1.noarch \(tiny\) conflicts with libtiny.*\(in the base image\)/);
  writeBased(scene, { packages: ["needy"] });
  const needy = await scene.run(["update"]);
  assert.equal(needy.code, 4, needy.stderr);
  assert.match(needy.stderr, /nothing provides libtiny >= 2:9 needed by needy/);
});

test("commands that look into images know those that are built on others", async (t) => {
  const scene = await basedScene(t, { packages: [...basePackages, "widget"] }, withOlder);
  await scene.publish(newer);
  writeBased(scene, { packages: ["app", "widget"], more: { layers: { strategy: "package" } } });
  const built = await scene.build(["--provenance", "--sbom", "spdx", "--sbom-dir", "documents"]);
  assert.equal(built.code, 0, built.stderr);
  const json = async (...args: readonly string[]) => JSON.parse((await scene.run([...args, "--json"])).stdout);
  const provenance = JSON.parse(readFileSync(scene.path("documents/test.intoto.json"), "utf8"));
  const { externalParameters, resolvedDependencies } = provenance.predicate.buildDefinition;
  assert.equal(externalParameters.base, "oci:base:test");
  const digest = digestOf(scene.path("base"), "test")?.slice("sha256:".length);
  assert.deepEqual(resolvedDependencies[0], { name: "oci:base:test", digest: { sha256: digest } });
  const bill = JSON.parse(readFileSync(scene.path("documents/test.spdx.json"), "utf8"));
  const names: readonly string[] = bill.packages.map(({ name }: { name: string }) => name);
  for (const name of ["app", "widget", "libtiny", "tool"]) assert.ok(names.includes(name), name);
  const verified = await scene.run(["verify", "image:test", "--rebuild"]);
  assert.equal(verified.code, 0, verified.stderr + verified.stdout);
  const files = await scene.run(["files", "image:test", "/usr/share/widget/*"]);
  assert.equal(files.code, 0, files.stderr);
  assert.match(files.stdout, /widget\/new/);
  assert.doesNotMatch(files.stdout, /widget\/old/);
  const size = await scene.run(["size", "image:test", "--by", "layer"]);
  assert.equal(size.code, 0, size.stderr);
  const difference = await scene.run(["diff", "base:test", "image:test"]);
  assert.match(difference.stdout, /upgraded +widget/);
  assert.match(difference.stdout, /removed +\/usr\/share\/widget\/old/);
  assert.equal((await scene.run(["layout", "validate", "image"])).code, 0);
  // One layer for each package, and one on top.
  const { manifest } = readImage(scene.layout, "test");
  assert.equal(manifest.layers.length, 4);
  const again = await scene.run(["build", "--image", "again", "--tag", "test", "--previous", "image:test"], {
    reuse: true,
  });
  assert.match(again.stderr, /Reusing 3 of 3 layers/);
  assert.equal(digestOf(scene.path("again"), "test"), digestOf(scene.layout, "test"));
  const layers = await scene.run(["layers"]);
  assert.equal(layers.code, 0, layers.stderr);
  await json("size", "image:test");
});

test("a partial update keeps the base and what is in it", async (t) => {
  const scene = await basedScene(t, { packages: [...basePackages, "widget"] }, withOlder);
  writeBased(scene, { packages: ["app", "widget"] });
  assert.equal((await scene.run(["update"])).code, 0);
  assert.deepEqual(scene.lockedNames(), ["app"]);
  const { base } = scene.lockfile();
  await buildBase(scene, { packages: [...basePackages, "capable"] });
  writeBased(scene, { packages: ["app", "widget"] });
  await scene.publish([...newer, { ...tinyPackages.app, name: "app", version: "3.0" }]);
  const partial = await scene.run(["update", "app"]);
  assert.equal(partial.code, 0, partial.stderr);
  assert.deepEqual(scene.lockfile().base, base);
  assert.deepEqual(
    scene.lockfile().packages.map(({ name, evr }) => `${name}-${evr}`),
    ["app-3.0-1"],
  );
  const full = await scene.run(["update"]);
  assert.equal(full.code, 0, full.stderr);
  assert.notDeepEqual(scene.lockfile().base, base);
  assert.deepEqual(scene.lockedNames(), ["app", "widget"]);
});
