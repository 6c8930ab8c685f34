import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { Scene } from "../support/scene.js";

test("vendor writes the locked packages as <checksum>.rpm and nothing else", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  assert.equal((await scene.run(["update"])).code, 0);
  const result = await scene.run(["vendor", "--out-dir", "deep/vendor"]);
  assert.equal(result.code, 0, result.stderr);
  const expected = scene.lockfile().packages.map(({ checksum }) => `${checksum.checksum}.rpm`);
  assert.deepEqual(readdirSync(scene.path("deep/vendor")).sort(), expected.sort());
  for (const name of expected) {
    const digest = createHash("sha256")
      .update(readFileSync(scene.path("deep/vendor", name)))
      .digest("hex");
    assert.equal(`${digest}.rpm`, name);
  }
});

test("vendor needs a lockfile that fits the manifest", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  const missing = await scene.run(["vendor", "--out-dir", "vendor"]);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /No valid lockfile found\. `vendor` can only be run with a compatible lockfile/);
  assert.equal((await scene.run(["update"])).code, 0);
  scene.writeManifest({ packages: ["tool"] });
  const outdated = await scene.run(["vendor", "--out-dir", "vendor"]);
  assert.equal(outdated.code, 3);
  assert.match(outdated.stderr, /Lockfile out of date\./);
  assert.ok(!existsSync(scene.path("vendor")));
});

test("vendor verifies signatures before it writes", async (t) => {
  const scene = await Scene.create(t, { key: null });
  scene.writeManifest();
  assert.equal((await scene.run(["update"])).code, 0);
  const result = await scene.run(["vendor", "--out-dir", "vendor"]);
  assert.equal(result.code, 6);
  assert.match(result.stderr, /package app-2\.0-1\.noarch is not signed/);
  assert.ok(!existsSync(scene.path("vendor")));
});
