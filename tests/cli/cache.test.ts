import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { CacheEntry } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { digestOf } from "../support/image.js";
import { Scene } from "../support/scene.js";

const REUSE = { reuse: true };

function cacheOf(scene: Scene): string {
  return join(scene.directory, "../cache/rpmoci");
}

async function entriesOf(scene: Scene): Promise<readonly CacheEntry[]> {
  const result = await scene.run(["cache", "ls", "--json"]);
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

/** Their paths by name. */
async function packagesOf(scene: Scene): Promise<ReadonlyMap<string, string>> {
  const packages = (await entriesOf(scene)).filter(({ kind }) => kind === "package");
  return new Map(packages.map(({ nevra, files }) => [String(nevra), files[0] ?? ""]));
}

function packageRequests(scene: Scene, from: number): readonly string[] {
  return scene.server.requests.slice(from).flatMap(({ path }) => (path.endsWith(".rpm") ? [path] : []));
}

test("cache ls lists packages by their names, those that were used last at the end", async (t) => {
  const scene = await Scene.built(t);
  const locked = scene.lockfile().packages.map(({ name, evr, arch }) => `${name}-${evr}.${arch}`);
  const packages = await packagesOf(scene);
  assert.deepEqual([...packages.keys()].sort(), locked.sort());
  const [oldest = ""] = locked.slice(-1);
  utimesSync(packages.get(oldest) ?? "", new Date(2001, 1, 3), new Date(2001, 1, 3));
  const { stdout } = await scene.run(["cache", "ls"]);
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, locked.length + 1);
  assert.match(lines[0] ?? "", new RegExp(`^ +\\d+\\.\\d MB {2}2001-02-03 {2}${oldest} {2}sha256:[0-9a-f]{64}$`));
  assert.match(
    lines.at(-1) ?? "",
    new RegExp(`^packages: ${locked.length}, [\\d.]+ MB, metadata: [\\d.]+ MB, layers: \\d+, `),
  );
});

test("a package that is used again is no more among the oldest", async (t) => {
  const scene = await Scene.built(t);
  const past = new Date(2001, 1, 3);
  for (const path of (await packagesOf(scene)).values()) utimesSync(path, past, past);
  assert.equal((await scene.build(["--locked", "--no-cache"], REUSE)).code, 0);
  for (const path of (await packagesOf(scene)).values()) assert.ok(statSync(path).mtimeMs > past.getTime());
});

test("an empty cache, or none, has nothing", async (t) => {
  const scene = await Scene.create(t);
  for (const args of [["ls"], ["verify"], ["prune"]]) {
    const result = await scene.run(["cache", ...args, "--cache-dir", "none"]);
    assert.equal(result.code, 0, result.stderr);
  }
  assert.deepEqual(JSON.parse((await scene.run(["cache", "ls", "--json"])).stdout), []);
});

test("cache verify removes what is damaged, and the next build fetches just that", async (t) => {
  const scene = await Scene.built(t);
  const whole = await scene.run(["cache", "verify"]);
  assert.equal(whole.code, 0);
  assert.match(whole.stdout, /all downloads and layers are whole/);
  const [[name, path] = ["", ""]] = [...(await packagesOf(scene))];
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  writeFileSync(path, bytes);
  const damaged = await scene.run(["cache", "verify"]);
  assert.equal(damaged.code, 6);
  assert.ok(damaged.stdout.includes(`removed, since it was damaged: package ${name}  sha256:`), damaged.stdout);
  assert.ok(!existsSync(path));
  const before = scene.server.requests.length;
  const digest = digestOf(scene.layout, "test");
  assert.equal((await scene.build(["--locked", "--no-cache"], REUSE)).code, 0);
  assert.equal(packageRequests(scene, before).length, 1);
  assert.equal(digestOf(scene.layout, "test"), digest);
});

