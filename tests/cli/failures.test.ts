import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { parseLockfile } from "../../src/lockfile/read.js";
import { linkNamespacePrograms } from "../support/ordinary-user.js";
import { projectRoot } from "../support/project.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { type RunResult, run } from "../support/run.js";
import { Scene } from "../support/scene.js";
import { assertSoundLayout } from "../support/validate-layout.js";

const BULKY = { name: "bulky", files: { "/usr/share/bulky": { content: noise(24 << 20) } } };

/** Bytes that do not compress, the same each time. */
function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let index = 0, state = 1; index < size; index += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE((state ^ (state >>> 15)) >>> 0, index);
  }
  return bytes;
}

interface Snapshot {
  readonly lock: string | null;
  readonly files: readonly string[];
  readonly index: string | null;
}

function read(path: string): string | null {
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

function snapshot(scene: Scene): Snapshot {
  const files = existsSync(scene.layout) ? readdirSync(scene.layout, { recursive: true, encoding: "utf8" }).sort() : [];
  return { lock: read(scene.lockfilePath), files, index: read(join(scene.layout, "index.json")) };
}

/** A failure has one clear message, no stack, its exit code, and leaves everything as it was. */
function assertClearFailure(result: RunResult, code: number, message: RegExp): void {
  assert.equal(result.code, code, result.stderr);
  assert.match(result.stderr, message);
  assert.equal(result.stderr.match(/^ {15}Error /gm)?.length, 1, result.stderr);
  assert.doesNotMatch(result.stderr, /^\s+at .*[:(]\d+/m);
}

/** A scene with an image and a lockfile, whose manifest then asks for something new. */
async function builtScene(t: TestContext, more: readonly (string | RpmFixture)[] = ["failing", BULKY]): Promise<Scene> {
  const scene = await Scene.create(t, { packages: ["filesystem", "tiny-release", "tool-2.0", ...more] });
  scene.writeManifest({ packages: ["tool"] });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
  return scene;
}

test("what cannot be resolved, reached, configured or installed is one clear message, and changes nothing", async (t) => {
  const scene = await builtScene(t);
  const before = snapshot(scene);
  const gone = { id: "gone", url: "http://127.0.0.1:9/repo", options: { retries: "0" } };
  const noRepository = { id: "none", url: `${scene.server.url}/nothing-here` };
  const broken = { name: "broken", requires: ["nothing-provides-this"] };
  await scene.publish([broken]);
  const cases: readonly [Parameters<Scene["writeManifest"]>[0], number, RegExp][] = [
    [{ packages: ["broken"] }, 4, /nothing provides nothing-provides-this needed by broken-1-1\.noarch/],
    [{ packages: ["tolo"] }, 4, /No packages available for spec 'tolo'\n.*\n +did you mean .*tool/],
    [{ repositories: ["unknown-id"] }, 2, /Repository not found in system config, repoid: 'unknown-id'/],
    [{ repositories: [gone] }, 5, /metadata of repository "gone": http:\/\/127\.0\.0\.1:9\/.*: connection refused/],
    [{ repositories: [noRepository] }, 5, /metadata of repository "none": .*not found \(HTTP status 404\)/],
    [{ packages: ["failing"] }, 1, /failed to dnf install[\s\S]*failing/],
  ];
  for (const [contents, code, message] of cases) {
    scene.writeManifest(contents);
    assertClearFailure(await scene.build(), code, message);
    assert.deepEqual(snapshot(scene), before);
  }
  writeFileSync(scene.path("rpmoci.toml"), "[contents]\nrepositories = []\npackages = []\nunknown = 1\n");
  assertClearFailure(await scene.build(), 2, /unknown key "contents\.unknown"/);
  assert.deepEqual(snapshot(scene), before);
});

test("without dnf on PATH, and with --engine dnf, the message says what to install, before anything is fetched", async (t) => {
  const scene = await builtScene(t);
  const before = snapshot(scene);
  const requests = scene.server.requests.length;
  scene.writeManifest({ packages: ["tool", "bulky"] });
  mkdirSync(scene.path("bin"));
  linkNamespacePrograms(scene.path("bin"));
  const result = await scene.build(["--engine", "dnf"], { env: { PATH: scene.path("bin") } });
  assertClearFailure(result, 1, /dnf was not found on PATH[\s\S]*Hint .*apt-get install dnf/);
  assert.deepEqual(snapshot(scene), before);
  assert.equal(scene.server.requests.length, requests);
});

test("a folder that is no layout is refused before anything happens", async (t) => {
  const scene = await Scene.create(t, { packages: ["filesystem"] });
  scene.writeManifest();
  mkdirSync(scene.layout);
  writeFileSync(scene.path("image/thesis.tex"), "precious");
  assertClearFailure(await scene.build(), 1, /neither empty nor an OCI image layout/);
  assert.deepEqual(readdirSync(scene.layout), ["thesis.tex"]);
  assert.equal(scene.server.requests.length, 0);
});

test("damaged metadata is an error that names the repository", async (t) => {
  const scene = await builtScene(t);
  const before = snapshot(scene);
  scene.writeManifest({ packages: ["bulky"] });
  const env = { XDG_CACHE_HOME: scene.path("empty-cache") };
  const primary = readdirSync(join(scene.repository, "repodata")).find((name) => name.includes("primary")) ?? "";
  scene.server.setFault(`/repo/repodata/${primary}`, { corruptAt: 30 });
  assertClearFailure(
    await scene.build([], { env }),
    6,
    /the primary metadata of repository "tiny" has the wrong checksum/,
  );
  scene.server.setFault("/repo/repodata/repomd.xml", { truncateTo: 100 });
  assertClearFailure(await scene.build([], { env }), 5, /repository "tiny"/);
  assert.deepEqual(snapshot(scene), before);
});

for (const [what, place, message] of [
  ["the working directory", "tmp", /the disk is full|No space left on device/],
  ["the layout", "image", /No space left on device|is full/],
  ["the cache", "cache", /Failed to write to the cache .*No space left on device|ENOSPC/],
] as const) {
  test(`a full disk under ${what} is named, and changes nothing`, async (t) => {
    if (process.geteuid?.() !== 0) return t.skip("only root can mount a small file system");
    const probe = await run("unshare", ["--mount", "mount", "-t", "tmpfs", "none", tmpdir()]);
    if (probe.code !== 0) return t.skip(`nothing can be mounted here: ${probe.stderr.trim()}`);
    const scene = await builtScene(t);
    scene.writeManifest({ packages: ["tool", "bulky"] });
    mkdirSync(scene.path("tmp"));
    mkdirSync(scene.path("cache"));
    const lock = read(scene.lockfilePath);
    // In a mount namespace of its own, so that nothing stays mounted. What it holds is looked at before it goes.
    const script = `
      set -e
      mkdir keep && cp -a ${place}/. keep/
      mount -t tmpfs -o size=8m none ${place} && cp -a keep/. ${place}/
      code=0; "$@" || code=$?
      diff -r ${place === "image" ? "keep image" : "keep keep"} >&2 || code=99
      find tmp -mindepth 1 >&2
      find ${place} -name '*.part' -size +0 >&2
      exit $code`;
    const command = [process.execPath, join(projectRoot, "dist/main.js"), "build", "--image", "image", "--tag", "test"];
    const result = await run("unshare", ["--mount", "bash", "-c", script, "bash", ...command], {
      cwd: scene.directory,
      env: {
        TMPDIR: scene.path("tmp"),
        XDG_CACHE_HOME: scene.path("cache"),
        NO_COLOR: "1",
        SOURCE_DATE_EPOCH: "1720000000",
      },
    });
    assert.equal(result.code, 1, `${result.code}: ${result.stderr}`);
    assert.match(result.stderr, message);
    assert.doesNotMatch(result.stderr, /^\s+at .*[:(]\d+/m);
    assert.doesNotMatch(result.stderr, /\.part$|rpmoci-work/m);
    assert.equal(read(scene.lockfilePath), lock);
  });
}

/**
 * Builds with a file system on `place` that has room for so many files, beside those that are there. The exit code is 99
 * when the build has changed one of them, or left others.
 */
function buildWithFiles(scene: Scene, place: string, files: number, args: readonly string[]): Promise<RunResult> {
  const script = `
    set -e
    mkdir -p keep && cp -a ${place}/. keep/
    mount -t tmpfs -o nr_inodes=$(($(find keep | wc -l) + ${files})) none ${place} && cp -a keep/. ${place}/
    cd "$1"; shift; code=0; "$@" || code=$?
    cd "$OLDPWD"
    [ $code = 0 ] || diff -r keep ${place} >&2 || code=99
    rm -r keep
    exit $code`;
  const command = [process.execPath, join(projectRoot, "dist/main.js"), "build", "--no-cache", ...args];
  const folder = place === "project" ? place : ".";
  return run("unshare", ["--mount", "bash", "-c", script, "bash", folder, ...command], {
    cwd: scene.directory,
    env: { XDG_CACHE_HOME: scene.path("../cache"), NO_COLOR: "1", SOURCE_DATE_EPOCH: "1720000000" },
  });
}

const canMount = async (): Promise<boolean> =>
  process.geteuid?.() === 0 && (await run("unshare", ["--mount", "mount", "-t", "tmpfs", "none", tmpdir()])).code === 0;

test("a disk that fills up at any step of writing the image is named, and the layout stays as it was", async (t) => {
  if (!(await canMount())) return t.skip("nothing can be mounted here");
  const scene = await builtScene(t, []);
  scene.writeManifest({ packages: ["tool", "tiny-release"] });
  assert.equal((await scene.run(["update"])).code, 0);
  mkdirSync(scene.path("fresh"));
  for (const layout of ["image", "fresh"]) {
    let files = 0;
    for (; ; files += 1) {
      const result = await buildWithFiles(scene, layout, files, ["--locked", "--image", layout, "--tag", "new"]);
      if (result.code === 0) break;
      assert.equal(result.code, 1, `${layout}, ${files} files: ${result.stderr}`);
      assert.match(result.stderr, /The disk of .* is full|No space left on device/);
    }
    // The staging folder and what it holds, one by one.
    assert.ok(files > 5, `${layout} took ${files} files`);
  }
});

test("a disk that is too full for the lockfile is named, and no image is written", async (t) => {
  if (!(await canMount())) return t.skip("nothing can be mounted here");
  const scene = await builtScene(t, []);
  mkdirSync(scene.path("project"));
  scene.writeManifest({ packages: ["tool", "tiny-release"] }, {}, "project/rpmoci.toml");
  const before = snapshot(scene);
  const result = await buildWithFiles(scene, "project", 0, ["--image", scene.layout, "--tag", "test"]);
  assertClearFailure(result, 1, /Failed to write the lockfile .*rpmoci\.lock: ENOSPC/);
  assert.deepEqual(snapshot(scene), before);
});

test("a root that no layer can hold is named by its path, and changes nothing", async (t) => {
  const scene = await builtScene(t, []);
  const before = snapshot(scene);
  await scene.publish([{ name: "whiteout", files: { "/usr/share/.wh.file": "" } }]);
  scene.writeManifest({ packages: ["tool", "whiteout"] });
  mkdirSync(scene.path("tmp"));
  const result = await scene.build([], { env: { TMPDIR: scene.path("tmp") } });
  assertClearFailure(result, 1, /usr\/share\/\.wh\.file/);
  assert.deepEqual(snapshot(scene), before);
  assert.deepEqual(readdirSync(scene.path("tmp")), []);
});

for (const engine of ["dnf", "rpm"]) {
  test(`kill -9 at ten points of a build by ${engine} leaves nothing half-written, and the next build succeeds`, async (t) => {
    const scene = await builtScene(t);
    scene.writeManifest({ packages: ["tool", "bulky"] });
    const oldLock = read(scene.lockfilePath);
    const oldIndex = read(join(scene.layout, "index.json"));
    mkdirSync(scene.path("tmp"));
    const env = { TMPDIR: scene.path("tmp") };
    const started = Date.now();
    assert.equal(
      (await scene.run(["build", "--engine", engine, "--image", "other", "--tag", "test"], { env })).code,
      0,
    );
    const duration = Date.now() - started;
    if (oldLock !== null) writeFileSync(scene.lockfilePath, oldLock);

    for (let point = 1; point <= 10; point += 1) {
      const child = spawn(
        process.execPath,
        [join(projectRoot, "dist/main.js"), "build", "--engine", engine, "--image", "image", "--tag", `kill-${point}`],
        {
          cwd: scene.directory,
          env: {
            ...process.env,
            ...env,
            XDG_CACHE_HOME: join(scene.directory, "..", "cache"),
            SOURCE_DATE_EPOCH: "1720000000",
          },
          stdio: "ignore",
        },
      );
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await Promise.race([delay((duration * point) / 11), ended]);
      child.kill("SIGKILL");
      await ended;
      assertSoundLayout(scene.layout);
      const lock = read(scene.lockfilePath) ?? "";
      parseLockfile(lock, "rpmoci.lock");
      const finished = read(join(scene.layout, "index.json"))?.includes(`"kill-${point}"`) === true;
      if (!finished && lock === oldLock && oldIndex !== null) {
        assert.ok(read(join(scene.layout, "index.json"))?.includes('"test"'));
      }
      // From the same beginning each time.
      if (oldLock !== null) writeFileSync(scene.lockfilePath, oldLock);
    }
    const result = await scene.build([], { env });
    assert.equal(result.code, 0, result.stderr);
    assertSoundLayout(scene.layout);
    assert.deepEqual(readdirSync(scene.path("tmp")), [], "a working directory was left behind");
    assert.deepEqual(readdirSync(scene.layout).sort(), ["blobs", "index.json", "oci-layout"]);
    assert.ok(readdirSync(scene.directory).every((name) => !name.endsWith(".part")));
  });

  test(`an interrupted build by ${engine} ends with 130 and leaves nothing behind`, async (t) => {
    const scene = await builtScene(t);
    scene.writeManifest({ packages: ["tool", "bulky"] });
    const before = snapshot(scene);
    mkdirSync(scene.path("tmp"));
    const child = spawn(
      process.execPath,
      [join(projectRoot, "dist/main.js"), "build", "--engine", engine, "--image", "image", "--tag", "test"],
      {
        cwd: scene.directory,
        env: { ...process.env, TMPDIR: scene.path("tmp"), XDG_CACHE_HOME: join(scene.directory, "..", "cache") },
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (!text.includes("Installing")) return;
      // Twice at once, as where a terminal and the process outside of the user namespace both send it.
      child.kill("SIGINT");
      setTimeout(() => child.kill("SIGINT"), 10);
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    assert.equal(code, 130, stderr);
    assert.match(stderr, /Error interrupted/);
    assert.deepEqual(readdirSync(scene.path("tmp")), []);
    assert.deepEqual(snapshot(scene), before);
  });
}
