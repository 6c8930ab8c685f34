import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { parse } from "smol-toml";
import { RpmociError } from "../../src/errors.js";
import { lockfileChanges } from "../../src/lockfile/difference.js";
import { fitsLocalRequirements, fitsManifest } from "../../src/lockfile/fit.js";
import { parseLockfile, readLockfile } from "../../src/lockfile/read.js";
import { formatLockfile } from "../../src/lockfile/write.js";
import { parseManifest } from "../../src/manifest/load.js";
import type { LockedPackage, Lockfile } from "../../src/model/lockfile.js";
import { realData } from "../support/real-data.js";

const SHA256 = "0123456789abcdef".repeat(4);
const KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc=\n-----END PGP PUBLIC KEY BLOCK-----\n";

function locked(name: string, evr: string, changes: Partial<LockedPackage> = {}): LockedPackage {
  return {
    name,
    evr,
    arch: "x86_64",
    repositoryId: "repo",
    checksum: { algorithm: "sha256", value: SHA256 },
    location: undefined,
    size: undefined,
    sourceRpm: undefined,
    buildTime: undefined,
    signedBy: undefined,
    sha256: undefined,
    ...changes,
  };
}

function lockOf(packages: readonly LockedPackage[], changes: Partial<Lockfile> = {}): Lockfile {
  return {
    packageSpecs: [],
    globalKeySpecs: [],
    modules: [],
    modulePlatformId: undefined,
    packages,
    localPackages: [],
    repositoryKeys: new Map(),
    layerPlan: null,
    arch: undefined,
    others: [],
    ...changes,
  };
}

const FULL = lockOf(
  [
    locked("bash", "5.2-1", {
      location: "Packages/b/bash.rpm",
      size: 5_000_000_000,
      sourceRpm: "bash-5.2-1.src.rpm",
      buildTime: 1_700_000_000,
      signedBy: "0123456789abcdef0123456789abcdef01234567",
    }),
    locked("tzdata", "1:2024a-1~rc^1", {
      arch: "noarch",
      checksum: { algorithm: "sha1", value: "a".repeat(40) },
      sha256: SHA256,
    }),
  ],
  {
    packageSpecs: ["bash", 'quo"te', "foo >= 1.2"],
    globalKeySpecs: ["https://example.org/KEY"],
    modules: ["perl:5.30/common", "nodejs:20"],
    modulePlatformId: "platform:el9",
    localPackages: [{ name: "mine", requires: ["(a or b)", "libc.so.6(GLIBC_2.34)(64bit)"] }],
    repositoryKeys: new Map([
      ["a.dotted:id", { gpgcheck: true, keys: [KEY] }],
      ["repo", { gpgcheck: false, keys: [] }],
    ]),
    layerPlan: {
      strategy: "source",
      max: 12,
      groups: [{ name: "base", packages: ["glibc*"] }],
      layers: [
        { name: "bash", packages: ["bash", "bash-doc"] },
        { name: "packages-1", packages: ["tzdata"] },
      ],
    },
  },
);

test("what is written is read again", () => {
  const text = formatLockfile(FULL);
  assert.deepEqual(parseLockfile(text, "x.lock"), FULL);
  assert.equal(formatLockfile(parseLockfile(text, "x.lock")), text);
});

test("the order of packages, local packages and repositories does not matter", () => {
  const shuffled = {
    ...FULL,
    packages: FULL.packages.toReversed(),
    repositoryKeys: new Map([...FULL.repositoryKeys].reverse()),
  };
  assert.equal(formatLockfile(shuffled), formatLockfile(FULL));
});

test("the original finds every key that it requires, with its type", () => {
  const texts = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === "string");
  for (const lock of [FULL, lockOf([locked("a", "1-1")]), lockOf([])]) {
    const text = formatLockfile(lock);
    assert.match(text, /^# .*@generated/);
    const document = parse(text) as Record<string, unknown>;
    assert(texts(document.pkg_specs));
    assert(Array.isArray(document.packages));
    for (const entry of document.packages as Record<string, unknown>[]) {
      for (const key of ["name", "evr", "repoid"]) assert.equal(typeof entry[key], "string", key);
      const checksum = entry.checksum as Record<string, unknown>;
      assert(["md5", "sha1", "sha256", "sha384", "sha512"].includes(String(checksum.algorithm)));
      assert.equal(typeof checksum.checksum, "string");
    }
    if (document.global_key_specs !== undefined) assert(texts(document.global_key_specs));
    for (const entry of (document.local_packages ?? []) as Record<string, unknown>[]) {
      assert.equal(typeof entry.name, "string");
      assert(texts(entry.requires));
    }
    for (const entry of Object.values((document.repo_gpg_config ?? {}) as Record<string, Record<string, unknown>>)) {
      assert.equal(typeof entry.gpgcheck, "boolean");
      assert(texts(entry.keys));
    }
  }
  const document = parse(formatLockfile(FULL)) as Record<string, object>;
  assert.deepEqual(document.global_key_specs, FULL.globalKeySpecs);
  assert.deepEqual(Object.keys(document.repo_gpg_config ?? {}), ["a.dotted:id", "repo"]);
});

