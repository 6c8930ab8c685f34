import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { validateLayout } from "../../src/index.js";
import { readIndex } from "../support/image.js";
import { projectRoot } from "../support/project.js";
import { randomIntegers } from "../support/random.js";
import { Scene } from "../support/scene.js";

/** A scene with a lockfile and everything downloaded, and a folder of its own for temporary files. */
async function lockedScene(t: TestContext): Promise<Scene> {
  const scene = await Scene.create(t, { packages: ["filesystem", "tiny-release", "tool-2.0"] });
  scene.writeManifest({ packages: ["tool"] });
  mkdirSync(scene.path("tmp"));
  const result = await scene.run(["update"]);
  assert.equal(result.code, 0, result.stderr);
  return scene;
}

const environmentOf = (scene: Scene): Readonly<Record<string, string>> => ({ TMPDIR: scene.path("tmp") });

/** The label makes it another image, so that nothing of it is there but its layers. */
const buildArguments = (tag: string): readonly string[] => [
  ...["build", "--locked", "--image", "image", "--tag", tag, "--label", `tag=${tag}`],
];

async function builds(scene: Scene, tag: string, args: readonly string[] = []): Promise<void> {
  const options = { reuse: true, env: environmentOf(scene) };
  const result = await scene.run([...buildArguments(tag), ...args], options);
  assert.equal(result.code, 0, result.stderr);
}

function tagsIn(layout: string): readonly string[] {
  const tags = readIndex(layout).manifests.map(({ annotations }) => annotations?.["org.opencontainers.image.ref.name"]);
  return tags.flatMap((tag) => tag ?? []).sort();
}

function assertNothingTemporary(scene: Scene): void {
  assert.deepEqual(readdirSync(scene.layout).sort(), ["blobs", "index.json", "oci-layout"]);
  assert.deepEqual(readdirSync(scene.path("tmp")), []);
  for (const folder of [scene.directory, scene.path("../cache")]) {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    assert.deepEqual(
      files.filter((name) => name.endsWith(".part")),
      [],
    );
  }
}

test("eight builds at once beside garbage collection: all succeed, and all tags are there", async (t) => {
  const scene = await lockedScene(t);
  const tags = Array.from({ length: 8 }, (_, index) => `tag-${index}`);
  let building = true;
  // Half of them make their layers anew.
  const all = Promise.all(tags.map((tag, index) => builds(scene, tag, index % 2 === 0 ? ["--no-cache"] : []))).finally(
    () => {
      building = false;
    },
  );
  const collected: (readonly [number | null, string])[] = [];
  while (building) {
    if (existsSync(join(scene.layout, "oci-layout"))) {
      const { code, stderr } = await scene.run(["layout", "gc", "image"]);
      collected.push([code, stderr]);
    }
    await delay(10);
  }
  await all;
  assert.ok(collected.length > 0);
  for (const [code, stderr] of collected) assert.equal(code, 0, stderr);
  assert.deepEqual(tagsIn(scene.layout), tags);
  const checked = await scene.run(["layout", "validate", "image"]);
  assert.equal(checked.code, 0, checked.stdout);
  assertNothingTemporary(scene);
});

function start(
  scene: Scene,
  args: readonly string[],
): { readonly child: ChildProcess; readonly ended: Promise<unknown> } {
  const child = spawn(process.execPath, [join(projectRoot, "dist/main.js"), ...args], {
    cwd: scene.directory,
    env: {
      ...process.env,
      ...environmentOf(scene),
      XDG_CACHE_HOME: scene.path("../cache"),
      SOURCE_DATE_EPOCH: "1720000000",
    },
    stdio: "ignore",
  });
  return { child, ended: new Promise((resolve) => child.once("exit", resolve)) };
}

test("kill -9 at fifty moments of builds: the layout is valid each time, and no tag is lost", async (t) => {
  const scene = await lockedScene(t);
  const earlier = ["one", "two", "three"];
  for (const tag of earlier) await builds(scene, tag);
  const started = performance.now();
  await start(scene, [...buildArguments("measured"), "--no-cache"]).ended;
  const duration = performance.now() - started;
  const random = randomIntegers(50);
  const rounds = 50;
  const done = ["measured", ...earlier];
  for (let round = 0; round < rounds; round += 1) {
    const tag = `killed-${round}`;
    // Every other one takes its layers over.
    const { child, ended } = start(scene, [...buildArguments(tag), ...(round % 2 === 0 ? ["--no-cache"] : [])]);
    await Promise.race([delay((duration * (round + random(1000) / 1000)) / rounds), ended]);
    child.kill("SIGKILL");
    await ended;
    assert.deepEqual(await validateLayout(scene.layout), [], `round ${round}`);
    const tags = tagsIn(scene.layout);
    for (const name of done) assert.ok(tags.includes(name), `round ${round} lost the tag ${name}`);
    if (tags.includes(tag)) done.push(tag);
  }
  t.diagnostic(
    `a build takes ${Math.round(duration)} ms; ${done.length - 4} of ${rounds} had their tag when they were killed`,
  );
  await builds(scene, "last", ["--no-cache"]);
  const { code, stderr } = await scene.run(["layout", "gc", "image"]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(await validateLayout(scene.layout), []);
  assert.deepEqual(tagsIn(scene.layout), [...done, "last"].sort());
  assertNothingTemporary(scene);
});
