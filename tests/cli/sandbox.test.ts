/** What scriptlets can do to the machine: nothing. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { digestOf } from "../support/image.js";
import { projectRoot } from "../support/project.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { run } from "../support/run.js";
import { Scene } from "../support/scene.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const skip = process.geteuid?.() === 0 ? false : "only root can make the attempts that matter";
const engines = ["dnf", "rpm"] as const;

/** A scene with a package `intruder` whose scriptlet makes the attempts, a line each, of name and argument. */
async function sceneWith(
  t: TestContext,
  attempts: readonly string[],
  section: "post" | "preun" = "post",
): Promise<Scene> {
  const program = join(temporaryDirectory(t), "intruder");
  execFileSync("cc", ["-static", "-O1", "-o", program, join(projectRoot, "tests/support/intruder.c")]);
  const tool: RpmFixture = {
    name: "intruder-tool",
    requires: ["filesystem"],
    dirs: { "/var/tmp": { mode: 0o1777 } },
    files: { "/usr/bin/intruder": { content: readFileSync(program), mode: 0o755 } },
  };
  const intruder: RpmFixture = {
    name: "intruder",
    requiresPost: ["intruder-tool"],
    scriptlets: [{ section, interpreter: "/usr/bin/intruder", body: `${attempts.join("\n")}\n` }],
  };
  const scene = await Scene.create(t, { packages: ["filesystem", tool, intruder] });
  scene.writeManifest({ packages: ["intruder"], os_release: false });
  return scene;
}

/** What came of each attempt. */
function results(output: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...output.matchAll(/^\s*(\w+): (done|E[A-Z]+)$/gm)].map(([, what, how]) => [what, how]));
}

/** Their command lines. */
function runningIntruders(): readonly string[] {
  const read = (pid: string): string => {
    try {
      return readFileSync(join("/proc", pid, "cmdline"), "utf8");
    } catch {
      return "";
    }
  };
  return readdirSync("/proc")
    .map(read)
    .filter((line) => line.startsWith("/usr/bin/intruder"));
}

for (const engine of engines) {
  test(`a scriptlet reaches neither files, processes, devices, mounts nor networks of the host (${engine})`, {
    skip,
  }, async (t) => {
    const outside = temporaryDirectory(t);
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const victim = spawn("sleep", ["600"]);
    t.after(() => victim.kill());
    const { port } = server.address() as { port: number };
    const marker = join(outside, "marker");
    const scene = await sceneWith(t, [
      `null -`,
      `kill ${victim.pid}`,
      `trace 1`,
      `mount /tmp`,
      `connect ${port}`,
      `device ${statSync("/dev/zero").rdev}`,
      // The last, as they leave the root.
      `outside ${statSync("/dev/zero").rdev}`,
      `write ${marker}`,
    ]);
    const shut = await scene.build(["-v", "--engine", engine, "--sandbox"], { env: { TMPDIR: "/tmp" } });
    assert.equal(shut.code, 0, shut.stderr);
    const { null: null_, ...attempts } = results(shut.stderr);
    assert.equal(null_, "done");
    assert.deepEqual(Object.keys(attempts).sort(), ["connect", "device", "kill", "mount", "outside", "trace", "write"]);
    for (const [what, how] of Object.entries(attempts)) assert.notEqual(how, "done", `${what}\n${shut.stderr}`);
    assert.equal(victim.exitCode ?? victim.signalCode, null);
    assert.equal(existsSync(marker), false);

    // Without the sandbox they succeed, which shows that they are real ones.
    const other = await sceneWith(t, [`kill ${victim.pid}`, `connect ${port}`, `write ${marker}`]);
    const open = await other.build(["-v", "--engine", engine, "--no-sandbox"]);
    assert.equal(open.code, 0, open.stderr);
    assert.deepEqual(results(open.stderr), { kill: "done", connect: "done", write: "done" });
    assert.equal(existsSync(marker), true);
  });

  test(`the image does not depend on the sandbox (${engine})`, { skip }, async (t) => {
    const scene = await sceneWith(t, ["null -"]);
    for (const [option, how] of [
      ["--sandbox", "done"],
      ["--no-sandbox", "ENOENT"],
    ] as const) {
      const result = await scene.build(["-v", "--engine", engine, option, "--tag", option.slice(2)]);
      assert.equal(result.code, 0, result.stderr);
      assert.deepEqual(results(result.stderr), { null: how });
    }
    assert.equal(digestOf(scene.layout, "sandbox"), digestOf(scene.layout, "no-sandbox"));
  });

  test(`a scriptlet cannot change the host's configuration (${engine})`, { skip }, async (t) => {
    const path = "/etc/rpmoci-intruder";
    rmSync(path, { force: true });
    t.after(() => rmSync(path, { force: true }));
    const scene = await sceneWith(t, [`write ${path}`]);
    const result = await scene.build(["-v", "--sandbox", "--engine", engine]);
    assert.equal(result.code, 0, result.stderr);
    assert.match(results(result.stderr).write ?? "", /^E/);
    assert.equal(existsSync(path), false);
  });

  test(`a scriptlet that hangs is stopped, by name (${engine})`, { skip }, async (t) => {
    const scene = await sceneWith(t, ["hang -"]);
    const result = await scene.build(["--engine", engine, "--scriptlet-timeout", "2"]);
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /(Installing|Running) .*intruder-1-1\.noarch.*did not end within 2 s and was stopped/);
    assert.match(result.stderr, /--scriptlet-timeout gives it more time/);
    assert.equal(existsSync(scene.layout), false);
    assert.deepEqual(runningIntruders(), []);
  });

  test(`a scriptlet that fills the disk is stopped before it is full (${engine})`, { skip }, async (t) => {
    const disk = join(temporaryDirectory(t), "disk");
    mkdirSync(disk);
    const scene = await sceneWith(t, ["fill -"]);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1500m", "tmpfs", disk]);
    const result = await scene
      .build(["-v", "--engine", engine], { env: { TMPDIR: disk } })
      .finally(() => execFileSync("umount", [disk]));
    assert.equal(result.code, 1, result.stderr);
    assert.match(
      result.stderr,
      /(Installing|Running) .*intruder-1-1\.noarch.*has nearly filled the disk and was stopped/,
    );
    assert.doesNotMatch(result.stderr, /fill: ENOSPC/);
  });
}

