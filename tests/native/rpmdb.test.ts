import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import type { EraseResult } from "../../src/native/binding.js";
import { addon, addonPath, isRpm6 } from "./support/rpm-addon.js";
import { buildPackages, has, run, toolEnvironment, Workspace } from "./support/rpm-tools.js";

/** Six packages, one of which has scriptlets in Lua (the root has no shell) and ghosts, two that differ in arch only. */
const spec = `
Name: base
Version: 1.0
Release: 1
Summary: Base
License: MIT
%description
Text.
%package -n alpha
Summary: Alpha
Version: 2
Requires: base
Provides: virtual(alpha) = 3
%description -n alpha
Text.
%package -n alpha-data
Summary: Alpha's data
BuildArch: noarch
Requires: (alpha if base)
%description -n alpha-data
Text.
%package -n Zeta
Summary: Zeta
Epoch: 4
%description -n Zeta
Text.
%package -n chatty
Summary: Talks when it goes
%description -n chatty
Text.
%preun -n chatty -p <lua>
print("chatty says goodbye")
%package -n stubborn
Summary: Does not go
%description -n stubborn
Text.
%preun -n stubborn -p <lua>
error("stubborn stays")
%install
mkdir -p %{buildroot}/opt/data/sub %{buildroot}/opt/database
for name in base alpha Zeta chatty stubborn; do echo $name > %{buildroot}/opt/data/$name; done
head -c 5000 /dev/zero > %{buildroot}/opt/data/sub/large
touch %{buildroot}/opt/data/ghost
printf x > %{buildroot}/opt/data/$(printf 'latin-\\351')
for i in $(seq 1 400); do echo $i > %{buildroot}/opt/data/sub/file-$i; done
%files
%dir /opt/data
/opt/data/base
/opt/database
%ghost /opt/data/ghost
%files -n alpha
/opt/data/alpha
%files -n alpha-data
/opt/data/sub
/opt/data/latin-*
%files -n Zeta
/opt/data/Zeta
%files -n chatty
/opt/data/chatty
%files -n stubborn
/opt/data/stubborn
`;

const dbPath = "/usr/lib/sysimage/rpm";
const installTime = 1_700_000_000;
const skip = process.getuid?.() !== 0 && "rpm --root needs root";
const workspace = new Workspace();
let packages: string[] = [];

before(() => {
  if (skip === false) packages = buildPackages(workspace, spec);
});
after(() => workspace[Symbol.dispose]());

function rpm(root: string, ...args: readonly string[]): string {
  return run("rpm", ["--root", root, "--dbpath", dbPath, ...args]);
}

let roots = 0;
function makeRoot(files: readonly string[] = packages): string {
  const root = workspace.at(`root-${++roots}`, "x");
  mkdirSync(path.dirname(root), { recursive: true });
  rpm(path.dirname(root), "--initdb");
  if (files.length > 0) rpm(path.dirname(root), "--install", "--nodeps", "--nosignature", ...files);
  return path.dirname(root);
}

const directoryOf = (root: string) => path.join(root, dbPath);
const fileOf = (root: string) => path.join(directoryOf(root), "rpmdb.sqlite");
const digestOf = (root: string) =>
  createHash("sha256")
    .update(readFileSync(fileOf(root)))
    .digest("hex");

/** Every file's name, size, time and digest. */
function snapshot(directory: string): string[] {
  return readdirSync(directory)
    .sort()
    .map((name) => {
      const file = path.join(directory, name);
      const { size, mtimeMs, ino } = lstatSync(file);
      return [name, size, mtimeMs, ino, createHash("sha256").update(readFileSync(file)).digest("hex")].join(" ");
    });
}

function sqlite(file: string, sql: string): string {
  return run("sqlite3", [file, sql]).trim();
}

