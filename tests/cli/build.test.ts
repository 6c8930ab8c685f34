import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { digestOf, layerEntries, readImage, readIndex } from "../support/image.js";
import { projectRoot } from "../support/project.js";
import { run } from "../support/run.js";
import { Scene } from "../support/scene.js";

test("build makes a layout, writes the lockfile, and says what it does on stderr, and the digest on stdout", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stdout, `${digestOf(scene.layout, "test")}\n`);
  assert.match(result.stderr, /^ {11}Resolving dependencies$/m);
  assert.match(result.stderr, /^ {13}Success image 'image:test' created in [\d.]+s \(sha256:[0-9a-f]{64}\)$/m);
  assert.deepEqual(scene.lockedNames(), ["app", "filesystem", "libtiny", "tiny-release"]);
  assert.equal(readFileSync(scene.path("image/oci-layout"), "utf8"), '{"imageLayoutVersion":"1.0.0"}');
  assert.ok(result.stderr.includes(digestOf(scene.layout, "test") ?? "no digest"));
});

test("build adds to an existing layout and replaces a tag that exists", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  assert.equal((await scene.build()).code, 0);
  const first = digestOf(scene.layout, "test");
  assert.equal((await scene.run(["build", "--image", "image", "--tag", "other"])).code, 0);
  scene.writeManifest({}, { author: "somebody" });
  assert.equal((await scene.build()).code, 0);
  assert.equal(readIndex(scene.layout).manifests.length, 2);
  assert.equal(digestOf(scene.layout, "other"), first);
  assert.notEqual(digestOf(scene.layout, "test"), first);
});

test("--label sets labels over the manifest's, and may be repeated", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({}, { labels: { kept: "yes", replaced: "no" } });
  const result = await scene.build(["--label", "replaced=with=signs", "--label", "added="]);
  assert.equal(result.code, 0, result.stderr);
  const { config } = readImage(scene.layout, "test").config;
  assert.deepEqual(config.Labels, { added: "", kept: "yes", replaced: "with=signs" });
  const wrong = await scene.build(["--label", "nothing"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /`nothing` should be of the form KEY=VALUE\./);
});

test("--locked refuses a lockfile that is missing, outdated or damaged, and builds from one that fits", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  const missing = await scene.build(["--locked"]);
  assert.equal(missing.code, 3);
  assert.match(
    missing.stderr,
    /rpmoci\.lock is missing and needs to be generated but --locked was passed to prevent this/,
  );
  assert.ok(!scene.hasLockfile() && !existsSync(scene.layout));

  assert.equal((await scene.run(["update"])).code, 0);
  const locked = readFileSync(scene.lockfilePath, "utf8");
  assert.equal((await scene.build(["--locked"])).code, 0);
  assert.equal(readFileSync(scene.lockfilePath, "utf8"), locked);

  scene.writeManifest({ packages: ["app", "tool"] });
  const outdated = await scene.build(["--locked"]);
  assert.equal(outdated.code, 3);
  assert.match(outdated.stderr, /rpmoci\.lock needs to be updated but --locked was passed to prevent this/);
  assert.equal(readFileSync(scene.lockfilePath, "utf8"), locked);

  writeFileSync(scene.lockfilePath, 'pkg_specs = "wrong type"\n');
  const damaged = await scene.build(["--locked"]);
  assert.equal(damaged.code, 3);
  assert.match(damaged.stderr, /failed to parse existing lock file/);
});

test("an unlocked build resolves again when the lockfile does not fit, and warns when it cannot be parsed", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  assert.equal((await scene.build()).code, 0);
  scene.writeManifest({ packages: ["tool"] });
  const outdated = await scene.build();
  assert.equal(outdated.code, 0, outdated.stderr);
  assert.match(outdated.stderr, /Generating new lock file\. The existing lock file .* is not up-to-date\./);
  assert.deepEqual(scene.lockedNames(), ["filesystem", "tiny-release", "tool"]);

  writeFileSync(scene.lockfilePath, "pkg_specs = [\n");
  const damaged = await scene.build();
  assert.equal(damaged.code, 0, damaged.stderr);
  assert.match(damaged.stderr, /Warning failed to parse existing lock file/);
  assert.deepEqual(scene.lockedNames(), ["filesystem", "tiny-release", "tool"]);
});

test("a changed list of gpgkeys makes a lockfile outdated", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  assert.equal((await scene.run(["update"])).code, 0);
  scene.writeManifest({ gpgkeys: [scene.keyUrl, scene.keyUrl] });
  assert.equal((await scene.build(["--locked"])).code, 3);
});

test("--file names another manifest, whose lockfile lies beside it", async (t) => {
  const scene = await Scene.create(t);
  mkdirSync(scene.path("sub"));
  scene.writeManifest({}, {}, "sub/foo.toml");
  const result = await scene.build(["-f", "sub/foo.toml"]);
  assert.equal(result.code, 0, result.stderr);
  assert.ok(existsSync(scene.path("sub/foo.lock")));
  assert.ok(!scene.hasLockfile());
});

test("a locked build fetches the packages and nothing else", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  assert.equal((await scene.run(["update"])).code, 0);
  const before = scene.server.requests.length;
  assert.equal((await scene.build(["--locked"], { env: { XDG_CACHE_HOME: scene.path("empty-cache") } })).code, 0);
  const paths = scene.server.requests.slice(before).map(({ path }) => path);
  assert.equal(paths.length, 4);
  assert.ok(
    paths.every((path) => path.endsWith(".rpm")),
    paths.join(" "),
  );
});

