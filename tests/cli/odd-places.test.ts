import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Scene } from "../support/scene.js";

const PACKAGES = ["filesystem", "tiny-release", "tool-2.0"];

test("a place where no directory can be made is named at once", async (t) => {
  const scene = await Scene.create(t, { packages: PACKAGES });
  scene.writeManifest({ packages: ["tool"] });
  const layout = await scene.run(["build", "--image", "/proc/nowhere/image", "--tag", "test"], { timeout: 20_000 });
  assert.equal(layout.code, 16, layout.stderr);
  assert.match(layout.stderr, /Failed to write the layout \/proc\/nowhere\/image: ENOENT/);
  const cache = await scene.run(["update"], { timeout: 20_000, env: { XDG_CACHE_HOME: "/proc/nowhere" } });
  assert.equal(cache.code, 17, cache.stderr);
  assert.match(cache.stderr, /Failed to write to the cache \/proc\/nowhere\/rpmoci/);
  assert.equal(scene.hasLockfile(), false);
});