test("installed packages are listed as rpm lists them, and the database stays as it was", { skip }, async () => {
  const root = makeRoot();
  const before = snapshot(directoryOf(root));
  const listed = await addon.readRpmdb({ root, dbPath });
  assert.deepEqual(snapshot(directoryOf(root)), before);
  const own = listed.map((entry) => [entry.name, entry.evr, entry.arch, entry.installTime, entry.sourceRpm].join(" "));
  const format = "%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE} %{ARCH} %{INSTALLTIME} %{SOURCERPM}\\n";
  const printed = rpm(root, "-qa", "--qf", format).trim().split("\n");
  assert.deepEqual([...own].sort(), printed.sort());
  assert.deepEqual(
    listed.map(({ name }) => name),
    ["Zeta", "alpha", "alpha-data", "base", "chatty", "stubborn"],
  );
});

test("the inventory has what rpm says of each package, its files and who meets its requirements", {
  skip,
}, async () => {
  const root = makeRoot();
  const inventory = await addon.readInventory({ root, dbPath }, true);
  const tags = ["NAME", "EPOCH", "VERSION", "RELEASE", "ARCH", "LICENSE", "SUMMARY", "SOURCERPM", "SHA256HEADER"];
  const format = tags.map((tag) => `%{${tag}}`).join("\t");
  const expected = rpm(root, "-qa", "--queryformat", `${format}\n`).trimEnd().split("\n").sort();
  const actual = inventory.map((entry) => {
    const { name, epoch, version, release, arch, license, summary, sourceRpm, headerDigest } = entry;
    const values = [name, epoch ?? "(none)", version, release, arch, license, summary, sourceRpm, headerDigest?.value];
    return values.join("\t");
  });
  assert.deepEqual(actual.sort(), expected);
  const names = (await addon.readRpmdb({ root, dbPath })).map(({ name }) => name);
  assert.deepEqual(
    inventory.map(({ name }) => name),
    names,
  );
  const needs = inventory.map(({ name, dependencies }) => [name, dependencies.map((index) => names[index])]);
  const none = names.filter((name) => !name.startsWith("alpha")).map((name) => [name, []]);
  assert.deepEqual(Object.fromEntries(needs), {
    ...Object.fromEntries(none),
    alpha: ["base"],
    "alpha-data": ["alpha"],
  });
  const base = inventory.find(({ name }) => name === "base");
  assert.deepEqual(base?.files, ["/opt/data/base"], "neither directories nor ghosts");
  assert.ok(inventory.find(({ name }) => name === "alpha-data")?.files.includes("/opt/data/latin-\ufffd"));
  const without = await addon.readInventory({ root, dbPath }, false);
  assert.deepEqual(
    without,
    inventory.map((entry) => ({ ...entry, files: [] })),
  );
  await assert.rejects(addon.readInventory({ root, dbPath: "/none" }, false), { code: "RPMDB_UNREADABLE" });
});

test("headers that lack a tag are refused or passed over, not followed into nothing", { skip }, async () => {
  const NAME = 1000;
  const tags = {
    VERSION: 1001,
    RELEASE: 1002,
    REQUIRENAME: 1049,
    PROVIDENAME: 1047,
    REQUIREVERSION: 1050,
    DIRNAMES: 1118,
  };
  const root = makeRoot();
  const original = readFileSync(fileOf(root));
  for (const tag of [NAME, ...Object.values(tags)]) {
    writeFileSync(fileOf(root), original);
    for (const line of sqlite(fileOf(root), "SELECT hnum, hex(blob) FROM Packages").split("\n")) {
      const [number = "", hex = ""] = line.split("|");
      const header = Buffer.from(hex, "hex");
      for (let at = 8; at < 8 + 16 * header.readUInt32BE(0); at += 16) {
        // A tag that nobody knows.
        if (header.readUInt32BE(at) === tag) header.writeUInt32BE(tag + 30_000, at);
      }
      const sql = `UPDATE Packages SET blob = x'${header.toString("hex")}' WHERE hnum = ${number};\n`;
      run("sqlite3", [fileOf(root)], { input: sql, stdio: ["pipe", "pipe", "pipe"] });
    }
    for (const read of [
      () => addon.readInventory({ root, dbPath }, true),
      () => addon.describeInstalled({ root, dbPath }),
      () => addon.readRpmdb({ root, dbPath }),
    ]) {
      if (tag <= tags.RELEASE) await assert.rejects(read(), { code: "RPMDB_UNREADABLE", message: /without a name/ });
      else assert.equal((await read()).length, packages.length);
    }
  }
});

