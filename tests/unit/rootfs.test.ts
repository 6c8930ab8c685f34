import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { packageRoot } from "../../src/package-root.js";
import { cleanRoot } from "../../src/rootfs/clean.js";

const DATABASE = "/var/lib/rpm";

function missing(): string | false {
  if (!existsSync(join(packageRoot(), "build/Release/rpmoci.node"))) return "the addon is not built";
  return spawnSync("rpmdb", ["--version"]).error === undefined ? false : "rpmdb is not installed";
}

test("a root that owns nothing keeps what is neither transient nor a package manager's", {
  skip: missing(),
}, async (t) => {
  const root = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const outside = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(outside, { recursive: true, force: true }));
  writeFileSync(join(outside, "mine"), "stays");
  const { status, stderr } = spawnSync("rpmdb", ["--root", root, "--dbpath", DATABASE, "--initdb"]);
  assert.equal(status, 0, String(stderr));
  const put = (path: string): void => {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), "text");
  };
  const gone = [
    "var/log/deep/down/file",
    "var/cache/dnf/x",
    "var/tmp/x",
    "tmp/new\nline",
    "run/x",
    "var/lib/dnf/history.sqlite",
    "usr/lib/sysimage/libdnf5/x",
    "var/lib/systemd/random-seed",
  ];
  const kept = ["etc/passwd", "usr/bin/tool", "var/lib/app/state", "var/logs", "opt/tmp/x"];
  for (const path of [...gone, ...kept, "etc/machine-id"]) put(path);
  writeFileSync(Buffer.concat([Buffer.from(`${root}/tmp/`), Buffer.from([0xff, 0xfe])]), "a name that is not UTF-8");
  symlinkSync(outside, join(root, "var/log/link"));
  for (let round = 0; round < 2; round += 1) {
    await cleanRoot(root, DATABASE);
    for (const path of gone) assert.equal(existsSync(join(root, path)), false, path);
    for (const path of kept) assert.equal(readFileSync(join(root, path), "utf8"), "text", path);
    assert.equal(existsSync(join(root, "tmp")), false);
    assert.equal(readFileSync(join(root, "etc/machine-id"), "utf8"), "");
    assert(readdirSync(join(root, DATABASE)).length > 0);
    assert.equal(readFileSync(join(outside, "mine"), "utf8"), "stays", "a link is removed, not followed");
  }
});

test("a transient directory that is a link out of the root is not followed", { skip: missing() }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const outside = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(outside, { recursive: true, force: true }));
  for (const path of ["log/mine", "systemd/random-seed", "machine-id"]) {
    mkdirSync(dirname(join(outside, path)), { recursive: true });
    writeFileSync(join(outside, path), "stays");
  }
  assert.equal(spawnSync("rpmdb", ["--root", root, "--dbpath", DATABASE, "--initdb"]).status, 0);
  symlinkSync(join(outside, "log"), join(root, "var/log"));
  symlinkSync(join(outside, "systemd"), join(root, "var/lib/systemd"));
  mkdirSync(join(root, "etc"));
  symlinkSync(join(outside, "machine-id"), join(root, "etc/machine-id"));
  await cleanRoot(root, DATABASE);
  for (const path of ["log/mine", "systemd/random-seed", "machine-id"])
    assert.equal(existsSync(join(outside, path)) && readFileSync(join(outside, path), "utf8"), "stays", path);
});