test("the layer keeps hard links, capabilities, modes and owners, and bounds times", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["app", "capable"] });
  const result = await scene.build([], { env: { SOURCE_DATE_EPOCH: "1690000000" } });
  assert.equal(result.code, 0, result.stderr);
  const entries = await layerEntries(scene.layout, "test");
  const links = ["usr/bin/app", "usr/bin/app-link"].map((name) => entries.get(name));
  assert.deepEqual(links.map((entry) => entry?.type).sort(), ["file", "hardlink"]);
  const link = links.find((entry) => entry?.type === "hardlink");
  assert.equal(link?.size, 0);
  assert.match(link?.link ?? "", /^usr\/bin\/app/);
  assert.equal(entries.get("usr/bin/app-symlink")?.link, "app");
  assert.ok("SCHILY.xattr.security.capability" in (entries.get("usr/bin/capable")?.pax ?? {}));
  assert.equal(entries.get("tmp")?.mode, 0o1777);
  assert.equal(entries.get("usr/bin/app")?.mode, 0o755);
  for (const entry of entries.values()) assert.ok(entry.mtime <= 1_690_000_000, `${entry.name}: ${entry.mtime}`);
  for (const entry of entries.values()) assert.deepEqual([entry.uid, entry.gid], [0, 0], entry.name);
});

test("logs, caches, temporary files and dnf's state do not reach the image; directories of packages do", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["app", "chatty"] });
  const result = await scene.build(["-v"]);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /chatty says hello/);
  const names = [...(await layerEntries(scene.layout, "test")).keys()];
  const below = (prefix: string): readonly string[] => names.filter((name) => name.startsWith(`${prefix}/`));
  assert.deepEqual(below("var/log"), ["var/log/app"]);
  for (const directory of ["var/cache", "var/tmp", "tmp", "run", "var/lib/dnf"]) assert.deepEqual(below(directory), []);
  assert.deepEqual(below("usr/lib/sysimage/rpm"), ["usr/lib/sysimage/rpm/rpmdb.sqlite"]);
  assert.deepEqual(
    names.filter((name) => /rpmdb|\.rpmoci|\.rpmmacros|home\//.test(name)),
    ["usr/lib/sysimage/rpm/rpmdb.sqlite"],
  );
});

test("--vendor-dir builds without a network, to the same digest, and refuses what the lock does not have", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  assert.equal((await scene.build()).code, 0);
  const digest = digestOf(scene.layout, "test");
  assert.equal((await scene.run(["vendor", "--out-dir", "vendor"])).code, 0);
  await scene.server.close();
  const env = { XDG_CACHE_HOME: scene.path("empty-cache") };
  const result = await scene.build(["--locked", "--vendor-dir", "vendor"], { env });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(digestOf(scene.layout, "test"), digest);

  writeFileSync(scene.path("vendor/foreign.rpm"), "not a package of the lock");
  const foreign = await scene.build(["--locked", "--vendor-dir", "vendor"], { env });
  assert.equal(foreign.code, 6);
  assert.match(foreign.stderr, /vendor\/foreign\.rpm is not a package of the lockfile/);
});

test("--vendor-dir refuses a file whose bytes have changed, and names what is missing", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  assert.equal((await scene.run(["update"])).code, 0);
  assert.equal((await scene.run(["vendor", "--out-dir", "vendor"])).code, 0);
  const app = scene.lockfile().packages.find(({ name }) => name === "app");
  const path = scene.path("vendor", `${app?.checksum.checksum}.rpm`);
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const damaged = await scene.build(["--locked", "--vendor-dir", "vendor"]);
  assert.equal(damaged.code, 6);
  assert.ok(damaged.stderr.includes(path));

  mkdirSync(scene.path("none"));
  const missing = await scene.build(["--locked", "--vendor-dir", "none"]);
  assert.equal(missing.code, 5);
  assert.match(missing.stderr, /lacks app-2\.0-1\.noarch, filesystem-3\.18-1\.noarch/);
  assert.ok(!existsSync(scene.layout));
});

test("dnf's plugins on the system stay effective", async (t) => {
  if (process.geteuid?.() !== 0) return t.skip("only root can put a plugin over the system's for a moment");
  const packages = "/usr/lib/python3/dist-packages";
  if (!existsSync(`${packages}/dnf`)) return t.skip("dnf 4 is not where Debian has it");
  const scene = await Scene.create(t, { packages: ["filesystem", "tiny-release", "tool-2.0"] });
  scene.writeManifest({ packages: ["tool"] });
  mkdirSync(scene.path("upper/dnf-plugins"), { recursive: true });
  mkdirSync(scene.path("work"));
  const plugin =
    'import dnf\nclass Hello(dnf.Plugin):\n    name = "hello"\n    def transaction(self):\n        print("a plugin took part")\n';
  writeFileSync(scene.path("upper/dnf-plugins/hello.py"), plugin);
  const options = `lowerdir=${packages},upperdir=${scene.path("upper")},workdir=${scene.path("work")}`;
  const overlay = [
    "--mount",
    "sh",
    "-c",
    'mount -t overlay -o "$0" none /usr/lib/python3/dist-packages && exec "$@"',
    options,
  ];
  const probe = await run("unshare", [...overlay, "true"]);
  if (probe.code !== 0) return t.skip(`nothing can be mounted here: ${probe.stderr.trim()}`);
  const build = [join(projectRoot, "dist/main.js"), "build", "--image", "image", "--tag", "test", "-v"];
  const result = await run("unshare", [...overlay, process.execPath, ...build], {
    cwd: scene.directory,
    env: { XDG_CACHE_HOME: scene.path("cache"), NO_COLOR: "1" },
  });
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /a plugin took part/);
});