test("a database with a write-ahead log is read with it, and stays as it was", { skip }, async () => {
  const root = makeRoot(packages.slice(0, 2));
  // Copied while a connection is open: the log then holds what the database does not.
  const copy = workspace.at("logged", "x");
  const target = path.join(path.dirname(copy), dbPath);
  mkdirSync(target, { recursive: true });
  const script = `PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; DELETE FROM Packages WHERE hnum = 1;
.shell cp ${fileOf(root)} ${fileOf(root)}-wal ${target}/
`;
  run("sqlite3", [fileOf(root)], { input: script, stdio: ["pipe", "pipe", "pipe"] });
  assert.ok(lstatSync(path.join(target, "rpmdb.sqlite-wal")).size > 0);
  const before = snapshot(target);
  assert.equal((await addon.readRpmdb({ root: path.dirname(copy), dbPath })).length, 1);
  assert.deepEqual(snapshot(target), before);
});

test("a database of another kind is refused for canonicalisation by its name", { skip }, async (t) => {
  const root = path.dirname(workspace.at("ndb", "x"));
  mkdirSync(directoryOf(root), { recursive: true });
  try {
    rpm(root, "--define", "_db_backend ndb", "--install", "--nodeps", "--nosignature", ...packages);
  } catch {
    t.diagnostic("this rpm has no ndb backend: readRpmdb was tried with a damaged database only");
    writeFileSync(path.join(directoryOf(root), "Packages.db"), "RpmP, but damaged");
  }
  const before = snapshot(directoryOf(root));
  if (existsSync(path.join(directoryOf(root), "Index.db"))) {
    assert.equal((await addon.readRpmdb({ root, dbPath })).length, packages.length);
  } else {
    await assert.rejects(addon.readRpmdb({ root, dbPath }), { code: "RPMDB_UNREADABLE", message: new RegExp(root) });
  }
  assert.deepEqual(snapshot(directoryOf(root)), before);
  const unsupported = (message: RegExp) => ({ code: "RPMDB_UNSUPPORTED", message });
  await assert.rejects(addon.canonicalizeRpmdb({ root, dbPath }, installTime), unsupported(/ndb/));
  await assert.rejects(addon.canonicalizeRpmdb({ root, dbPath: "/nowhere" }, installTime), unsupported(/nowhere/));
  mkdirSync(path.join(root, "bdb"));
  writeFileSync(path.join(root, "bdb", "Packages"), "");
  await assert.rejects(addon.canonicalizeRpmdb({ root, dbPath: "/bdb" }, installTime), unsupported(/Berkeley/));
});

test("a database that cannot be read is refused by its name", { skip }, async () => {
  const root = makeRoot(packages.slice(0, 1));
  const unreadable = { code: "RPMDB_UNREADABLE", message: new RegExp(root) };
  await assert.rejects(addon.readRpmdb({ root, dbPath: "/nowhere" }), unreadable);
  await assert.rejects(addon.ownedPaths({ root, dbPath: "/usr" }, ["/"]), unreadable);
  sqlite(fileOf(root), "UPDATE Packages SET blob = zeroblob(100)");
  await assert.rejects(addon.readRpmdb({ root, dbPath }), unreadable);
  await assert.rejects(addon.canonicalizeRpmdb({ root, dbPath }, installTime), unreadable);
  writeFileSync(fileOf(root), "not a database, but longer than sixteen bytes");
  await assert.rejects(addon.readRpmdb({ root, dbPath }), unreadable);
  await assert.rejects(addon.canonicalizeRpmdb({ root, dbPath }, installTime), unreadable);
  assert.equal(existsSync(`${fileOf(root)}.new`), false);
});

