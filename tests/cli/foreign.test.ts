/** Images of an architecture that this machine does not have. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { registration } from "../../src/install/binfmt.js";
import { foreignProgram, KNOWN_MACHINES, qemuName } from "../../src/install/foreign-program.js";
import { hostArchitecture } from "../../src/model/architecture.js";
import {
  FOREIGN,
  idleProgram,
  pathWithoutQemu,
  whyNoEmulation,
  whyNotUnregistered,
  writingProgram,
} from "../support/foreign-programs.js";
import { digestOf, layerEntries } from "../support/image.js";
import { digestByOrdinaryUser } from "../support/ordinary-user.js";
import { projectRoot } from "../support/project.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { type RunResult, run } from "../support/run.js";
import { Scene } from "../support/scene.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const arch = FOREIGN;
const BUILD = ["build", "--arch", arch, "--image", "image"];

/** A shell that does nothing well. */
const shell: RpmFixture = {
  name: "shell",
  arch,
  requires: ["filesystem"],
  provides: ["/bin/sh", "/usr/bin/python3"],
  files: {
    "/usr/bin/sh": { content: idleProgram(), mode: 0o755 },
    "/bin": { symlinkTo: "usr/bin" },
    "/usr/bin/capable": { content: idleProgram(), mode: 0o755, caps: "cap_net_raw=ep" },
  },
};

/** Nothing that would not be the same by a program that does nothing, and by none. */
const quiet: RpmFixture = {
  name: "quiet",
  arch,
  requiresPre: ["shell"],
  files: { "/usr/lib/quiet": "x" },
  pre: ": nothing\n",
  post: "# says something\necho installed && exit 0\n",
  posttrans: "true >/dev/null 2>&1 || :\n",
  preun: "exit 0\n",
  scriptlets: [{ section: "postun", interpreter: "<lua>", body: 'print("gone")' }],
};

const gone: RpmFixture = { ...quiet, name: "gone", files: { "/usr/lib/gone": "x" } };

async function sceneOf(t: TestContext, packages: readonly RpmFixture[], extra: object = {}): Promise<Scene> {
  const scene = await Scene.create(t, { packages: ["filesystem", ...packages] });
  scene.writeManifest({ packages: packages.map(({ name }) => name), os_release: false, ...extra });
  return scene;
}

function succeeded(result: RunResult, message: RegExp): void {
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, message);
  assert.doesNotMatch(result.stderr, /Warning/);
}

const THROUGH_QEMU = new RegExp(
  `Using \\S*qemu\\S*, (?:in a user namespace|which the system has in binfmt_misc), for scriptlets of ${arch}`,
);
const FILES_ONLY = new RegExp(`Using no emulation for ${arch}: files only, (\\d+) scriptlets? done by rpmoci itself`);

test("scriptlets of another architecture are run by QEMU, which nobody has to register", async (t) => {
  const reason = await whyNoEmulation();
  if (reason !== null) return t.skip(reason);
  const writer: RpmFixture = {
    name: "writer",
    arch,
    requires: ["filesystem"],
    files: { "/usr/bin/writer": { content: writingProgram(), mode: 0o755 } },
    scriptlets: [{ section: "post", interpreter: "/usr/bin/writer", body: "" }],
  };
  const scene = await sceneOf(t, [writer]);
  for (const options of [
    ["--engine", "rpm"],
    ["--engine", "dnf"],
    ["--engine", "rpm", "--no-sandbox"],
  ]) {
    const result = await scene.run([...BUILD, "--tag", "made", ...options]);
    succeeded(result, THROUGH_QEMU);
    assert.equal((await layerEntries(scene.layout, "made")).get("made")?.mode, 0o644);
  }
});

test("with emulation and without, by both engines and for both users, the image is the same", async (t) => {
  const reason = (await whyNoEmulation()) ?? (await whyNotUnregistered());
  if (reason !== null) return t.skip(reason);
  const scene = await sceneOf(t, [shell, quiet, gone], { exclude: ["gone"] });
  const without = { env: { PATH: pathWithoutQemu(temporaryDirectory(t)) } };
  succeeded(await scene.run([...BUILD, "--tag", "rpm", "--engine", "rpm"]), THROUGH_QEMU);
  succeeded(await scene.run([...BUILD, "--tag", "dnf", "--engine", "dnf"]), THROUGH_QEMU);
  succeeded(await scene.run([...BUILD, "--tag", "none", "--engine", "rpm"], without), FILES_ONLY);
  const instead = await scene.run([...BUILD, "--tag", "instead", "--engine", "dnf", "--no-sandbox"], without);
  succeeded(instead, /6 scriptlets done by rpmoci itself, installed by librpm instead of dnf/);
  assert.match(instead.stderr, new RegExp(`Excluded gone-1-1\\.${arch}`));
  const digest = digestOf(scene.layout, "rpm");
  for (const tag of ["dnf", "none", "instead"]) assert.equal(digestOf(scene.layout, tag), digest, tag);
  const other = await digestByOrdinaryUser(scene, t);
  if (other !== null) assert.equal(other, digest);
});

