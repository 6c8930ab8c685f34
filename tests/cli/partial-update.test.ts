import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import test, { type TestContext } from "node:test";
import { update } from "../../src/index.js";
import { buildRpms, type RpmFixture } from "../support/rpm-fixture.js";
import type { RunResult } from "../support/run.js";
import { Scene } from "../support/scene.js";

const BASE = ["filesystem", "tiny-release"] as const;

const pkg = (name: string, version: string, requires: readonly string[] = [], more: Partial<RpmFixture> = {}) => ({
  name,
  version,
  requires,
  ...more,
});

const OLD = [
  pkg("web", "1", ["libweb >= 1", "libcommon"]),
  pkg("libweb", "1"),
  pkg("libcommon", "1"),
  pkg("db", "1", ["libcommon"]),
];
const NEW = [
  pkg("web", "2", ["libweb >= 2", "libcommon"]),
  pkg("libweb", "2"),
  pkg("libweb", "3"),
  pkg("libcommon", "2"),
  pkg("db", "2", ["libcommon"]),
];

async function lockedScene(t: TestContext, packages: readonly string[] = ["web", "db"]): Promise<Scene> {
  const scene = await Scene.create(t, { packages: [...BASE, ...OLD] });
  scene.writeManifest({ packages });
  const first = await scene.run(["update"]);
  assert.equal(first.code, 0, first.stderr);
  await scene.publish(NEW);
  return scene;
}

function changesOf(result: RunResult): readonly string[] {
  return result.stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^(Adding|Updating|Removing|Differs) /.test(line));
}

async function changes(scene: Scene, args: readonly string[], code = 0): Promise<readonly string[]> {
  const result = await scene.run(["update", ...args]);
  assert.equal(result.code, code, result.stderr);
  return changesOf(result);
}

test("update PKG updates it and what must move with it, by name, glob or specification", async (t) => {
  const scene = await lockedScene(t);
  assert.deepEqual(await changes(scene, ["db"]), ["Updating db 1-1 -> 2-1"]);
  assert.deepEqual(await changes(scene, ["libcomm*"]), ["Updating libcommon 1-1 -> 2-1"]);
  assert.deepEqual(await changes(scene, ["web"]), ["Updating libweb 1-1 -> 3-1", "Updating web 1-1 -> 2-1"]);
  assert.deepEqual(await changes(scene, []), []);
});

test("an update of a dependency alone takes the best version of it", async (t) => {
  const scene = await lockedScene(t);
  assert.deepEqual(await changes(scene, ["libweb"]), ["Updating libweb 1-1 -> 3-1"]);
});

test("an update of a dependency moves what holds it back", async (t) => {
  const scene = await Scene.create(t, { packages: [...BASE, pkg("app", "1", ["lib = 1"]), pkg("lib", "1"), ...OLD] });
  scene.writeManifest({ packages: ["app", "db"] });
  assert.equal((await scene.run(["update"])).code, 0);
  await scene.publish([pkg("app", "2", ["lib = 2"]), pkg("lib", "2"), ...NEW]);
  assert.deepEqual(await changes(scene, ["lib"]), ["Updating app 1-1 -> 2-1", "Updating lib 1-1 -> 2-1"]);
});

test("what no version allows stays, and what nobody needs any more goes", async (t) => {
  const scene = await Scene.create(t, {
    packages: [...BASE, pkg("app", "1", ["lib = 1", "helper"]), pkg("lib", "1"), pkg("helper", "1")],
  });
  scene.writeManifest({ packages: ["app"] });
  assert.equal((await scene.run(["update"])).code, 0);
  await scene.publish([pkg("lib", "2")]);
  assert.deepEqual(await changes(scene, ["lib"]), []);
  await scene.publish([pkg("app", "2", ["lib = 2"])]);
  assert.deepEqual(await changes(scene, ["app"]), [
    "Updating app 1-1 -> 2-1",
    "Removing helper 1-1",
    "Updating lib 1-1 -> 2-1",
  ]);
});