test("symlinks to the database are followed inside the root", { skip }, async () => {
  const root = makeRoot(packages.slice(0, 1));
  mkdirSync(path.join(root, "var", "lib"), { recursive: true });
  symlinkSync(dbPath, path.join(root, "var", "lib", "rpm"));
  symlinkSync("../../../../../../../var/lib/rpm", path.join(root, "escape"));
  symlinkSync("loop", path.join(root, "loop"));
  assert.equal((await addon.readRpmdb({ root, dbPath: "/var/lib/rpm" })).length, 1);
  assert.equal((await addon.readRpmdb({ root, dbPath: "/escape" })).length, 1);
  await assert.rejects(addon.readRpmdb({ root, dbPath: "/loop" }), { code: "RPMDB_UNREADABLE" });
});

test("owned paths are those at or below the prefixes, as bytes, without ghosts", { skip }, async () => {
  const root = makeRoot();
  const owned = async (...prefixes: string[]) =>
    (await addon.ownedPaths({ root, dbPath }, prefixes)).map((bytes) => Buffer.from(bytes).toString("latin1"));
  const everything = await owned("/opt");
  assert.equal(everything.length, 410);
  assert.ok(everything.includes("/opt/data/latin-\xe9"));
  assert.ok(!everything.includes("/opt/data/ghost"));
  assert.deepEqual(await owned("/"), everything);
  assert.deepEqual([...everything].sort(), everything);
  assert.deepEqual(await owned("/opt/database"), ["/opt/database"]);
  assert.ok(!(await owned("/opt/data")).includes("/opt/database"));
  assert.deepEqual(await owned("/opt/data/alpha/", "/opt/data/Zeta"), ["/opt/data/Zeta", "/opt/data/alpha"]);
  assert.deepEqual(await owned(), []);
});

test("the canonical database depends on nothing but the packages", { skip }, async (t) => {
  const plain = makeRoot();
  const reversed = makeRoot([]);
  // Another order, another second, transactions that leave no trace in the result but in SQLite's pages.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  for (const file of [...packages].reverse()) rpm(reversed, "--install", "--nodeps", "--nosignature", file);
  rpm(reversed, "--erase", "--nodeps", "alpha-data", "Zeta");
  const again = packages.filter((file) => /alpha-data|Zeta/.test(file));
  rpm(reversed, "--install", "--nodeps", "--nosignature", ...again);
  const colored = makeRoot([]);
  rpm(colored, "--define", "_transaction_color 3", "--install", "--nodeps", "--nosignature", ...packages);
  const made = [plain, reversed, colored];
  if (has("dnf")) made.push(installWithDnf());
  else t.diagnostic("dnf is not installed: compared rpm's databases only");

  assert.notEqual(digestOf(plain), digestOf(reversed));
  for (const root of made) await addon.canonicalizeRpmdb({ root, dbPath }, installTime);
  for (const root of made) {
    assert.deepEqual(readdirSync(directoryOf(root)), [...(isRpm6 ? [".keyring.lock"] : []), "rpmdb.sqlite"]);
    assert.equal(digestOf(root), digestOf(plain), root);
  }

  await addon.canonicalizeRpmdb({ root: reversed, dbPath }, installTime);
  assert.equal(digestOf(reversed), digestOf(plain), "a second time changes nothing");
  await addon.canonicalizeRpmdb({ root: reversed, dbPath }, installTime + 1);
  assert.notEqual(digestOf(reversed), digestOf(plain));
  await addon.canonicalizeRpmdb({ root: reversed, dbPath }, installTime);
  assert.equal(digestOf(reversed), digestOf(plain), "there and back");
});