const PACKAGE = `[[packages]]\nname = "a"\nevr = "1-1"\nrepoid = "r"\n`;
const CHECKSUM = `[packages.checksum]\nalgorithm = "sha256"\nchecksum = "${SHA256}"\n`;

test("a minimal lockfile is read, and keys that are not known are ignored", () => {
  const text = `lock_format = 9\npkg_specs = []\n${PACKAGE}download_url = "x"\nnew = { a = 1 }\n${CHECKSUM}strength = 3\n[other]\nx = 1\n`;
  assert.deepEqual(parseLockfile(text, "x.lock"), lockOf([locked("a", "1-1", { arch: undefined, repositoryId: "r" })]));
});

test("upper-case checksums are read as lower case", () => {
  const [entry] = parseLockfile(
    `pkg_specs = []\n${PACKAGE}${CHECKSUM.replace(SHA256, SHA256.toUpperCase())}`,
    "x",
  ).packages;
  assert.equal(entry?.checksum.value, SHA256);
});

const hostile: readonly (readonly [string, string])[] = [
  ["no packages", "pkg_specs = []"],
  ["no specifications", "packages = []"],
  ["a wrong type", 'pkg_specs = "wrong type"\npackages = []'],
  ["no checksum", `pkg_specs = []\n${PACKAGE}`],
  ["a checksum of the wrong length", `pkg_specs = []\n${PACKAGE}${CHECKSUM.replace("sha256", "sha512")}`],
  ["a checksum that leads elsewhere", `pkg_specs = []\n${PACKAGE}${CHECKSUM.replace(SHA256, `${"../".repeat(21)}x`)}`],
  ["a checksum with a letter too many", `pkg_specs = []\n${PACKAGE}${CHECKSUM.replace("0123", "012g")}`],
  ["an unknown algorithm", `pkg_specs = []\n${PACKAGE}${CHECKSUM.replace('"sha256"', '"crc32"')}`],
  ["an inherited property as algorithm", `pkg_specs = []\n${PACKAGE}${CHECKSUM.replace('"sha256"', '"constructor"')}`],
  ...["../../x", "a/../../x", "/etc/passwd", "..", "a/.."].map(
    (location) =>
      [`the location ${location}`, `pkg_specs = []\n${PACKAGE}location = "${location}"\n${CHECKSUM}`] as const,
  ),
  ["a negative size", `pkg_specs = []\n${PACKAGE}size = -1\n${CHECKSUM}`],
  ["a broken size", `pkg_specs = []\n${PACKAGE}size = 1.5\n${CHECKSUM}`],
  ["no TOML", "pkg_specs = ["],
  ["keys without gpgcheck", "pkg_specs = []\npackages = []\n[repo_gpg_config.r]\nkeys = []"],
];
for (const [name, text] of hostile) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => parseLockfile(text, "dir/x.lock"),
      (error: RpmociError) => {
        assert(error instanceof RpmociError);
        assert.equal(error.kind, "lockfile");
        assert.match(error.message, /^failed to parse existing lock file dir\/x\.lock: \S/);
        return true;
      },
    );
  });
}

test("a location may hold dots that lead nowhere", () => {
  for (const location of ["a..b/c.rpm", "...", "a/.../b", "./x"])
    assert.equal(
      parseLockfile(`pkg_specs = []\n${PACKAGE}location = "${location}"\n${CHECKSUM}`, "x").packages[0]?.location,
      location,
    );
});

test("no lockfile is null, one that cannot be read is an error", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  assert.equal(await readLockfile(join(directory, "absent.lock")), null);
  await assert.rejects(readLockfile(directory), { kind: "lockfile", code: "LOCKFILE_INVALID" });
  writeFileSync(join(directory, "x.lock"), formatLockfile(FULL));
  assert.deepEqual(await readLockfile(join(directory, "x.lock")), FULL);
});

