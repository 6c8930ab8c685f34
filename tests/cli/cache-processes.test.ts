/** Several processes on one cache, and processes that are killed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { projectRoot } from "../support/project.js";
import { randomIntegers } from "../support/random.js";
import { Scene } from "../support/scene.js";

/** Writes a manifest by which the server can tell whose requests it gets. */
function nameClient(scene: Scene, name: string): void {
  const repositories = [{ id: "tiny", url: scene.repositoryUrl, options: { user_agent: name } }];
  scene.writeManifest({ repositories, packages: ["app", "app-extras", "capable", "tool"] });
}

async function lockedScene(t: TestContext): Promise<Scene> {
  const scene = await Scene.create(t);
  nameClient(scene, "rpmoci");
  const result = await scene.run(["update"]);
  assert.equal(result.code, 0, result.stderr);
  return scene;
}

/** The checksums that name files of a cache; each is the checksum of what is in it. Partial files are not counted. */
function wholeFiles(cache: string): readonly string[] {
  const folder = join(cache, "files/sha256");
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /[0-9a-f]{64}$/.test(name));
  for (const name of names) {
    const digest = createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
    assert.equal(digest, basename(name), "a file has a name that is not its checksum");
  }
  return names.map((name) => basename(name));
}

function vendored(scene: Scene, folder: string): readonly string[] {
  return readdirSync(scene.path(folder)).sort();
}

test("20 processes fill one empty cache at the same time", async (t) => {
  const scene = await lockedScene(t);
  const expected = scene
    .lockfile()
    .packages.map(({ checksum }) => `${checksum.checksum}.rpm`)
    .sort();
  const cache = scene.path("shared-cache");
  const folders = Array.from({ length: 20 }, (_, index) => `vendor-${index}`);
  const results = await Promise.all(
    folders.map((folder) => scene.run(["vendor", "--cache-dir", cache, "--out-dir", folder])),
  );
  for (const [index, { code, stderr }] of results.entries()) {
    assert.equal(code, 0, stderr);
    assert.deepEqual(vendored(scene, folders[index] ?? ""), expected);
  }
  assert.equal(wholeFiles(cache).length, expected.length);
  const all = readdirSync(join(cache, "files"), { recursive: true, encoding: "utf8" });
  assert.deepEqual(
    all.filter((name) => name.endsWith(".part")),
    [],
  );
});

test("after kill -9 at 50 moments, what was whole is not fetched again", async (t) => {
  const scene = await lockedScene(t);
  const { packages } = scene.lockfile();
  const pathOf = new Map(packages.map(({ checksum, location }) => [checksum.checksum, `/repo/${location}`]));
  const next = randomIntegers(5);
  // So that downloads end at different moments.
  for (const [index, path] of [...pathOf.values()].entries()) scene.server.setFault(path, { delay: 30 * index });
  const cache = scene.path("killed-cache");
  const kept: number[] = [];
  for (let kill = 0; kill < 50; kill += 1) {
    rmSync(cache, { recursive: true, force: true });
    mkdirSync(cache);
    const args = [join(projectRoot, "dist/main.js"), "vendor", "--cache-dir", cache, "--out-dir", "vendor"];
    nameClient(scene, "killed");
    const child = spawn(process.execPath, args, { cwd: scene.directory, stdio: "ignore" });
    const ended = once(child, "exit");
    // Most of the time is the start of the process.
    await Promise.race([delay(150 + next(350)), ended]);
    child.kill("SIGKILL");
    await ended;
    const whole = wholeFiles(cache);
    kept.push(whole.length);
    nameClient(scene, `after-${kill}`);
    const result = await scene.run(args.slice(1));
    assert.equal(result.code, 0, result.stderr);
    // What the killed process asked for may come to the server's ears later than what this one does.
    const own = scene.server.requests.filter(({ headers }) => headers["user-agent"] === `after-${kill}`);
    const fetched = own.map(({ path }) => path);
    assert.deepEqual(
      whole.filter((checksum) => fetched.includes(pathOf.get(checksum) ?? "")),
      [],
    );
    // One that broke off may be asked for twice.
    assert.equal(new Set(fetched).size, packages.length - whole.length);
    assert.equal(vendored(scene, "vendor").length, packages.length);
  }
  t.diagnostic(`files in the cache after each kill: ${kept.join(" ")}`);
  // Otherwise the moments would be the wrong ones.
  assert.ok(kept.some((count) => count > 0 && count < packages.length));
});
