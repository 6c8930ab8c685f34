import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { Scene } from "../support/scene.js";

const cacheOf = (scene: Scene): string => join(scene.directory, "..", "cache", "rpmoci");

/** A scene that has fetched its metadata once, with the requests for it forgotten. */
async function updatedScene(t: TestContext, options: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const scene = await Scene.create(t, { packages: ["tool-1.8"] });
  writeManifest(scene, options);
  await update(scene);
  await scene.publish(["tool-2.0"]);
  return scene;
}

function writeManifest(scene: Scene, options: Readonly<Record<string, string>>): void {
  const repositories = [{ id: "tiny", url: scene.repositoryUrl, options }];
  scene.writeManifest({ repositories, packages: ["tool"], os_release: false });
}

/** What is locked, and what was asked of the repository meanwhile, but for who signed the package. */
async function update(
  scene: Scene,
  args: readonly string[] = [],
): Promise<{ evr: string; asked: string[]; requests: number; stderr: string }> {
  const before = scene.server.requests.length;
  const result = await scene.run(["update", "-v", ...args], { reuse: true });
  assert.equal(result.code, 0, result.stderr);
  const requests = scene.server.requests.slice(before).filter(({ path }) => !path.endsWith(".rpm"));
  const asked = requests.map(({ path }) => path.replace(/[0-9a-f]{64}-/, ""));
  const { stderr } = result;
  return {
    evr: scene.lockfile().packages[0]?.evr ?? "",
    requests: asked.length,
    asked: asked.filter((path) => path.startsWith("/repo/")),
    stderr,
  };
}

/** Makes what is kept of the repository older. */
function age(scene: Scene, seconds: number): void {
  const directory = join(cacheOf(scene), "metadata");
  const kept = readdirSync(directory).filter((name) => name.endsWith(".json"));
  assert.equal(kept.length, 1);
  const path = join(directory, kept[0] ?? "");
  const content = JSON.parse(readFileSync(path, "utf8")) as { fetched: number };
  writeFileSync(path, JSON.stringify({ ...content, fetched: content.fetched - seconds * 1000 }));
}

const FETCHED = ["/repo/repodata/repomd.xml", "/repo/repodata/primary.xml.gz"];

test("metadata is used without asking for 48 hours, and --refresh asks", async (t) => {
  const scene = await updatedScene(t);
  const kept = await update(scene);
  // Not even for a key.
  assert.deepEqual([kept.evr, kept.requests], ["1.8.0-1", 0]);
  assert.match(kept.stderr, /Reusing metadata of repository tiny, which is from \d+ seconds? ago/);
  age(scene, 47 * 3600 + 1800);
  const almost = await update(scene);
  assert.deepEqual([almost.evr, almost.asked], ["1.8.0-1", []]);
  assert.match(almost.stderr, /which is from 1 day ago/);
  const refreshed = await update(scene, ["--refresh"]);
  assert.deepEqual([refreshed.evr, refreshed.asked], ["2.0.1-1", FETCHED]);
  assert.equal(refreshed.requests, FETCHED.length + 1, "and the key");
  assert.doesNotMatch(refreshed.stderr, /Reusing/);
  await scene.publish(["tool-1.9"]);
  age(scene, 48 * 3600 + 1);
  assert.equal((await update(scene)).asked.length, 2);
});

test("metadata_expire: per repository, in dnf's units, always, and never", async (t) => {
  const scene = await updatedScene(t, { metadata_expire: "1h" });
  age(scene, 3000);
  assert.equal((await update(scene)).evr, "1.8.0-1");
  age(scene, 700);
  assert.equal((await update(scene)).evr, "2.0.1-1");
  await scene.publish([{ name: "tool", version: "3" }]);
  age(scene, 1e9);
  for (const never of ["-1", "never"]) {
    writeManifest(scene, { metadata_expire: never });
    assert.equal((await update(scene)).evr, "2.0.1-1");
  }
  writeManifest(scene, { metadata_expire: "0" });
  age(scene, 1);
  assert.equal((await update(scene)).evr, "3-1");
});

