/** Images that are built on others: what the base has is neither installed nor stored again. */
import assert from "node:assert/strict";
import test from "node:test";
import { basedScene, unpackedTree, withoutDirectoryTimes, writeBased } from "../support/based-scene.js";
import { digestOf, layerEntries, readImage } from "../support/image.js";

test("packages of the base are not installed again, and its layers are kept", async (t) => {
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
    [
      "etc/app.conf",
      "usr/bin/app",
      "usr/bin/app-link",
      "usr/bin/app-symlink",
      "usr/lib/sysimage/rpm/rpmdb.sqlite",
    ],
  );
  // The same packages without a base make the same root.
  writeBased(scene, { base: "", packages: ["app", "tiny-release", "libtiny", "tool-1.8.0"] });
  const flat = await scene.run(["build", "--image", "image", "--tag", "flat", "--engine", "rpm"]);
  assert.equal(flat.code, 0, flat.stderr);
  const [expected, actual] = [
    await unpackedTree(t, scene.layout, "flat"),
    await unpackedTree(t, scene.layout, "rpm"),
  ].map(withoutDirectoryTimes);
  assert.deepEqual(actual, expected);
});