test("what rpm 6 adds to headers is left out, and every other byte stays", {
  skip: skip || (isRpm6 && "rpm 6 has added it"),
}, async () => {
  const root = makeRoot();
  const enriched = path.dirname(workspace.at("enriched", "x"));
  cpSync(directoryOf(root), directoryOf(enriched), { recursive: true });
  const rows = sqlite(fileOf(enriched), "SELECT hnum, hex(blob) FROM Packages").split("\n");
  for (const [number, hex] of rows.map((row) => row.split("|"))) {
    const blob = withPackageDigests(Buffer.from(hex ?? "", "hex")).toString("hex");
    sqlite(fileOf(enriched), `UPDATE Packages SET blob = x'${blob}' WHERE hnum = ${number}`);
  }
  assert.equal(rpm(enriched, "-qa"), rpm(root, "-qa"));
  for (const each of [root, enriched]) await addon.canonicalizeRpmdb({ root: each, dbPath }, installTime);
  assert.equal(digestOf(enriched), digestOf(root));
});

/** A stored header with two more tags in front of the first that was added when the package was installed. */
function withPackageDigests(header: Buffer): Buffer {
  const INSTALLTIME = 1008;
  const sizes = new Map([
    [1, 1],
    [4, 4],
  ]);
  const count = header.readUInt32BE(0);
  const entries = Array.from({ length: count }, (_, i) =>
    [0, 4, 8, 12].map((at) => header.readUInt32BE(8 + 16 * i + at)),
  );
  const data = header.subarray(8 + 16 * count);
  const place = entries.findIndex(([tag]) => tag === INSTALLTIME);
  let fresh = data.subarray(0, entries[place]?.[2]);
  const append = (bytes: Uint8Array, alignment: number): number => {
    const offset = Math.ceil(fresh.length / alignment) * alignment;
    fresh = Buffer.concat([fresh, Buffer.alloc(offset - fresh.length), bytes]);
    return offset;
  };
  const digests = append(Buffer.from(`${"a".repeat(64)}\0${"b".repeat(128)}\0`), 1);
  const algorithms = append(Buffer.from([0, 0, 0, 8, 0, 0, 0, 10]), 4);
  const moved = entries.slice(place).map(([tag = 0, type = 0, offset = 0, items = 0]) => {
    const size = sizes.get(type);
    assert.ok(size !== undefined, `tag ${tag} is of type ${type}`);
    return [tag, type, append(data.subarray(offset, offset + size * items), size), items];
  });
  const all = [...entries.slice(0, place), [5118, 8, digests, 2], [5119, 4, algorithms, 2], ...moved];
  const index = Buffer.alloc(8 + 16 * all.length);
  [all.length, fresh.length, ...all.flat()].forEach((number, i) => {
    index.writeUInt32BE(number, 4 * i);
  });
  return Buffer.concat([index, fresh]);
}

test("no page of the canonical database holds what was there before", { skip }, async () => {
  const root = makeRoot();
  assert.notEqual(unusedBytes(root).filter((byte) => byte !== 0).length, 0, "rpm's own database does");
  await addon.canonicalizeRpmdb({ root, dbPath }, installTime);
  const unused = unusedBytes(root);
  assert.notEqual(unused.length, 0);
  assert.deepEqual(unused.filter((byte) => byte !== 0).length, 0);
});

/** Of all leaves of tables and indices: what is between a page's cell pointers and its cells. */
function unusedBytes(root: string): Buffer {
  const size = 4096;
  const names = "SELECT pageno FROM dbstat WHERE pagetype = 'leaf'";
  sqlite(fileOf(root), "PRAGMA wal_checkpoint(TRUNCATE)");
  const pages = sqlite(fileOf(root), names).split("\n").map(Number);
  const file = readFileSync(fileOf(root));
  return Buffer.concat(
    pages.map((number) => {
      const page = file.subarray((number - 1) * size, number * size);
      const header = number === 1 ? 100 : 0;
      return page.subarray(header + 8 + 2 * page.readUInt16BE(header + 3), page.readUInt16BE(header + 5));
    }),
  );
}