test("a build resolves with the metadata that is kept, too", async (t) => {
  const scene = await updatedScene(t);
  rmSync(scene.lockfilePath);
  const result = await scene.build([], { reuse: true });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(scene.lockfile().packages[0]?.evr, "1.8.0-1");
  rmSync(scene.lockfilePath);
  const refreshed = await scene.build(["--refresh"], { reuse: true });
  assert.equal(refreshed.code, 0, refreshed.stderr);
  assert.equal(scene.lockfile().packages[0]?.evr, "2.0.1-1");
});

test("another URL or another id is another repository", async (t) => {
  const scene = await updatedScene(t);
  writeManifest(scene, {});
  const text = readFileSync(scene.path("rpmoci.toml"), "utf8");
  writeFileSync(scene.path("rpmoci.toml"), text.replace('/repo"', '/repo/."'));
  assert.equal((await update(scene)).evr, "2.0.1-1");
  writeFileSync(scene.path("rpmoci.toml"), text.replace('"tiny"', '"small"'));
  assert.equal((await update(scene)).evr, "2.0.1-1");
  writeFileSync(scene.path("rpmoci.toml"), text);
  assert.equal((await update(scene)).evr, "1.8.0-1");
});

test("files that are neither kept nor served any more lead to new metadata", async (t) => {
  const scene = await updatedScene(t);
  rmSync(join(cacheOf(scene), "files"), { recursive: true });
  const result = await update(scene, ["-v"]);
  assert.equal(result.evr, "2.0.1-1");
  assert.match(result.stderr, /what was kept of repository "tiny" is of no use/);
  rmSync(join(cacheOf(scene), "files"), { recursive: true });
  rmSync(join(scene.repository, "repodata"), { recursive: true });
  const failed = await scene.run(["update"], { reuse: true });
  assert.equal(failed.code, 5);
  assert.match(failed.stderr, /the metadata of repository "tiny".*not found/);
});

test("filelists that are needed later and not served any more lead to new metadata, too", async (t) => {
  const scene = await updatedScene(t);
  scene.writeManifest({ packages: ["/usr/share/extras"], os_release: false });
  await scene.publish(["app-extras"]);
  const result = await scene.run(["update"], { reuse: true });
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(scene.lockedNames(), ["app-extras"]);
});

test("what is kept serves while the repository is away, and skip_if_unavailable counts when it has expired", async (t) => {
  const scene = await Scene.create(t, { packages: ["tool-1.8"] });
  const away = { id: "away", url: `${scene.server.url}/repo/../repo`, options: { skip_if_unavailable: "1" } };
  scene.writeManifest({ repositories: [away], packages: ["tool"], os_release: false });
  assert.equal((await scene.run(["update"])).code, 0);
  scene.server.setFault("/repo/repodata/repomd.xml", { status: 503 });
  const kept = await scene.run(["update"], { reuse: true });
  assert.equal(kept.code, 0, kept.stderr);
  assert.doesNotMatch(kept.stderr, /skipped/);
  age(scene, 1e6);
  const expired = await scene.run(["update"], { reuse: true });
  assert.equal(expired.code, 4, expired.stderr);
  assert.match(expired.stderr, /Warning repository "away" is skipped/);
});

test("what is kept is damaged, or from the future: it is fetched anew", async (t) => {
  const scene = await updatedScene(t);
  age(scene, -3600);
  assert.equal((await update(scene)).evr, "2.0.1-1");
  await scene.publish([{ name: "tool", version: "3" }]);
  const directory = join(cacheOf(scene), "metadata");
  for (const name of readdirSync(directory)) if (name.endsWith(".json")) writeFileSync(join(directory, name), '{"fet');
  assert.equal((await update(scene)).evr, "3-1");
});

