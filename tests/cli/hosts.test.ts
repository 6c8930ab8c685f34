/** By whom, and in what places, an image is built: it is the same image, or one error says what is missing. */
import assert from "node:assert/strict";
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { digestOf } from "../support/image.js";
import { projectRoot } from "../support/project.js";
import { type RunResult, run } from "../support/run.js";
import { Scene } from "../support/scene.js";

const engines = ["dnf", "rpm"] as const;
const program = [process.execPath, join(projectRoot, "dist/main.js")];

/** As `Scene` has it. */
const SOURCE_DATE_EPOCH = "1720000000";

const isRoot = process.geteuid?.() === 0;
const alone = ["--reuid=4242", "--regid=4242", "--clear-groups"];

/** Why nobody but root can be another user, enter a user namespace, and read the project. */
async function whyNotAlone(): Promise<string | false> {
  if (!isRoot) return "only root can be somebody else";
  const probe = await run("setpriv", [
    ...alone,
    "unshare",
    "--user",
    "--map-root-user",
    "test",
    "-r",
    program[1] ?? "",
  ]);
  return probe.code !== 0 && `no user namespace, or no access to ${projectRoot}: ${probe.stderr.trim()}`;
}

test("a user without subordinate ids installs what is all root's, and is told what is not", async (t) => {
  const reason = await whyNotAlone();
  if (reason !== false) return t.skip(reason);
  const scene = await Scene.create(t);
  await scene.publish([
    {
      name: "lonely",
      requires: ["filesystem"],
      files: { "/usr/share/lonely": "x", "/usr/bin/lonely": { mode: 0o4755 } },
    },
    { name: "social", requires: ["filesystem"], files: { "/usr/share/social": { content: "x", user: "daemon" } } },
  ]);
  scene.writeManifest({ packages: ["lonely"] });
  assert.equal((await scene.build()).code, 0);
  const base = join(scene.directory, "..");
  await run("chown", ["-R", "4242:4242", base]);
  const build = (engine: string): Promise<RunResult> => {
    const options = ["build", "--engine", engine, "--image", "image", "--tag", engine, "--no-cache"];
    const env = { XDG_CACHE_HOME: join(base, "own-cache"), HOME: base, SOURCE_DATE_EPOCH };
    return run("setpriv", [...alone, ...program, ...options], { cwd: scene.directory, env });
  };
  for (const engine of engines) {
    const result = await build(engine);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, /\/etc\/subuid has no line for the user 4242: packages whose files are not all root's/);
    assert.equal(digestOf(scene.layout, engine), digestOf(scene.layout, "test"));
  }
  // Without a passwd file, rpm takes every user for root.
  await scene.publish([
    {
      name: "filesystem",
      version: "4",
      files: { "/etc/passwd": "daemon:x:2:2::/:\n", "/etc/group": "daemon:x:2:\n" },
      dirs: { "/var/tmp": { mode: 0o1777 }, "/usr/lib/sysimage/rpm": {} },
    },
  ]);
  await run("chown", ["-R", "4242:4242", base]);
  scene.writeManifest({ packages: ["social"] });
  for (const engine of engines) {
    const result = await build(engine);
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /\/usr\/share\/social/);
    assert.match(result.stderr, /users or groups other than root[\s\S]*\/etc\/subuid/);
    assert.equal(result.stderr.match(/^ *Error /gm)?.length, 1, result.stderr);
  }
});

test("a place with spaces and letters of other languages is as good as any other", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["app", "capable", "chatty"] });
  assert.equal((await scene.build()).code, 0);
  const expected = digestOf(scene.layout, "test");
  const place = join(scene.directory, "..", "ein Örtchen, 場所 'x' $HOME");
  renameSync(scene.directory, place);
  const [tmp, cache] = [join(place, "tmp – a"), join(place, "cache ß")];
  mkdirSync(tmp);
  for (const engine of engines) {
    const options = ["build", "--engine", engine, "--image", "im age:ü", "--tag", engine, "--cache-dir", cache];
    const result = await run(program[0] ?? "", [...program.slice(1), ...options, "--no-cache"], {
      cwd: place,
      env: { TMPDIR: tmp, XDG_CACHE_HOME: cache, SOURCE_DATE_EPOCH },
    });
    assert.equal(result.code, 0, result.stderr);
    assert.equal(digestOf(join(place, "im age:ü"), engine), expected);
  }
});

test("where /tmp cannot be written, TMPDIR names another place, and an error says so", async (t) => {
  const probe = await run("unshare", ["--mount", "true"]);
  if (probe.code !== 0) return t.skip(`no mount namespace: ${probe.stderr.trim()}`);
  const scene = await Scene.create(t);
  scene.writeManifest();
  assert.equal((await scene.build()).code, 0);
  const script = `mount --bind "$1" /mnt && mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp &&
    cd /mnt/user && shift && exec "$@"`;
  const build = (tag: string, env: Readonly<Record<string, string>>): Promise<RunResult> => {
    const options = ["build", "--image", "image", "--tag", tag, "--no-cache", "--cache-dir", "/mnt/cache"];
    const base = join(scene.directory, "..");
    return run("unshare", ["--mount", "sh", "-c", script, "sh", base, ...program, ...options], {
      env: { SOURCE_DATE_EPOCH, ...env },
    });
  };
  const refused = await build("refused", {});
  assert.equal(refused.code, 1, refused.stderr);
  assert.match(refused.stderr, /\/tmp[\s\S]*TMPDIR/);
  mkdirSync(scene.path("scratch"));
  const result = await build("elsewhere", { TMPDIR: "/mnt/user/scratch" });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(digestOf(scene.layout, "elsewhere"), digestOf(scene.layout, "test"));
});