function installWithDnf(): string {
  const root = path.dirname(workspace.at("dnf", "x"));
  const home = path.dirname(workspace.at("dnf-state", "x"));
  mkdirSync(root, { recursive: true });
  const configuration = workspace.at("dnf.conf");
  writeFileSync(configuration, "[main]\ngpgcheck=0\nplugins=0\n");
  const options = [
    ["config", configuration],
    ["installroot", root],
    ["releasever", "1"],
    ["setopt", `cachedir=${home}`],
    ["setopt", `persistdir=${home}`],
    ["setopt", `logdir=${home}`],
    ["setopt", "reposdir=/nonexistent"],
  ].map(([name, value]) => `--${name}=${value}`);
  // dnf takes the database's place from rpm's macros.
  writeFileSync(path.join(path.dirname(workspace.at("dnf-home", "x")), ".rpmmacros"), `%_dbpath ${dbPath}\n`);
  const environment = { ...process.env, HOME: path.join(workspace.path, "dnf-home") };
  run("dnf", ["-y", "-q", ...options, "install", ...packages], { env: environment });
  return root;
}

test("rpm and sqlite work with the canonical database", { skip }, async () => {
  const root = makeRoot();
  const nevras = rpm(root, "-qa").trim().split("\n").sort();
  await addon.canonicalizeRpmdb({ root, dbPath }, installTime);
  assert.equal(sqlite(fileOf(root), "PRAGMA integrity_check; PRAGMA foreign_key_check"), "ok");
  assert.equal(sqlite(fileOf(root), "PRAGMA journal_mode"), "delete");
  assert.equal(sqlite(fileOf(root), "PRAGMA freelist_count"), "0");

  const order = rpm(root, "-qa", "--qf", "%{DBINSTANCE} %{NAME}\\n").trim().split("\n").sort();
  assert.deepEqual(order, ["1 Zeta", "2 alpha", "3 alpha-data", "4 base", "5 chatty", "6 stubborn"]);
  assert.deepEqual(rpm(root, "-qa").trim().split("\n").sort(), nevras);
  assert.match(rpm(root, "-qf", "/opt/data/alpha"), /^alpha-2-1/);
  assert.match(rpm(root, "-q", "--whatprovides", "virtual(alpha)"), /^alpha-2-1/);
  assert.match(rpm(root, "-q", "--whatrequires", "base"), /^alpha-2-1/);
  assert.equal(rpm(root, "-q", "--tid", String(installTime)).trim().split("\n").length, packages.length);
  assert.equal(rpm(root, "-Va", "--nodeps"), "");
  run("rpmdb", ["--root", root, "--dbpath", dbPath, "--verifydb"]);
  const stamps = rpm(root, "-qa", "--qf", "%{INSTALLTIME} %{INSTALLTID}\\n").trim().split("\n");
  assert.deepEqual([...new Set(stamps)], [`${installTime} ${installTime}`]);

  rpm(root, "--erase", "alpha-data");
  rpm(root, "--install", "--nodeps", "--nosignature", ...packages.filter((file) => file.includes("alpha-data")));
  assert.deepEqual(rpm(root, "-qa").trim().split("\n").sort(), nevras);
  assert.equal(sqlite(fileOf(root), "PRAGMA integrity_check; PRAGMA foreign_key_check"), "ok");
});

test("an empty database has a canonical form, too", { skip }, async () => {
  const [one, two] = [makeRoot([]), makeRoot(packages)];
  rpm(two, "--erase", "--nodeps", "--noscripts", ...rpm(two, "-qa", "--qf", "%{NAME}\\n").trim().split("\n"));
  for (const root of [one, two]) await addon.canonicalizeRpmdb({ root, dbPath }, installTime);
  assert.equal(digestOf(two), digestOf(one));
  assert.deepEqual(await addon.readRpmdb({ root: two, dbPath }), []);
});