test("cache prune keeps what was used last, up to a size", async (t) => {
  const scene = await Scene.built(t);
  const entries = await entriesOf(scene);
  const packages = await packagesOf(scene);
  const [[kept, keptPath] = ["", ""]] = [...packages];
  for (const { files } of entries) {
    for (const file of files) if (file !== keptPath) utimesSync(file, new Date(2001, 1, 3), new Date(2001, 1, 3));
  }
  const args = ["cache", "prune", "--max-size", String(statSync(keptPath).size)];
  const dry = await scene.run([...args, "--dry-run"]);
  assert.match(dry.stdout, /would remove \d+, /);
  assert.deepEqual(await packagesOf(scene), packages);
  const result = await scene.run(args);
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual([...(await packagesOf(scene)).keys()], [kept]);
  assert.equal((await scene.build(["--locked", "--no-cache"], REUSE)).code, 0);
});

test("cache prune removes what was not used for some days, and what killed processes left", async (t) => {
  const scene = await Scene.built(t);
  const packages = await packagesOf(scene);
  const [[old, path] = ["", ""]] = [...packages];
  const lastMonth = new Date(Date.now() - 31 * 24 * 60 * 60 * 1000);
  utimesSync(path, lastMonth, lastMonth);
  const partial = `${path}.4026531836-999999999.0123456789ab.part`;
  writeFileSync(partial, "half");
  const kept = await scene.run(["cache", "prune", "--max-age", "32"]);
  assert.match(kept.stdout, /^removed 0, 0\.0 MB$/m);
  assert.ok(!existsSync(partial));
  const result = await scene.run(["cache", "prune"]);
  assert.match(result.stdout, new RegExp(`^package ${old} {2}sha256:[0-9a-f]{64}\nremoved 1, `));
  assert.equal((await packagesOf(scene)).size, packages.size - 1);
});

test("--max-size 0 leaves nothing", async (t) => {
  const scene = await Scene.built(t);
  assert.equal((await scene.run(["cache", "prune", "--max-size", "0"])).code, 0);
  assert.deepEqual(
    (await entriesOf(scene)).filter(({ size }) => size > 0),
    [],
  );
  assert.equal((await scene.build()).code, 0);
});

test("nothing is removed from a cache that is in use", async (t) => {
  const scene = await Scene.built(t);
  const user = await open(join(cacheOf(scene), "in-use"), "a");
  t.after(() => user.close());
  assert.ok(binding().tryLock(user.fd, true));
  const result = await scene.run(["cache", "prune", "--max-size", "0"]);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /the cache \S+ is in use/);
  assert.ok((await packagesOf(scene)).size > 0);
  // Others may use it, too.
  assert.equal((await scene.build(["--locked", "--no-cache"], REUSE)).code, 0);
});

test("a build waits for a cache that is being pruned", async (t) => {
  const scene = await Scene.built(t);
  const pruner = await open(join(cacheOf(scene), "in-use"), "a");
  assert.ok(binding().tryLock(pruner.fd, false));
  let ended = false;
  const build = scene.build(["--locked", "--no-cache"], REUSE).finally(() => {
    ended = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 2000));
  assert.ok(!ended);
  await pruner.close();
  const result = await build;
  assert.equal(result.code, 0, result.stderr);
});

test("a cache without locks, as one that cannot be written, is used all the same", async (t) => {
  const scene = await Scene.built(t);
  // A directory cannot be opened for writing, be it by root.
  rmSync(join(cacheOf(scene), "in-use"));
  mkdirSync(join(cacheOf(scene), "in-use"));
  assert.equal((await scene.build(["--locked", "--no-cache"], REUSE)).code, 0);
  assert.ok(readdirSync(cacheOf(scene)).includes("files"));
});

test("sizes and ages that are none are refused", async (t) => {
  const scene = await Scene.create(t);
  for (const args of [
    ["--max-size", "much"],
    ["--max-size", "-1"],
    ["--max-age", "1.5"],
  ]) {
    const result = await scene.run(["cache", "prune", ...args]);
    assert.equal(result.code, 2, args.join(" "));
  }
});
