/** A package that its repository does not have any more, and where else it is found. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { digestOf } from "../support/image.js";
import { indexRepository } from "../support/repository-fixture.js";
import { Scene } from "../support/scene.js";

interface Withdrawn {
  readonly scene: Scene;
  /** Of the image that was built when the package was there. */
  readonly digest: string | null;
  readonly location: string;
}

/**
 * The package `app` is withdrawn after a build. A second repository is configured, which has nothing at first, and `kept`
 * is a copy of the package.
 */
async function withdraw(t: TestContext, repositories = 1): Promise<Withdrawn> {
  const scene = await Scene.create(t);
  const other = join(scene.repository, "other");
  mkdirSync(other);
  await indexRepository(other);
  const all = [
    { id: "tiny", url: scene.repositoryUrl },
    { id: "other", url: `${scene.repositoryUrl}/other` },
  ];
  scene.writeManifest({ repositories: all.slice(0, repositories) });
  const built = await scene.build();
  assert.equal(built.code, 0, built.stderr);
  assert.equal((await scene.run(["vendor", "--out-dir", "vendor"])).code, 0);
  const location = scene.lockfile().packages.find(({ name }) => name === "app")?.location ?? "";
  const path = join(scene.repository, location);
  copyFileSync(path, scene.path("kept"));
  rmSync(path);
  await indexRepository(scene.repository);
  const digest = digestOf(scene.layout, "test");
  assert.notEqual(digest, null);
  rmSync(scene.layout, { recursive: true });
  return { scene, digest, location };
}

const empty = (scene: Scene): readonly string[] => ["--locked", "--cache-dir", scene.path("empty-cache")];

test("a withdrawn package is taken from the cache", async (t) => {
  const { scene, digest } = await withdraw(t);
  const result = await scene.build(["--locked"]);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(digestOf(scene.layout, "test"), digest);
});

test("a withdrawn package is taken from another repository that has the same file", async (t) => {
  const { scene, digest, location } = await withdraw(t, 2);
  const other = join(scene.repository, "other");
  copyFileSync(scene.path("kept"), join(other, basename(location)));
  await indexRepository(other);
  const result = await scene.build(empty(scene));
  assert.equal(result.code, 0, result.stderr);
  assert.equal(digestOf(scene.layout, "test"), digest);
});

test("a withdrawn package is taken from a vendor folder, and nobody is asked", async (t) => {
  const { scene, digest } = await withdraw(t);
  const before = scene.server.requests.length;
  const result = await scene.run(
    [
      ...["build", "--image", "image", "--tag", "test", "--vendor-dir", "vendor", "--offline", "--no-cache"],
      ...empty(scene),
    ],
    { reuse: true },
  );
  assert.equal(result.code, 0, result.stderr);
  assert.equal(digestOf(scene.layout, "test"), digest);
  assert.equal(scene.server.requests.length, before);
});

test("a withdrawn package that is nowhere is named, with where it was looked for and what helps", async (t) => {
  const { scene, location } = await withdraw(t, 2);
  const result = await scene.build(empty(scene));
  assert.equal(result.code, 5);
  assert.match(result.stderr, /Package could no longer be found in repositories\. Name: 'app', evr: '2\.0-1'/);
  assert.ok(result.stderr.includes(`${scene.repositoryUrl}/${location}: not found`), result.stderr);
  assert.match(result.stderr, /no repository lists it with sha256:[0-9a-f]{64}: tiny, other/);
  assert.match(result.stderr, /rpmoci update app .*--vendor-dir/);
});
