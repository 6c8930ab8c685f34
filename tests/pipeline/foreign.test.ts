/** Roots of architectures that this machine does not have. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { canonicalizeRoot } from "../../src/rootfs/canonicalize.js";
import { differences } from "../support/compare-trees.js";
import { installRoot, type RootOptions } from "../support/foreign-root.js";
import { hostPrograms } from "../support/host-programs.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { listTrees, type Tree } from "../support/tree-listing.js";

const TOOLS = { sysusers: "/usr/bin/systemd-sysusers", tmpfiles: "/usr/bin/systemd-tmpfiles" };
const skip =
  process.geteuid?.() !== 0
    ? "only root can install packages"
    : Object.values(TOOLS).every((path) => existsSync(path))
      ? false
      : "systemd-sysusers and systemd-tmpfiles are not here";

/** Nobody emulates it, and the packages are for all. */
const UNKNOWN = "sparc64";

async function rootOf(t: TestContext, options: Omit<RootOptions, "directory">): Promise<string> {
  const directory = join(temporaryDirectory(t), "root");
  mkdirSync(directory);
  const { installed, events } = await installRoot({ directory, ...options });
  assert.equal(installed.emulation.kind, options.arch === UNKNOWN ? "none" : "native");
  for (const event of events) if (event.type === "install-output") t.diagnostic(event.line);
  const warnings = events.filter(({ type }) => type === "warning");
  assert.deepEqual(warnings, []);
  await canonicalizeRoot(installed.root, installed.databasePath, 1_700_000_000);
  return installed.root;
}

/** The same packages, with real programs run, and with what is done here. */
async function compareRoots(t: TestContext, packages: readonly RpmFixture[], exclude: readonly string[] = []) {
  const [real, own] = [
    await rootOf(t, { packages, exclude, arch: process.arch === "arm64" ? "aarch64" : "x86_64" }),
    await rootOf(t, { packages, exclude, arch: UNKNOWN }),
  ];
  const [expected, actual] = (await listTrees([real, own])) as [Tree, Tree];
  const lines = differences(expected, actual, { except: (_path, field) => field === "mtime" });
  for (const line of lines) {
    const path = JSON.parse(line.slice(0, line.search(/"(?::| is)/) + 1)) as string;
    for (const root of [real, own]) {
      if (existsSync(join(root, path)) && /etc\/(passwd|group|g?shadow)/.test(path)) {
        t.diagnostic(`${path}:\n${readFileSync(join(root, path), "latin1").slice(0, 3000)}`);
      }
    }
  }
  assert.deepEqual(lines, []);
  return real;
}

const programs = hostPrograms("programs", {
  "/usr/bin/sh": "/bin/dash",
  "/usr/sbin/ldconfig": "/sbin/ldconfig",
  // It needs many libraries.
  "/usr/bin/rpm": "/usr/bin/rpm",
  [TOOLS.sysusers]: TOOLS.sysusers,
  [TOOLS.tmpfiles]: TOOLS.tmpfiles,
});

const accounts: RpmFixture = {
  name: "accounts",
  requires: ["programs"],
  requiresPre: ["programs"],
  files: {
    "/usr/lib/sysusers.d/basic.conf": [
      "# of a distribution",
      'u root 0:0 "Super User" /root /bin/bash',
      "g root 0",
      "g adm 4 - -",
      "g wheel 10",
      'u daemon 2:2 "daemon of the system" /sbin',
      "g daemon 2",
      'u web - "Web server" /var/lib/web',
      "u fixed 477",
      "g fixed 477",
      "u taken 477 'takes another'",
      "g plain -",
      "u joined -:plain",
      "m web adm",
      "m fixed wheel",
      "m joined wheel",
      "m new-one new-group",
      "",
    ].join("\n"),
  },
  post: "systemd-sysusers basic.conf >/dev/null 2>&1 || :\n",
};

const daemon: RpmFixture = {
  name: "daemon",
  requiresPre: ["accounts"],
  dirs: { "/var/lib/daemon": { user: "inline", group: "inline", mode: 0o750 } },
  files: {
    "/var/lib/daemon/state": { content: "state", user: "inline", group: "helpers" },
    "/usr/lib/sysusers.d/daemon.conf": 'u inline - "Inline user" /var/lib/daemon /bin/sh\ng helpers 601\n',
    "/usr/lib/tmpfiles.d/daemon.conf": [
      "d /var/lib/daemon/cache 0750 inline helpers 10d",
      "d /srv/deep/er",
      "D /var/lib/emptied 0700 - -",
      "f /etc/daemon.flag 0640 root helpers - a line\\n",
      "F /etc/daemon.second - - - - second",
      "L /etc/daemon.link - - - - ../usr/lib/tmpfiles.d/daemon.conf",
      "L+ /etc/daemon.other - - - - target with blanks",
      "C /etc/daemon.copy - - - - /usr/lib/sysusers.d/daemon.conf",
      "z /var/lib/daemon/state 0600 - helpers",
      "Z /var/lib/daemon ~0770 - -",
      "w /etc/daemon.flag - - - - b",
      "x /tmp/something",
      "d! /srv/at-boot",
      "d /srv/%%per",
      "v /srv/volume 1777",
      "e /var/lib/daemon 0711",
      "",
    ].join("\n"),
  },
  pre: [
    "# made before the files are there",
    "systemd-sysusers --replace=/usr/lib/sysusers.d/daemon.conf - <<EOF >/dev/null || :",
    'u inline - "Inline user" /var/lib/daemon /bin/sh',
    "g helpers 601",
    "EOF",
    "",
  ].join("\n"),
  posttrans: "systemd-tmpfiles --create daemon.conf || :\n",
};

test("what scriptlets do to users, files and libraries is the same by us as by the real programs", {
  skip,
}, async (t) => {
  const libraries: RpmFixture = {
    name: "libraries",
    requires: ["programs"],
    requiresPost: ["programs"],
    scriptlets: [
      { section: "post", interpreter: "/sbin/ldconfig" },
      { section: "postun", body: "/sbin/ldconfig\n" },
    ],
  };
  const root = await compareRoots(t, [programs, accounts, daemon, libraries]);
  assert.ok(readdirSync(join(root, "etc")).includes("ld.so.cache"));
});

test("files of tmpfiles.d are the same by us as by systemd-tmpfiles, which would have needed /proc", {
  skip,
}, async (t) => {
  const withoutTmpfiles = hostPrograms("programs", {
    "/usr/bin/sh": "/bin/dash",
    [TOOLS.sysusers]: TOOLS.sysusers,
  });
  const files = { ...withoutTmpfiles.files, [TOOLS.tmpfiles]: { content: "of an older version", mode: 0o755 } };
  const packages = [{ ...withoutTmpfiles, files }, accounts, daemon];
  const own = await rootOf(t, { packages, arch: UNKNOWN });
  const real = await rootOf(t, {
    packages: packages.map((fixture) => ({ ...fixture, posttrans: "true" })),
    arch: UNKNOWN,
  });
  execFileSync(TOOLS.tmpfiles, [`--root=${real}`, "--create", "daemon.conf"]);
  for (const root of [own, real]) {
    rmSync(join(root, "var/lib/rpm"), { recursive: true });
    rmSync(join(root, "usr/lib/sysimage"), { recursive: true, force: true });
  }
  const [expected, actual] = (await listTrees([real, own])) as [Tree, Tree];
  assert.deepEqual(differences(expected, actual, { except: (_path, field) => field === "mtime" }), []);
  assert.equal(readFileSync(join(own, "etc/daemon.flag"), "utf8"), "b line\n");
});
