import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { digestOf } from "../support/image.js";
import { projectRoot } from "../support/project.js";
import { run } from "../support/run.js";
import { Scene } from "../support/scene.js";

const REUSE = { reuse: true };

/** Empties the cache of the files of these packages. */
function forget(scene: Scene, names: readonly string[]): void {
  const values = scene
    .lockfile()
    .packages.filter(({ name }) => names.includes(name))
    .map(({ checksum }) => checksum.checksum);
  const files = join(scene.directory, "../cache/rpmoci/files/sha256");
  for (const value of values) rmSync(join(files, value.slice(0, 2), value));
}

test("without a network interface, a locked build needs nothing but the cache", async (t) => {
  if (process.geteuid?.() !== 0) return t.skip("only root can make a network namespace that dnf runs in");
  const scene = await Scene.built(t);
  const digest = digestOf(scene.layout, "test");
  rmSync(scene.layout, { recursive: true });
  const main = join(projectRoot, "dist/main.js");
  const build = ["build", "--locked", "--no-cache", "--image", "image", "--tag", "test"];
  const result = await run("unshare", ["--net", process.execPath, main, ...build], {
    cwd: scene.directory,
    env: { XDG_CACHE_HOME: join(scene.directory, "../cache"), SOURCE_DATE_EPOCH: "1720000000" },
  });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(digestOf(scene.layout, "test"), digest);
});

test("offline, everything works from what is in the cache, however old", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({
    repositories: [{ id: "tiny", url: scene.repositoryUrl, options: { metadata_expire: "0" } }],
  });
  const online = await scene.build();
  assert.equal(online.code, 0, online.stderr);
  const digest = digestOf(scene.layout, "test");
  const lock = readFileSync(scene.lockfilePath, "utf8");
  rmSync(scene.layout, { recursive: true });
  rmSync(scene.lockfilePath);
  await scene.server.close();
  const failed = await scene.run(["update"]);
  assert.equal(failed.code, 5, "a repository that does not answer was missed");
  for (const args of [
    ["update", "--offline"],
    ["build", "--offline", "--no-cache", "--image", "image", "--tag", "test"],
    ["vendor", "--offline", "--out-dir", "vendor"],
    ["tree", "--offline"],
    ["why", "--offline", "app"],
  ]) {
    const result = await scene.run(args, REUSE);
    assert.equal(result.code, 0, `${args.join(" ")}: ${result.stderr}`);
  }
  assert.equal(readFileSync(scene.lockfilePath, "utf8"), lock);
  assert.equal(digestOf(scene.layout, "test"), digest);
});

test("offline, a build lists all packages that are missing, and asks nobody", async (t) => {
  const scene = await Scene.built(t);
  const names = scene.lockedNames();
  const missing = names.slice(0, 2);
  forget(scene, missing);
  const before = scene.server.requests.length;
  const result = await scene.build(["--locked", "--offline", "--no-cache"], REUSE);
  assert.equal(result.code, 5);
  assert.match(result.stderr, /2 things are not in the cache, and nothing is fetched offline/);
  for (const name of names) {
    assert.equal(result.stderr.includes(`package ${name}-`), missing.includes(name), result.stderr);
  }
  assert.equal(scene.server.requests.length, before);
  const online = await scene.build(["--locked", "--no-cache"], REUSE);
  assert.equal(online.code, 0, online.stderr);
  assert.equal(scene.server.requests.length, before + missing.length);
});

test("offline, a cache that has nothing is told by the repository", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  const result = await scene.run(["update", "--offline"], REUSE);
  assert.equal(result.code, 5);
  assert.match(result.stderr, /repository "tiny".*not in the cache, and nothing is fetched offline/);
  assert.deepEqual(scene.server.requests, []);
});

test("offline and refresh contradict each other", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  const result = await scene.run(["update", "--offline", "--refresh"], REUSE);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /nothing can be refreshed offline/);
});

test("downloads are kept where --cache-dir says", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  const result = await scene.run(["vendor", "--cache-dir", "kept here", "--out-dir", "vendor"]);
  assert.equal(result.code, 3, "there is no lockfile yet");
  assert.equal((await scene.run(["update", "--cache-dir", "kept here"])).code, 0);
  assert.equal((await scene.run(["vendor", "--cache-dir", "kept here", "--out-dir", "vendor"])).code, 0);
  const kept = readdirSync(scene.path("kept here/files"), { recursive: true, encoding: "utf8" });
  for (const { checksum } of scene.lockfile().packages) {
    assert.ok(kept.some((name) => name.endsWith(checksum.checksum)));
  }
  assert.throws(() => readdirSync(join(scene.directory, "../cache/rpmoci/files")), { code: "ENOENT" });
});