test("a lockfile fits a manifest with the same specifications and keys, in the same order", () => {
  const manifest = (packages: string[], gpgkeys: string[]) =>
    parseManifest(
      `contents = { repositories = [], packages = ${JSON.stringify(packages)}, gpgkeys = ${JSON.stringify(gpgkeys)} }`,
      "x.toml",
    );
  const lock = lockOf([], { packageSpecs: ["a", "b"], globalKeySpecs: ["https://k/"] });
  assert.equal(fitsManifest(lock, manifest(["a", "b"], ["https://k/"])), true);
  // Lockfiles have no passwords; the original's do.
  assert.equal(fitsManifest(lock, manifest(["a", "b"], ["https://u:p@k/"])), true);
  const original = lockOf([], { packageSpecs: ["a", "b"], globalKeySpecs: ["https://u:old@k/"] });
  assert.equal(fitsManifest(original, manifest(["a", "b"], ["https://u:p@k/"])), true);
  for (const [packages, keys] of [
    [["b", "a"], ["https://k/"]],
    [["a"], ["https://k/"]],
    [["a", "b", "c"], ["https://k/"]],
    [["a", "b"], []],
    [["a", "b"], ["https://other/"]],
  ] as const)
    assert.equal(fitsManifest(lock, manifest([...packages], [...keys])), false);
});

test("requirements of local packages are compared as one set", () => {
  const lock = lockOf([], {
    localPackages: [
      { name: "x", requires: ["a", "b"] },
      { name: "y", requires: ["b", "c"] },
    ],
  });
  assert.equal(fitsLocalRequirements(lock, ["c", "a", "b", "a"]), true);
  assert.equal(fitsLocalRequirements(lock, ["a", "b"]), false);
  assert.equal(fitsLocalRequirements(lock, ["a", "b", "c", "d"]), false);
  assert.equal(fitsLocalRequirements(lockOf([]), []), true);
});

test("changes are told by name", () => {
  const before = lockOf([locked("gone", "1-1"), locked("same", "1-1"), locked("new", "1:1-1"), locked("Z", "1-1")]);
  const after = lockOf([locked("same", "1-1"), locked("new", "2-1"), locked("come", "3-1"), locked("Z", "1-1")]);
  assert.deepEqual(lockfileChanges(before, after), [
    { kind: "added", name: "come", evr: "3-1" },
    { kind: "removed", name: "gone", evr: "1-1" },
    { kind: "updated", name: "new", from: "1:1-1", to: "2-1" },
  ]);
  assert.deepEqual(lockfileChanges(after, after), []);
  assert.deepEqual(
    lockfileChanges(null, after).map(({ kind, name }) => `${kind} ${name}`),
    ["added Z", "added come", "added new", "added same"],
  );
});

test("several builds of one name are told apart", () => {
  const kernels = (...evrs: string[]): Lockfile => lockOf(evrs.map((evr) => locked("kernel", evr)));
  assert.deepEqual(lockfileChanges(kernels("1-1", "2-1"), kernels("2-1", "3-1")), [
    { kind: "updated", name: "kernel", from: "1-1", to: "3-1" },
  ]);
  assert.deepEqual(lockfileChanges(kernels("1-1"), kernels("1-1", "2-1")), [
    { kind: "added", name: "kernel", evr: "2-1" },
  ]);
  assert.deepEqual(lockfileChanges(kernels("1-1", "2-1", "3-1"), kernels("4-1")), [
    { kind: "updated", name: "kernel", from: "1-1", to: "4-1" },
    { kind: "removed", name: "kernel", evr: "2-1" },
    { kind: "removed", name: "kernel", evr: "3-1" },
  ]);
  const multilib = [locked("glibc", "2-1", { arch: "i686" }), locked("glibc", "2-1")];
  assert.deepEqual(lockfileChanges(null, lockOf(multilib)), [{ kind: "added", name: "glibc", evr: "2-1" }]);
});

const originals = realData("rpmoci");

test("the original's lockfiles are read", { skip: originals.skip }, () => {
  const directory = originals.folder;
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".lock"));
  assert(names.length >= 4);
  let packages = 0;
  for (const name of names) {
    const text = readFileSync(join(directory, name), "utf8");
    if (name.includes("unparseable")) {
      assert.throws(() => parseLockfile(text, name), { kind: "lockfile" });
      continue;
    }
    const lock = parseLockfile(text, name);
    packages += lock.packages.length;
    assert.equal(lock.packages.length, text.match(/^\[\[packages\]\]$/gm)?.length ?? 0, name);
    assert.deepEqual(parseLockfile(formatLockfile(lock), name), lock, name);
  }
  assert(packages >= 115);
});