test("a listed specification that cannot have its best version is an error, as without a list", async (t) => {
  const scene = await lockedScene(t);
  await scene.publish([pkg("db", "3", ["nowhere"])]);
  for (const args of [["db"], []]) {
    const result = await scene.run(["update", ...args]);
    assert.equal(result.code, 4, result.stderr);
  }
  assert.deepEqual(await changes(scene, ["libcommon"]), ["Updating libcommon 1-1 -> 2-1"]);
});

test("a locked provider stays although a better one has come", async (t) => {
  const scene = await Scene.create(t, {
    packages: [...BASE, pkg("app", "1", ["mail"]), pkg("zz-mail", "1", [], { provides: ["mail"] })],
  });
  scene.writeManifest({ packages: ["app"] });
  assert.equal((await scene.run(["update"])).code, 0);
  await scene.publish([pkg("aa-mail", "1", [], { provides: ["mail"] }), pkg("app", "2", ["mail"])]);
  assert.deepEqual(await changes(scene, ["app"]), ["Updating app 1-1 -> 2-1"]);
  assert.ok(scene.lockedNames().includes("zz-mail"));
});

test("a locked version that was withdrawn moves, the others do not", async (t) => {
  const scene = await lockedScene(t);
  rmSync(`${scene.repository}/libcommon-1-1.noarch.rpm`);
  await scene.reindex();
  assert.deepEqual(await changes(scene, ["db"]), ["Updating db 1-1 -> 2-1", "Updating libcommon 1-1 -> 2-1"]);
});

test("specifications that are new in the manifest are resolved, the rest is kept", async (t) => {
  const scene = await lockedScene(t, ["web"]);
  scene.writeManifest({ packages: ["web", "db"] });
  assert.deepEqual(await changes(scene, ["libcommon"]), ["Adding db 2-1", "Updating libcommon 1-1 -> 2-1"]);
  scene.writeManifest({ packages: ["db"] });
  assert.deepEqual(await changes(scene, ["db"]), ["Removing libweb 1-1", "Removing web 1-1"]);
});

test("naming all packages gives the same lockfile as naming none", async (t) => {
  const scene = await lockedScene(t);
  const names = scene.lockedNames();
  const before = readFileSync(scene.lockfilePath);
  assert.equal((await changes(scene, [])).length, 4);
  const all = readFileSync(scene.lockfilePath, "utf8");
  for (const list of [names, ["*"]]) {
    writeFileSync(scene.lockfilePath, before);
    await changes(scene, list);
    assert.equal(readFileSync(scene.lockfilePath, "utf8"), all);
  }
});

test("several architectures of one name are kept and updated together", async (t) => {
  const both = (version: string) =>
    ["x86_64", "i686"].map((arch) =>
      pkg("duo", version, [], {
        arch,
        provides: arch === "i686" ? ["duo32"] : [],
        files: { [`/usr/lib/${arch}`]: "" },
      }),
    );
  const scene = await Scene.create(t, { packages: [...BASE, pkg("app", "1", ["duo", "duo32"]), ...both("1")] });
  scene.writeManifest({ packages: ["app"] });
  assert.equal((await scene.run(["update"])).code, 0);
  await scene.publish([...both("2"), pkg("app", "2", ["duo", "duo32"])]);
  const duos = () => scene.lockfile().packages.filter(({ name }) => name === "duo");
  const describe = () => duos().map(({ arch, evr }) => `${arch} ${evr}`);
  assert.equal(describe().length, 2, "both architectures are locked");
  await changes(scene, ["app"]);
  assert.ok(
    describe().every((text) => text.endsWith(" 1-1")),
    describe().join(),
  );
  await changes(scene, ["duo"]);
  assert.ok(
    describe().every((text) => text.endsWith(" 2-1")),
    describe().join(),
  );
});

test("an unknown package is an error that lists near names", async (t) => {
  const scene = await lockedScene(t);
  const before = readFileSync(scene.lockfilePath, "utf8");
  const result = await scene.run(["update", "db", "libwep"]);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /'libwep' is neither a locked package nor one of the manifest's packages/);
  assert.match(result.stderr, /did you mean libweb/);
  assert.equal(readFileSync(scene.lockfilePath, "utf8"), before);
});

