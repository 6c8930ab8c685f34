import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { run, runSuccessfully } from "../support/run.js";
import { Scene } from "../support/scene.js";

async function lockedScene(t: TestContext): Promise<Scene> {
  const scene = await Scene.create(t, { packages: ["filesystem", "tiny-release", "tool-2.0"] });
  scene.writeManifest({ packages: ["tool"] });
  const result = await scene.run(["update"]);
  assert.equal(result.code, 0, result.stderr);
  return scene;
}

test("a place where no directory can be made is named at once", async (t) => {
  const scene = await lockedScene(t);
  const layout = await scene.run(["build", "--image", "/proc/nowhere/image", "--tag", "test"], { timeout: 20_000 });
  assert.equal(layout.code, 1, layout.stderr);
  assert.match(layout.stderr, /Failed to write the layout \/proc\/nowhere\/image: ENOENT/);
  const cache = await scene.run(["update"], { timeout: 20_000, env: { XDG_CACHE_HOME: "/proc/nowhere" } });
  assert.equal(cache.code, 1, cache.stderr);
  assert.match(cache.stderr, /Failed to write to the cache \/proc\/nowhere\/rpmoci/);
});

test("a vendor folder with something else than files in it is refused by name", async (t) => {
  const scene = await lockedScene(t);
  assert.equal((await scene.run(["vendor", "--out-dir", "vendor"])).code, 0);
  const odd = scene.path("vendor", "odd.rpm");
  const makers: readonly (() => unknown)[] = [
    () => mkdirSync(odd),
    () => symlinkSync("/nonexistent", odd),
    () => run("mkfifo", [odd]),
  ];
  for (const make of makers) {
    await make();
    const result = await scene.build(["--vendor-dir", "vendor"], { timeout: 20_000 });
    assert.equal(result.code, 6, result.stderr);
    assert.match(result.stderr, /odd\.rpm is not a package of the lockfile/);
    rmSync(odd, { recursive: true });
  }
});

test("a cache whose files became directories is mended", async (t) => {
  const scene = await lockedScene(t);
  const files = join(scene.directory, "..", "cache", "rpmoci", "files");
  for (const entry of readdirSync(files, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    rmSync(path);
    mkdirSync(join(path, "odd"), { recursive: true });
  }
  const result = await scene.run(["update"]);
  assert.equal(result.code, 0, result.stderr);
});

test("a directory in the lockfile's place is named, and no image is written", async (t) => {
  const scene = await lockedScene(t);
  rmSync(scene.lockfilePath);
  mkdirSync(scene.lockfilePath);
  for (const result of [await scene.run(["update"]), await scene.build()]) {
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /Failed to write the lockfile .*rpmoci\.lock: it is a directory/);
  }
  assert.equal(existsSync(scene.layout), false);
});

test("relative paths of the cache and of temporary files are taken from the current directory", async (t) => {
  const scene = await lockedScene(t);
  mkdirSync(scene.path("tmp"));
  const result = await scene.build([], { env: { XDG_CACHE_HOME: "cache", TMPDIR: "tmp" } });
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(readdirSync(scene.path("tmp")), []);
});

test("a manifest without any package cannot be built, and its encoding must be UTF-8", async (t) => {
  const scene = await lockedScene(t);
  scene.writeManifest({ packages: [], os_release: false });
  const empty = await scene.build();
  assert.equal(empty.code, 2, empty.stderr);
  assert.match(empty.stderr, /contents\.packages is empty/);
  const latin1 = Buffer.from('[contents]\nrepositories = []\npackages = ["caf\u00e9"]\n', "latin1");
  writeFileSync(scene.path("rpmoci.toml"), latin1);
  const encoding = await scene.build();
  assert.equal(encoding.code, 2, encoding.stderr);
  assert.match(encoding.stderr, /rpmoci\.toml: not valid TOML: it is not encoded in UTF-8/);
});

test("packages that a repository has outside of its folder are locked and found again", async (t) => {
  const scene = await lockedScene(t);
  await runSuccessfully("createrepo_c", ["--quiet", "--location-prefix", "../repo", scene.repository]);
  assert.equal((await scene.run(["update"])).code, 0);
  const result = await scene.build(["--locked"], { env: { XDG_CACHE_HOME: scene.path("empty") } });
  assert.equal(result.code, 0, result.stderr);
});
