import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { cleanRoot } from "../../src/rootfs/clean.js";
import { buildRpms, type RpmFixture } from "../support/rpm-fixture.js";
import { runSuccessfully } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const databasePath = "/var/lib/rpm";

/** A root whose database knows the package; its files are up to the test. */
async function makeRoot(folder: string, fixture: RpmFixture): Promise<string> {
  const root = join(folder, "root");
  const database = join(root, databasePath);
  mkdirSync(database, { recursive: true });
  const rpms = await buildRpms(folder, [fixture]);
  const backend = ["--define", "_db_backend sqlite"];
  await runSuccessfully("rpm", ["--install", "--justdb", "--nodeps", "--dbpath", database, ...backend, ...rpms]);
  return root;
}

function fill(root: string, paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    if (path.endsWith("/")) mkdirSync(join(root, path), { recursive: true });
    else writeFileSync(join(root, path), "x");
  }
}

/** What is in a root besides the database itself. */
function listing(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => !/rpm\/(rpmdb\.sqlite.*|\.rpm\.lock)$/.test(path))
    .map((path) => `/${path}`)
    .sort();
}

const leftByEither = ["/var/log/hawkey.log", "/var/lib/dnf/history.sqlite"];
const leftByDnf4 = [...leftByEither, "/etc/dnf/modules.d/", "/var/cache/dnf/tempfiles.json"];
const leftByDnf5 = [
  ...leftByEither,
  "/run/dnf/",
  "/usr/lib/sysimage/libdnf5/transaction_history.sqlite",
  "/var/cache/libdnf5/@commandline-0/packages/",
  "/var/lib/dnf/system-repo.lock",
  "/var/lib/rpm/.keyring.lock",
  "/var/log/dnf5.log",
];

for (const [name, left] of Object.entries({ "dnf 4": leftByDnf4, "dnf 5": leftByDnf5 })) {
  test(`nothing of what ${name} leaves behind stays in the root, down to the directories`, async (t) => {
    const root = await makeRoot(temporaryDirectory(t), { name: "nothing" });
    fill(root, left);
    await cleanRoot(root, databasePath);
    assert.deepEqual(listing(root), ["/var", "/var/lib", "/var/lib/rpm"]);
  });
}

test("what packages own stays where package managers leave things, and what others put next to it in /etc", async (t) => {
  const dirs = { "/etc/dnf": {}, "/usr/lib/sysimage": {}, "/var/log/daemon": {}, "/var/lib/dnf": {} };
  const root = await makeRoot(temporaryDirectory(t), { name: "owner", dirs, files: { "/var/cache/owned": "x" } });
  fill(root, [...Object.keys(dirs).map((path) => `${path}/`), "/var/cache/owned", "/etc/dnf/vars/scriptlet"]);
  fill(root, [...leftByDnf4, ...leftByDnf5]);
  await cleanRoot(root, databasePath);
  const kept = ["/etc/dnf", "/etc/dnf/vars", "/etc/dnf/vars/scriptlet", "/usr/lib/sysimage"];
  kept.push("/var/cache/owned", "/var/lib/dnf", "/var/log/daemon");
  const parents = ["/etc", "/usr", "/usr/lib", "/var", "/var/cache", "/var/lib", "/var/lib/rpm", "/var/log"];
  assert.deepEqual(listing(root), [...kept, ...parents].sort());
});

test("a link that leads out of the root is not followed", async (t) => {
  const folder = temporaryDirectory(t);
  const root = await makeRoot(folder, { name: "nothing" });
  const outside = join(folder, "outside");
  fill(outside, ["/machine-id", "/random-seed", "/dnf/modules.d/", "/lib/sysimage/libdnf5/history", "/log/file"]);
  const before = listing(outside);
  symlinkSync(outside, join(root, "etc"));
  symlinkSync(outside, join(root, "usr"));
  symlinkSync(outside, join(root, "var/lib/systemd"));
  symlinkSync(join(outside, "log"), join(root, "var/log"));
  await cleanRoot(root, databasePath);
  assert.deepEqual(listing(outside), before);
});

test("odd names go, what is not transient stays, and a second time changes nothing", async (t) => {
  const folder = temporaryDirectory(t);
  const root = await makeRoot(folder, { name: "nothing" });
  const gone = [
    "/var/log/deep/down/file",
    "/var/tmp/x",
    "/tmp/new\nline",
    "/run/x",
    "/dev/null",
    "/var/lib/systemd/random-seed",
  ];
  const kept = ["/etc/passwd", "/usr/bin/tool", "/var/lib/app/state", "/var/logs", "/opt/tmp/x"];
  fill(root, [...gone, ...kept, "/etc/machine-id"]);
  writeFileSync(Buffer.concat([Buffer.from(`${root}/tmp/`), Buffer.from([0xff, 0xfe])]), "a name that is not UTF-8");
  fill(folder, ["/outside/mine"]);
  symlinkSync(join(folder, "outside"), join(root, "var/log/link"));
  for (let round = 0; round < 2; round += 1) {
    await cleanRoot(root, databasePath);
    for (const path of [...gone, "/tmp"]) assert.equal(existsSync(join(root, path)), false, path);
    for (const path of kept) assert.equal(readFileSync(join(root, path), "utf8"), "x", path);
    assert.equal(readFileSync(join(root, "etc/machine-id"), "utf8"), "");
    assert.ok(existsSync(join(folder, "outside/mine")), "a link is removed, not followed");
  }
});
