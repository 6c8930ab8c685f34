import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { init, loadManifest, RpmociError } from "../../src/index.js";
import { DISTRIBUTIONS } from "../../src/manifest/distributions.js";
import { rpmoci } from "../support/run.js";
import { Scene } from "../support/scene.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

test("every distribution and release gives a manifest that is understood", async (t) => {
  const directory = temporaryDirectory(t);
  for (const [name, { releases, sources }] of Object.entries(DISTRIBUTIONS)) {
    for (const release of releases) {
      const file = join(directory, `${name}-${release}.toml`);
      const { code, stderr } = await rpmoci(["init", "--distro", `${name}:${release}`, "-f", file]);
      assert.equal(code, 0, stderr);
      const manifest = await loadManifest(file);
      assert.deepEqual(manifest.packages, ["bash"]);
      assert.equal(manifest.repositories.length, sources(release, "x86_64").repositories.length);
      for (const repository of manifest.repositories) {
        if (repository.kind === "system") assert.equal(name, "rhel");
        else assert.ok(manifest.gpgkeys.length > 0 || repository.options.gpgkey !== undefined, `${name} has no key`);
      }
    }
  }
});

test("what init writes builds an image, when the repository's address is another one", async (t) => {
  const scene = await Scene.create(t);
  const made = await scene.run(["init", "--distro", "azurelinux", "app", "--json"]);
  assert.equal(made.code, 0, made.stderr);
  const path = scene.path("rpmoci.toml");
  assert.deepEqual(JSON.parse(made.stdout), { manifestPath: path, distribution: "Azure Linux 3.0" });
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    text
      .replace(/https:\/\/packages\.microsoft\.com\/azurelinux[^"]*/, scene.repositoryUrl)
      .replace(/https:\/\/packages\.microsoft\.com\/keys[^"]*/, scene.keyUrl),
  );
  const { code, stderr } = await scene.build(["--engine", "rpm"]);
  assert.equal(code, 0, stderr);
  assert.ok(scene.lockedNames().includes("app"));
});

test("a file that is there is replaced by --force only", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "rpmoci.toml");
  const run = (...args: readonly string[]) => rpmoci(["init", "--distro", "fedora:42", ...args], { cwd: directory });
  writeFileSync(path, "mine");
  const refused = await run();
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /rpmoci\.toml exists\n +Hint --force replaces it/);
  assert.equal(readFileSync(path, "utf8"), "mine");
  assert.equal((await run("--force")).code, 0);
  assert.equal((await loadManifest(path)).releasever, "42");
  symlinkSync("nowhere", join(directory, "link.toml"));
  assert.equal((await run("-f", "link.toml")).code, 1, "a link that leads nowhere is not followed");
  assert.equal((await run("-f", "none/rpmoci.toml")).code, 1);
  assert.deepEqual(readdirSync(directory).sort(), ["link.toml", "rpmoci.toml"]);
});

test("a distribution or release that is not known is refused, with those that are", async (t) => {
  for (const distribution of ["debian", "centos:7", "fedora:rawhide", "constructor", ""]) {
    const { code, stderr } = await rpmoci(["init", "--distro", distribution], { cwd: temporaryDirectory(t) });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /Hint name one of fedora, centos,/);
  }
});

test("the system's own distribution is taken by default", async (t) => {
  const systems: readonly (readonly [string, string | null])[] = [
    ["ID=fedora\nVERSION_ID=44\n", "Fedora 44"],
    ['ID="centos"\nVERSION_ID="9"\n', "CentOS Stream 9"],
    ['ID="rhel"\nVERSION_ID="9.4"\n', "Red Hat Enterprise Linux 9"],
    ['ID="azurelinux"\nVERSION_ID="3.0"\n', "Azure Linux 3.0"],
    ['ID="opensuse-tumbleweed"\nVERSION_ID="20261101"\n', "openSUSE Tumbleweed"],
    ["ID=debian\nVERSION_ID=12\n", null],
    ["ID=centos\nVERSION_ID=7\n", null],
    ["", null],
  ];
  for (const [index, [osRelease, expected]] of systems.entries()) {
    const systemRoot = join(temporaryDirectory(t), String(index));
    mkdirSync(join(systemRoot, "etc"), { recursive: true });
    writeFileSync(join(systemRoot, "etc/os-release"), osRelease);
    const made = init({ manifestPath: join(systemRoot, "rpmoci.toml"), systemRoot });
    if (expected !== null) assert.equal((await made).distribution, expected);
    else await assert.rejects(made, (error) => error instanceof RpmociError && error.code === "DISTRIBUTION_UNKNOWN");
  }
});