test("a scriptlet of a package that is excluded is stopped as well", { skip }, async (t) => {
  const scene = await sceneWith(t, ["hang -"], "preun");
  scene.writeManifest({ packages: ["intruder"], os_release: false, exclude: ["intruder"] });
  const result = await scene.build(["--scriptlet-timeout", "2"]);
  assert.equal(result.code, 1, result.stderr);
  assert.match(result.stderr, /failed to remove intruder: a scriptlet did not end within 2 s and was stopped/);
  assert.deepEqual(runningIntruders(), []);
});

test("in a container without CAP_SYS_ADMIN scriptlets run without a sandbox, with a warning, or not at all", {
  skip,
}, async (t) => {
  const scene = await Scene.create(t, { packages: ["filesystem"] });
  scene.writeManifest({ packages: ["filesystem"], os_release: false });
  const build = (...options: readonly string[]) => {
    const command = [join(projectRoot, "dist/main.js"), "build", "--image", "image", "--tag", "test", "--no-cache"];
    const env = { XDG_CACHE_HOME: scene.path("cache") };
    const reduced = ["--bounding-set=-sys_admin", "--", process.execPath, ...command, ...options];
    return run("setpriv", reduced, { cwd: scene.directory, env });
  };
  for (const engine of engines) {
    const warned = await build("--engine", engine);
    assert.equal(warned.code, 0, warned.stderr);
    const reason = "unshare: unshare failed: Operation not permitted";
    assert.match(warned.stderr, new RegExp(`scriptlets run without a sandbox, which cannot be made here: ${reason}`));
    const meant = await build("--engine", engine, "--no-sandbox");
    assert.equal(meant.code, 0, meant.stderr);
    assert.doesNotMatch(meant.stderr, /sandbox/);
    const refused = await build("--engine", engine, "--sandbox");
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, new RegExp(`no sandbox for scriptlets can be made here: ${reason}`));
  }
});

test("an odd time limit is refused", async (t) => {
  const scene = await Scene.create(t, { packages: ["filesystem"] });
  scene.writeManifest();
  const result = await scene.build(["--scriptlet-timeout", "soon"]);
  assert.equal(result.code, 2, result.stderr);
  assert.match(result.stderr, /--scriptlet-timeout: `soon` is not a number of seconds/);
});