/** In a process of its own, as it must be: it changes the process's root directory. */
function erase(root: string, ...names: readonly string[]): EraseResult {
  const job = JSON.stringify([{ root, dbPath }, names]);
  const script = `
    const addon = require(${JSON.stringify(addonPath)});
    try {
      console.log(JSON.stringify(addon.erasePackagesSync(...${job})));
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, message: error.message }));
    }
    require("node:fs").accessSync(${JSON.stringify(addonPath)});`;
  return JSON.parse(run(process.execPath, ["-e", script], { cwd: "/" })) as EraseResult;
}

test("packages are erased with their scriptlets, whatever needs them", { skip }, async () => {
  const root = makeRoot();
  const { erased, log } = erase(root, "chatty", "base", "not-installed", "chatty");
  const arch = run("rpm", ["--eval", "%{_arch}"]).trim();
  assert.deepEqual(erased, [`base-1.0-1.${arch}`, `chatty-1.0-1.${arch}`]);
  assert.match(log, /chatty says goodbye/);
  assert.deepEqual(readdirSync(path.join(root, "opt", "data")).sort(), [
    "Zeta",
    "alpha",
    "latin-\ufffd",
    "stubborn",
    "sub",
  ]);
  const left = (await addon.readRpmdb({ root, dbPath })).map(({ name }) => name);
  assert.deepEqual(left, ["Zeta", "alpha", "alpha-data", "stubborn"]);
  assert.deepEqual(erase(root), { erased: [], log: "" });
  assert.deepEqual(erase(root, "not-installed"), { erased: [], log: "" });

  const fresh = makeRoot(packages.filter((file) => !/chatty|base/.test(file)));
  for (const each of [root, fresh]) await addon.canonicalizeRpmdb({ root: each, dbPath }, installTime);
  assert.equal(digestOf(root), digestOf(fresh), "as if they had never been installed");
});

test("a package whose scriptlet refuses stays, and the reason is told", { skip }, () => {
  const root = makeRoot();
  const copy = path.join(workspace.path, "host");
  cpSync(directoryOf(root), copy, { recursive: true });
  const failure = erase(root, "stubborn") as unknown as { code: string; message: string };
  assert.equal(failure.code, "RPM_ERASE_FAILED");
  assert.match(failure.message, /stubborn/);
  assert.ok(existsSync(path.join(root, "opt", "data", "stubborn")));
});

test("files are described as rpm dumps them, and needs are what rpm knows of requirements", { skip }, async () => {
  const root = makeRoot();
  const described = await addon.describeInstalled({ root, dbPath });
  const own = described.flatMap(({ files }) =>
    files.map(({ path: name, size, digest, mode, user, group, linkTarget }) =>
      [name, size, digest || "0".repeat(64), `0${mode.toString(8)}`, user, group, linkTarget || "X"].join(" "),
    ),
  );
  const dumped = execFileSync("rpm", ["--root", root, "--dbpath", dbPath, "-qa", "--dump"], {
    encoding: "latin1",
    env: toolEnvironment,
  });
  const fields = /^(.*) (\d+) \d+ ([0-9a-f]{64}) (\d+) (\S+) (\S+) \d \d \S+ (.*)$/;
  const lines = dumped.trim().split("\n");
  const expected = lines.map((line) => fields.exec(line)?.slice(1).join(" ") ?? line);
  assert.deepEqual(own.sort(), expected.sort());
  assert.ok(own.some((line) => line.startsWith("/opt/data/latin-\u00e9 1 ")));
  const needs = described.map(({ name, needs: indices }) => [name, indices.map((index) => described[index]?.name)]);
  assert.deepEqual(Object.fromEntries(needs), {
    Zeta: [],
    alpha: ["base"],
    "alpha-data": ["alpha"],
    base: [],
    chatty: [],
    stubborn: [],
  });
  assert.deepEqual(
    described.map(({ name }) => name),
    (await addon.readRpmdb({ root, dbPath })).map(({ name }) => name),
  );
});
