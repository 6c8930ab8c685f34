import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import test, { type TestContext } from "node:test";
import { Scene } from "../support/scene.js";

async function builtScene(t: TestContext): Promise<Scene> {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["app", "tool", "capable"] });
  appendFileSync(scene.path("rpmoci.toml"), '\n[layers]\nstrategy = "package"\ncompression = "zstd"\n');
  const { code, stderr } = await scene.build();
  assert.equal(code, 0, stderr);
  return scene;
}

test("x", async (t) => {
  const scene = await builtScene(t);
  (await import("node:fs")).cpSync(scene.layout, "/tmp/h/inspect/image", { recursive: true });
  for (const args of [
    ["files", "image"],
    ["files", "image", "--digest", "*app*"],
    ["size", "image:test"],
    ["size", "image:test", "--by", "directory"],
    ["size", "image", "--by", "layer"],
    ["size", "image", "--without", "app"],
    ["size", "image", "--without", "filesystem"],
  ]) {
    const r = await scene.run(args);
    console.log(r.code, r.stderr, "\n" + r.stdout);
  }
});