test("a signature that is kept is verified each time", async (t) => {
  const scene = await Scene.create(t, { packages: ["tool-1.8"] });
  writeManifest(scene, {});
  await update(scene);
  // Kept without a signature, which is asked for now.
  await scene.signMetadata();
  writeManifest(scene, { repo_gpgcheck: "1" });
  assert.deepEqual((await update(scene)).asked, ["/repo/repodata/repomd.xml", "/repo/repodata/repomd.xml.asc"]);
  assert.deepEqual((await update(scene)).asked, []);
  const directory = join(cacheOf(scene), "metadata");
  const path = join(directory, readdirSync(directory).find((name) => name.endsWith(".json")) ?? "");
  const kept = JSON.parse(readFileSync(path, "utf8")) as { repomd: string };
  const forged = Buffer.from(kept.repomd, "base64").toString().replace("<revision>", "<revision>1");
  writeFileSync(path, JSON.stringify({ ...kept, repomd: Buffer.from(forged).toString("base64") }));
  assert.equal((await update(scene)).asked.length, 2);
});

test("a package that went away calls for new metadata, and updating then helps", async (t) => {
  const scene = await updatedScene(t);
  rmSync(join(scene.repository, "tool-1.8.0-1.noarch.rpm"));
  await scene.reindex();
  const result = await scene.build(["--locked"], { reuse: true });
  assert.equal(result.code, 5);
  assert.match(
    result.stderr,
    /could no longer be found in repositories.*\n.*tool-1\.8\.0-1\.noarch\.rpm: not found.*\n.*no repository lists it.*\n.*rpmoci update tool/,
  );
  assert.equal((await update(scene)).evr, "2.0.1-1");
});

test("a repository of files is kept as well, as by dnf", async (t) => {
  const scene = await Scene.create(t, { packages: ["tool-1.8"] });
  const repositories = [{ id: "tiny", url: `file://${scene.repository}` }];
  scene.writeManifest({ repositories, packages: ["tool"], os_release: false });
  await update(scene);
  await scene.publish(["tool-2.0"]);
  assert.equal((await update(scene)).evr, "1.8.0-1");
  assert.equal((await update(scene, ["--refresh"])).evr, "2.0.1-1");
});

test("a change of the .repo file ends what is kept, as in dnf", async (t) => {
  const scene = await Scene.create(t, { packages: ["tool-1.8"] });
  const { update: updateSystem } = await import("../../src/index.js");
  const root = scene.path("system");
  mkdirSync(join(root, "etc/yum.repos.d"), { recursive: true });
  const definition = join(root, "etc/yum.repos.d/tiny.repo");
  writeFileSync(definition, `[tiny]\nbaseurl=${scene.repositoryUrl}\n`);
  utimesSync(definition, 1_700_000_000, 1_700_000_000);
  scene.writeManifest({ repositories: ["tiny"], packages: ["tool"], os_release: false });
  const evr = async (): Promise<string | undefined> => {
    const { lockfile } = await updateSystem({
      manifestPath: scene.path("rpmoci.toml"),
      cacheDirectory: cacheOf(scene),
      systemRoot: root,
    });
    return lockfile.packages[0]?.evr;
  };
  assert.equal(await evr(), "1.8.0-1");
  await scene.publish(["tool-2.0"]);
  assert.equal(await evr(), "1.8.0-1");
  writeFileSync(definition, `[tiny]\nname=Tiny\nbaseurl=${scene.repositoryUrl}\n`);
  assert.equal(await evr(), "2.0.1-1");
});

test("metadata that was not used for a week is removed from the cache, once a day", async (t) => {
  const scene = await updatedScene(t);
  const caches = ["metadata", "solv"].map((name) => join(cacheOf(scene), name));
  const files = (): string[] => caches.flatMap((cache) => readdirSync(cache).map((name) => join(cache, name)));
  const weekAgo = new Date(Date.now() - 8 * 24 * 3600 * 1000);
  const old = files();
  for (const path of old) utimesSync(path, weekAgo, weekAgo);
  await update(scene, ["--refresh"]);
  const gone = old
    .filter((path) => !files().includes(path))
    .map((path) => path.replace(/.*\//, "").replace(/[0-9a-f]{64}/, "*"));
  assert.deepEqual(gone.sort(), ["*-0.7.23-2.solv".replace("0.7.23", solvVersion(old)), "*-repomd.xml"]);
});

function solvVersion(paths: readonly string[]): string {
  return paths.flatMap((path) => path.match(/-([\d.]+)-\d+\.solv$/)?.slice(1) ?? [])[0] ?? "";
}