test("what the system has in binfmt_misc is used, if it need not be in the root", async (t) => {
  const reason = (await whyNoEmulation()) ?? (await whyNotUnregistered());
  if (reason !== null) return t.skip(reason);
  const scene = await sceneOf(t, [shell, quiet]);
  const environment = {
    PATH: pathWithoutQemu(temporaryDirectory(t)),
    XDG_CACHE_HOME: join(scene.directory, "../cache"),
    NO_COLOR: "1",
    SOURCE_DATE_EPOCH: "1720000000",
  };
  const qemu = `/usr/bin/qemu-${arch}-static`;
  // The system's, as far as everybody in the namespace can tell.
  const script = [
    "mount -t binfmt_misc none /proc/sys/fs/binfmt_misc",
    'printf %s "$LINE" >/proc/sys/fs/binfmt_misc/register',
    'exec "$@"',
  ].join(" && ");
  const inside = (line: string, tag: string): Promise<RunResult> => {
    const program = [process.execPath, join(projectRoot, "dist/main.js"), ...BUILD, "--tag", tag, "--no-cache"];
    const enter = ["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"];
    return run("unshare", [...enter, ...program], { cwd: scene.directory, env: { ...environment, LINE: line } });
  };
  const line = registration(arch, qemu, true) ?? "";
  const fixed = await inside(line, "fixed");
  assert.equal(fixed.code, 0, fixed.stderr);
  assert.ok(fixed.stderr.includes(`Using ${qemu}, which the system has in binfmt_misc, for scriptlets of ${arch}`));
  const free = await inside(line.replace(/POCF$/, "POC"), "free");
  assert.equal(free.code, 0, free.stderr);
  assert.match(free.stderr, FILES_ONLY);
  assert.equal(digestOf(scene.layout, "free"), digestOf(scene.layout, "fixed"));
});

test("without emulation, scriptlets that must be run are listed, and nothing is installed", async (t) => {
  const reason = await whyNotUnregistered();
  if (reason !== null) return t.skip(reason);
  const loud: RpmFixture = {
    name: "loud",
    arch,
    requiresPre: ["shell"],
    pre: "# makes a user\n\ngetent passwd loud >/dev/null || useradd -r loud\n",
    posttrans: "exit 0\n",
    scriptlets: [
      { section: "post", interpreter: "<lua>", body: 'posix.fork() -- or os.execute("x")' },
      { section: "triggerin", trigger: "quiet", body: "if [ -x /bin/x ]; then /bin/x; fi\n" },
      { section: "triggerin", trigger: "absent", interpreter: "/usr/bin/python3", body: "1/0\n" },
      { section: "transfiletriggerin", trigger: "/usr/lib/absent", body: "/usr/bin/unknown\n" },
    ],
  };
  const scene = await sceneOf(t, [shell, quiet, loud]);
  const env = { PATH: pathWithoutQemu(temporaryDirectory(t)) };
  const result = await scene.run([...BUILD, "--tag", "none"], { env });
  assert.equal(result.code, 1);
  const refusal = result.stderr.slice(result.stderr.indexOf(`packages of ${arch} cannot be installed`));
  const expected = [
    `qemu-${arch}-static was not found on PATH`,
    `%pre of loud-1-1.${arch}: getent passwd loud >/dev/null || useradd -r loud`,
    `%post of loud-1-1.${arch}: <lua>: posix.fork()`,
    `%triggerin of loud-1-1.${arch}: if [ -x /bin/x ]; then /bin/x; fi`,
    "install qemu-user-static",
  ];
  for (const text of expected) assert.ok(refusal.includes(text), `${text}\n${result.stderr}`);
  for (const text of ["quiet-1-1", "python3", "unknown", "%posttrans"]) assert.ok(!refusal.includes(text), text);
  assert.doesNotMatch(result.stderr, /Installing/);
  assert.equal(existsSync(scene.layout) ? digestOf(scene.layout, "none") : null, null);
});

test("what cannot be installed for one architecture is told before another is installed", async (t) => {
  const reason = await whyNotUnregistered();
  if (reason !== null) return t.skip(reason);
  const own = hostArchitecture();
  const loud = [own, arch].map((name): RpmFixture => ({ name: "loud", arch: name, pre: "useradd -r loud\n" }));
  const scene = await Scene.create(t, { packages: ["filesystem", shell, { ...shell, arch: own }, ...loud] });
  scene.writeManifest({ packages: ["loud"], os_release: false, archs: [own, arch] });
  const env = { PATH: pathWithoutQemu(temporaryDirectory(t)) };
  const result = await scene.run(["build", "--image", "image", "--tag", "none"], { env });
  assert.equal(result.code, 1);
  assert.match(result.stderr, new RegExp(`${arch}: packages of ${arch} cannot be installed`));
  assert.match(result.stderr, new RegExp(`%pre of loud-1-1\\.${arch}: useradd -r loud`));
  assert.doesNotMatch(result.stderr, /Installing/);
});

