import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { build, validateLayout } from "../../src/index.js";
import { projectRoot } from "../support/project.js";
import { Scene } from "../support/scene.js";

/** zstd takes seconds for it at its highest level, whatever else the machine does. */
const SLOW = { name: "slow", files: { "/usr/share/slow": { content: text(12 << 20) } }, payload: "w1.gzdio" };

/** Bytes that compress, the same each time. */
function text(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let index = 0, state = 1; index < size; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = 97 + ((state >>> 24) % 16);
  }
  return bytes;
}

/** A scene with an image, whose manifest then asks for a layer that takes long. */
async function slowScene(t: TestContext): Promise<Scene> {
  const scene = await Scene.create(t, { packages: ["filesystem", "tiny-release", "tool-2.0", SLOW] });
  scene.writeManifest({ packages: ["tool"] });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
  scene.writeManifest({ packages: ["tool", "slow"] });
  appendFileSync(scene.path("rpmoci.toml"), '\n[layers]\ncompression = "zstd"\nlevel = 19\n');
  mkdirSync(scene.path("tmp"));
  return scene;
}

interface Snapshot {
  readonly lock: string;
  readonly layout: readonly string[];
  readonly index: string;
}

function snapshot(scene: Scene): Snapshot {
  return {
    lock: readFileSync(scene.lockfilePath, "utf8"),
    layout: readdirSync(scene.layout, { recursive: true, encoding: "utf8" }).sort(),
    index: readFileSync(join(scene.layout, "index.json"), "utf8"),
  };
}

async function assertUntouched(scene: Scene, before: Snapshot): Promise<void> {
  assert.deepEqual(snapshot(scene), before);
  assert.deepEqual(await validateLayout(scene.layout), []);
  assert.deepEqual(readdirSync(scene.path("tmp")), []);
  for (const folder of [scene.directory, scene.path("../cache")]) {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    assert.deepEqual(
      files.filter((name) => /\.part$|\.rpmoci-|rpmoci-work/.test(name)),
      [],
    );
  }
}

/** None where the folder has gone meanwhile. */
function filesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

/** Whether some of a layer was written, and not all. */
function isWriting(scene: Scene): boolean {
  return readdirSync(scene.layout)
    .filter((name) => name.startsWith(".rpmoci-"))
    .flatMap((name) => filesIn(join(scene.layout, name)))
    .some((path) => path.endsWith("layer-0") && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0);
}

test("a build that is called off while a layer is written leaves nothing behind", async (t) => {
  const scene = await slowScene(t);
  const before = snapshot(scene);

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    await t.test(`by ${signal}, and ends with ${code}`, async () => {
      const args = [join(projectRoot, "dist/main.js"), "build", "--image", "image", "--tag", "test"];
      const child = spawn(process.execPath, args, {
        cwd: scene.directory,
        env: { ...process.env, TMPDIR: scene.path("tmp"), XDG_CACHE_HOME: scene.path("../cache") },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let stderr = "";
      child.stderr.setEncoding("utf8").on("data", (output: string) => {
        stderr += output;
      });
      const closed = new Promise((resolve) => child.once("close", resolve));
      while (child.exitCode === null && !isWriting(scene)) await delay(5);
      child.kill(signal);
      assert.equal(await closed, code, stderr);
      assert.match(stderr, /Error interrupted/);
      assert.doesNotMatch(stderr, /Writing image manifest/);
      await assertUntouched(scene, before);
    });
  }

  const skip = process.geteuid?.() === 0 ? false : "only root can build in its own process";
  await t.test("by the API's signal, and rejects with its reason", { skip }, async (t) => {
    const { TMPDIR } = process.env;
    process.env.TMPDIR = scene.path("tmp");
    t.after(() => {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    });
    const controller = new AbortController();
    const reason = new Error("no longer wanted");
    let written = 0;
    const building = build({
      manifestPath: scene.path("rpmoci.toml"),
      layout: scene.layout,
      tag: "test",
      cacheDirectory: scene.path("../cache/rpmoci"),
      signal: controller.signal,
      emit: (event) => {
        if (event.type !== "layer-progress" || event.bytes === 0) return;
        written ||= event.bytes / event.total;
        controller.abort(reason);
      },
    });
    await assert.rejects(building, (error) => error === reason);
    assert.ok(written > 0 && written < 1, `it was at ${written}`);
    await assertUntouched(scene, before);
  });
});
