import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { digestOf, readImage } from "../support/image.js";
import { runAsOrdinaryUser, whyNoOrdinaryUser } from "../support/ordinary-user.js";
import { projectRoot } from "../support/project.js";
import { run } from "../support/run.js";
import { Scene } from "../support/scene.js";

const PACKAGES = ["app", "capable", "chatty", "tool"];

async function digest(scene: Scene, tag: string): Promise<string> {
  const found = digestOf(scene.layout, tag);
  assert.ok(found !== null, `there is no tag ${tag}`);
  return found;
}

test("the same inputs give the same digest: again, elsewhere, in another time zone, locale and umask", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: PACKAGES });
  assert.equal((await scene.build()).code, 0);
  const expected = await digest(scene, "test");

  const again = await scene.run(["build", "--locked", "--image", "image", "--tag", "again"]);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(await digest(scene, "again"), expected);

  const elsewhere = scene.path("else where");
  cpSync(scene.path("rpmoci.toml"), join(elsewhere, "rpmoci.toml"), { recursive: true });
  cpSync(scene.lockfilePath, join(elsewhere, "rpmoci.lock"));
  const command = [process.execPath, join(projectRoot, "dist/main.js")];
  const build = [...command, "build", "--locked", "--image", scene.layout, "--tag", "elsewhere"];
  const result = await run("bash", ["-c", 'umask 077; exec "$@"', "bash", ...build], {
    cwd: elsewhere,
    env: {
      TMPDIR: elsewhere,
      TZ: "Pacific/Kiritimati",
      LANG: "tr_TR.UTF-8",
      LC_ALL: "C",
      XDG_CACHE_HOME: join(elsewhere, "cache"),
      SOURCE_DATE_EPOCH: "1720000000",
      UV_THREADPOOL_SIZE: "1",
      RPM_CONFIGDIR: undefined,
    },
  });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(await digest(scene, "elsewhere"), expected);
});

test("SOURCE_DATE_EPOCH set to an image's creation time gives that image again", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: PACKAGES });
  const first = await scene.build([], { env: { SOURCE_DATE_EPOCH: undefined } });
  assert.equal(first.code, 0, first.stderr);
  const created = Date.parse(readImage(scene.layout, "test").config.created) / 1000;
  assert.ok(Math.abs(created - Date.now() / 1000) < 300);
  const second = await scene.run(["build", "--locked", "--image", "image", "--tag", "again"], {
    env: { SOURCE_DATE_EPOCH: String(created) },
  });
  assert.equal(second.code, 0, second.stderr);
  assert.equal(await digest(scene, "again"), await digest(scene, "test"));
});

test("a time in the future is as reproducible as one in the past", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: PACKAGES });
  const env = { SOURCE_DATE_EPOCH: "4000000000" };
  assert.equal((await scene.build([], { env })).code, 0);
  const again = await scene.run(["build", "--locked", "--image", "image", "--tag", "again"], { env });
  assert.equal(again.code, 0, again.stderr);
  assert.equal(await digest(scene, "again"), await digest(scene, "test"));
});

test("root of the machine and root of a user namespace make the same image", async (t) => {
  if (process.geteuid?.() !== 0) return t.skip("only root can compare");
  const unshare = ["--user", "--map-auto", "--map-root-user"];
  const probe = await run("unshare", [...unshare, "true"]);
  if (probe.code !== 0) return t.skip(`no user namespace: ${probe.stderr.trim()}`);
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: PACKAGES });
  assert.equal((await scene.build()).code, 0);
  const build = [join(projectRoot, "dist/main.js"), "build", "--locked", "--image", "image", "--tag", "namespace"];
  const result = await run("unshare", [...unshare, process.execPath, ...build], {
    cwd: scene.directory,
    env: { XDG_CACHE_HOME: join(scene.directory, "..", "cache"), SOURCE_DATE_EPOCH: "1720000000" },
  });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(await digest(scene, "namespace"), await digest(scene, "test"));
});

test("machines of other names, at other times, make the same image, by either engine", async (t) => {
  if (process.geteuid?.() !== 0) return t.skip("only root can name a machine");
  const probe = await run("unshare", ["--uts", "true"]);
  if (probe.code !== 0) return t.skip(`a machine cannot be named here: ${probe.stderr.trim()}`);
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: PACKAGES, exclude: ["chatty"] });
  assert.equal((await scene.run(["update"])).code, 0);
  const digests = new Set<string>();
  for (const [name, engine] of [
    ["one.example", "dnf"],
    ["other", "dnf"],
    ["third.example", "rpm"],
    ["fourth", "rpm"],
  ] as const) {
    const build = [join(projectRoot, "dist/main.js"), "build", "--no-cache", "--no-sandbox", "--locked"];
    const script = `echo ${name} >/proc/sys/kernel/hostname && exec "$@"`;
    const command = [process.execPath, ...build, "--engine", engine, "--image", "image", "--tag", name];
    const result = await run("unshare", ["--uts", "sh", "-c", script, "sh", ...command], {
      cwd: scene.directory,
      env: { XDG_CACHE_HOME: join(scene.directory, "..", "cache"), SOURCE_DATE_EPOCH: "1720000000" },
    });
    assert.equal(result.code, 0, result.stderr);
    digests.add(await digest(scene, name));
  }
  // The layer has the whole root, and the rpm database in it the headers with all their tags.
  assert.equal(digests.size, 1);
});

test("an ordinary user makes the same image as root, by the same command", async (t) => {
  const reason = await whyNoOrdinaryUser();
  if (reason !== null) return t.skip(reason);
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: PACKAGES });
  assert.equal((await scene.build()).code, 0);
  const expected = await digest(scene, "test");
  const result = await runAsOrdinaryUser(scene, ["build", "--locked", "--image", "image", "--tag", "user"]);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(await digest(scene, "user"), expected);
});