test("--dry-run prints the difference, writes nothing and exits 3, or 0 when there is none", async (t) => {
  const scene = await lockedScene(t);
  const before = readFileSync(scene.lockfilePath, "utf8");
  const modified = statSync(scene.lockfilePath).mtimeMs;
  assert.deepEqual(await changes(scene, ["--dry-run", "db"], 3), ["Updating db 1-1 -> 2-1"]);
  assert.equal((await changes(scene, ["--dry-run"], 3)).length, 4);
  assert.equal(readFileSync(scene.lockfilePath, "utf8"), before);
  await changes(scene, []);
  assert.deepEqual(await changes(scene, ["--dry-run"], 0), []);
  assert.deepEqual(await changes(scene, ["--dry-run", "web"], 0), []);
  assert.notEqual(statSync(scene.lockfilePath).mtimeMs, modified);

  scene.writeManifest({ packages: ["db", "web"] });
  const [line = "", ...more] = await changes(scene, ["--dry-run"], 3);
  assert.match(line, /^Differs .*rpmoci\.lock: the same packages/);
  assert.deepEqual(more, []);
  rmSync(scene.lockfilePath);
  assert.equal((await changes(scene, ["--dry-run"], 3)).length, 6);
  assert.equal(existsSync(scene.lockfilePath), false);
});

test("--dry-run and names go with --from-lockfile", async (t) => {
  const scene = await lockedScene(t);
  const [local = ""] = await buildRpms(scene.directory, [{ name: "mine", requires: ["libcommon", "libweb"] }]);
  scene.writeManifest({ packages: ["mine-*.rpm"] });
  await changes(scene, ["libcommon"]);
  const locked = scene.lockfile().local_packages;
  rmSync(local);
  await scene.publish([pkg("libcommon", "3"), pkg("libweb", "4")]);
  assert.deepEqual(await changes(scene, ["--from-lockfile", "--dry-run", "libweb"], 3), ["Updating libweb 1-1 -> 4-1"]);
  assert.deepEqual(await changes(scene, ["--from-lockfile", "libweb"]), ["Updating libweb 1-1 -> 4-1"]);
  assert.deepEqual(scene.lockfile().local_packages, locked);
});

test("build resolves everything afresh when the lockfile no longer fits", async (t) => {
  const scene = await lockedScene(t);
  scene.writeManifest({ packages: ["web", "db", "libweb"] });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(
    scene
      .lockfile()
      .packages.filter(({ name }) => ["db", "libcommon", "libweb", "web"].includes(name))
      .map(({ evr }) => evr),
    ["2-1", "2-1", "3-1", "2-1"],
  );
});

test("the library tells changes, whether the file differs, and whether it was written", async (t) => {
  const scene = await lockedScene(t);
  const options = { manifestPath: scene.path("rpmoci.toml"), cacheDirectory: scene.path("cache") };
  const dry = await update({ ...options, packages: ["db"], dryRun: true });
  assert.deepEqual(dry.changes, [{ kind: "updated", name: "db", from: "1-1", to: "2-1" }]);
  assert.deepEqual([dry.changed, dry.written], [true, false]);
  const wet = await update({ ...options, packages: ["db"] });
  assert.deepEqual([wet.changes, wet.changed, wet.written], [dry.changes, true, true]);
  const again = await update({ ...options, packages: ["db"] });
  assert.deepEqual([again.changes, again.changed, again.written], [[], false, true]);
  await assert.rejects(update({ ...options, packages: ["nothing-like-it"] }), {
    kind: "usage",
    code: "PACKAGE_UNKNOWN",
  });
  // A lockfile of the original says neither where packages lie nor, in old versions, their architecture.
  const text = readFileSync(scene.lockfilePath, "utf8").replace(/^(location|size|source_rpm|arch) = .*\n/gm, "");
  writeFileSync(scene.lockfilePath, text);
  const original = await update({ ...options, packages: ["web"] });
  assert.deepEqual(
    original.changes.map(({ name }) => name),
    ["libweb", "web"],
  );
});