test("packages whose scriptlets cannot be done are not removed either", async (t) => {
  const reason = await whyNotUnregistered();
  if (reason !== null) return t.skip(reason);
  const stubborn: RpmFixture = { ...quiet, name: "stubborn", postun: "systemctl daemon-reload\n", scriptlets: [] };
  const scene = await sceneOf(t, [shell, stubborn], { exclude: ["stubborn"] });
  const env = { PATH: pathWithoutQemu(temporaryDirectory(t)) };
  const result = await scene.run([...BUILD, "--tag", "none"], { env });
  assert.equal(result.code, 1);
  assert.match(result.stderr, /cannot be removed \(contents\.exclude\)/);
  assert.match(result.stderr, /%postun of stubborn-1-1\.\w+: systemctl daemon-reload/);
});

test("alternatives are chosen as chkconfig's program chooses them", async (t) => {
  const reason = await whyNotUnregistered();
  if (reason !== null) return t.skip(reason);
  const chkconfig: RpmFixture = {
    name: "chkconfig",
    arch,
    requires: ["shell"],
    dirs: { "/etc/alternatives": {}, "/var/lib/alternatives": {}, "/usr/sbin": {} },
    files: {
      "/usr/sbin/alternatives": { content: idleProgram(), mode: 0o755 },
      "/usr/sbin/update-alternatives": { symlinkTo: "alternatives" },
    },
  };
  const editor = (name: string, priority: number, post: string): RpmFixture => ({
    name,
    arch,
    requiresPost: ["chkconfig"],
    files: { [`/usr/bin/${name}`]: { content: idleProgram(), mode: 0o755 }, [`/usr/share/${name}.1`]: "manual" },
    post: `update-alternatives --install /usr/bin/editor editor /usr/bin/${name} ${priority} ${post} || :\n`,
    preun: `/usr/sbin/alternatives --remove editor /usr/bin/${name}\n`,
  });
  const packages = [
    shell,
    chkconfig,
    editor("nano", 10, "--slave /usr/share/editor.1 editor.1 /usr/share/nano.1"),
    editor("vim", 50, "\\\n  --follower /usr/bin/view view /usr/bin/vim --family vi"),
    editor("emacs", 90, ""),
  ];
  const scene = await sceneOf(t, packages, { exclude: ["emacs"] });
  const env = { PATH: pathWithoutQemu(temporaryDirectory(t)) };
  const result = await scene.run([...BUILD, "--tag", "none"], { env });
  succeeded(result, FILES_ONLY);
  const entries = await layerEntries(scene.layout, "none");
  const lines = (entries.get("var/lib/alternatives/editor")?.content ?? "").split("\n");
  assert.deepEqual(lines.slice(0, 7), [
    "auto",
    "/usr/bin/editor",
    "view",
    "/usr/bin/view",
    "editor.1",
    "/usr/share/editor.1",
    "",
  ]);
  const rest = lines.slice(7).join("\n");
  assert.ok(rest.includes("/usr/bin/nano\n10\n\n/usr/share/nano.1\n"), rest);
  assert.ok(rest.includes("/usr/bin/vim\n@vi@50\n/usr/bin/vim\n\n"), rest);
  const links = [
    ["usr/bin/editor", "/etc/alternatives/editor"],
    ["etc/alternatives/editor", "/usr/bin/vim"],
    ["usr/bin/view", "/etc/alternatives/view"],
    ["etc/alternatives/view", "/usr/bin/vim"],
  ] as const;
  for (const [path, target] of links) assert.equal(entries.get(path)?.link, target, path);
  assert.equal(entries.has("usr/share/editor.1"), false);
});

test("the smallest programs of all known architectures run", async (t) => {
  const directory = temporaryDirectory(t);
  for (const machine of KNOWN_MACHINES) {
    const path = join(directory, machine);
    writeFileSync(path, foreignProgram(machine) ?? "", { mode: 0o755 });
    const qemu = `qemu-${qemuName(machine)}-static`;
    const result = await run(qemu, [path]).catch(() => null);
    if (result === null) t.diagnostic(`${qemu} is not here`);
    else assert.equal(result.code, 0, machine);
  }
});

test("doctor tells of which architectures scriptlets run", async (t) => {
  const reason = await whyNoEmulation();
  if (reason !== null) return t.skip(reason);
  const program = [join(projectRoot, "dist/main.js"), "doctor", "--json"];
  const { stdout } = await run(process.execPath, program);
  const { message } = JSON.parse(stdout).find(({ check }: { check: string }) => check === "emulation");
  assert.match(message, new RegExp(`^scriptlets of other architectures run: .*\\b${arch}\\b`));
});
