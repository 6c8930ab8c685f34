import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { Worker } from "node:worker_threads";
import { gunzipSync, gzipSync } from "node:zlib";
import type { LockedEntry, Pool, RepositoryFiles, SolveResult } from "../../src/native/binding.js";
import {
  buildPackage,
  installsOf,
  makeRepository,
  openPool,
  type PackageDefinition,
  query,
  realRepository,
  repositoryIn,
  solve,
  toolsMissing,
} from "./support/package-repository.js";
import { addon, addonPath } from "./support/rpm-addon.js";
import { Workspace } from "./support/rpm-tools.js";

const packages: readonly PackageDefinition[] = [
  { name: "app", evr: "1.9-1", tags: ["Requires: lib >= 2, /usr/bin/tool", "Recommends: extra"] },
  { name: "app", evr: "1.10-1", tags: ["Requires: lib >= 2, /usr/bin/tool", "Recommends: extra"] },
  { name: "app-doc", evr: "1.10-1" },
  { name: "extra" },
  { name: "lib", evr: "2-1", arch: "x86_64", tags: ["Provides: liblib.so.2()(64bit)"] },
  { name: "lib", evr: "2-1", arch: "i686", tags: ["Provides: liblib.so.2"] },
  { name: "lib", evr: "1:1-1", arch: "x86_64", tags: ["Provides: liblib.so.1()(64bit)"] },
  { name: "tool", files: ["/usr/bin/tool", "/opt/tool/data"] },
  { name: "only32", arch: "i686" },
  { name: "foreign", arch: "aarch64" },
  { name: "new-name", tags: ["Obsoletes: old-name < 2", "Provides: old-name = 2"] },
  { name: "old-name" },
  { name: "broken", tags: ["Requires: nowhere >= 3"] },
  { name: "fresh", evr: "1-1" },
  { name: "fresh", evr: "2-1", tags: ["Requires: nowhere"] },
  { name: "needs-broken", tags: ["Requires: broken"] },
  { name: "fighter", tags: ["Conflicts: app"] },
  { name: "thirsty", tags: ["Requires: (water or wine)"] },
  { name: "wine" },
  { name: "magic", tags: ["Requires: liblib.so.2"] },
];

const workspace = new Workspace();
let repository: RepositoryFiles;
let pool: Pool;
let local = "";

before(async () => {
  if (toolsMissing) return;
  repository = makeRepository(workspace, "main", packages);
  local = buildPackage(workspace, { name: "mine", tags: ["Requires: extra"] });
  pool = await openPool([repository], [local]);
});

after(() => {
  pool?.close();
  workspace[Symbol.dispose]();
});

test("versions and their order", () => {
  for (const version of Object.values(addon.versions())) assert.match(version, /^\d+\.\d+/);
  assert.equal(addon.compareEvr("1.9-1", "1.10-1"), -1);
  assert.equal(addon.compareEvr("1:1-1", "2-1"), 1);
  assert.equal(addon.compareEvr("0:1-1", "1-1"), 0);
  assert.equal(addon.compareEvr("1~rc1-1", "1-1"), -1);
  assert.equal(addon.compareEvr("1^git1-1", "1-1"), 1);
});

const lib = "lib-2-1.x86_64";
const specifications: readonly [string, readonly string[]][] = [
  ["tool", ["tool-1-1.noarch"]],
  ["tool.noarch", ["tool-1-1.noarch"]],
  ["app-doc-1.10-1.noarch", ["app-doc-1.10-1.noarch"]],
  ["lib-2", [lib]],
  ["lib-2-1", [lib]],
  ["lib-0:2-1.i686", ["lib-2-1.i686"]],
  ["lib-1:1*", ["lib-1:1-1.x86_64"]],
  ["lib", ["lib-1:1-1.x86_64"]],
  ["lib.i686", ["lib-2-1.i686"]],
  ["only32", ["only32-1-1.i686"]],
  ["liblib.so.2", ["lib-2-1.i686"]],
  ["lib <1:0", [lib]],
  ["/opt/tool/data/", ["tool-1-1.noarch"]],
  ["app-1.9*", ["app-1.9-1.noarch", "lib-1:1-1.x86_64", "tool-1-1.noarch"]],
  ["[tw]?*e", ["wine-1-1.noarch"]],
  ["lib < 1:0", [lib]],
  ["liblib.so.2()(64bit)", [lib]],
  ["(water or wine)", ["wine-1-1.noarch"]],
  ["/usr/bin/tool", ["tool-1-1.noarch"]],
  ["/opt/*/data", ["tool-1-1.noarch"]],
  ["*/data", ["tool-1-1.noarch"]],
  ["old-name", ["new-name-1-1.noarch"]],
  ["old-name-1", ["old-name-1-1.noarch"]],
  ["thirsty", ["thirsty-1-1.noarch", "wine-1-1.noarch"]],
  ["magic", ["lib-2-1.i686", lib, "magic-1-1.noarch"]],
  ["e*", ["extra-1-1.noarch"]],
];

for (const [spec, expected] of specifications) {
  test(`installs ${spec}`, { skip: toolsMissing }, async () => {
    assert.deepEqual(installsOf(await solve(pool, [spec])), expected);
  });
}

test("a package as data", { skip: toolsMissing }, async () => {
  const [found] = await query(pool, "tool");
  assert.ok(found);
  assert.match(found.checksum?.value ?? "", /^[0-9a-f]{64}$/);
  assert.equal(found.checksum?.algorithm, "sha256");
  assert.ok(found.downloadSize > found.installedSize);
  assert.ok(found.buildTime > 0);
  assert.deepEqual(
    { ...found, checksum: null, downloadSize: 0, buildTime: 0 },
    {
      name: "tool",
      evr: "1-1",
      arch: "noarch",
      repositoryId: "main",
      location: "tool-1-1.noarch.rpm",
      baseUrl: null,
      checksum: null,
      downloadSize: 0,
      installedSize: 10,
      sourceRpm: "tool-1-1.src.rpm",
      buildTime: 0,
    },
  );
});

test("a query has the best first", { skip: toolsMissing }, async () => {
  assert.deepEqual(
    (await query(pool, "app*")).map(({ name, evr }) => `${name}-${evr}`),
    ["app-1.10-1", "app-1.9-1", "app-doc-1.10-1"],
  );
  assert.deepEqual(await query(pool, "nothing"), []);
});

test("weak dependencies are installed on request only", { skip: toolsMissing }, async () => {
  const strong = ["app-1.10-1.noarch", "lib-1:1-1.x86_64", "tool-1-1.noarch"];
  assert.deepEqual(installsOf(await solve(pool, ["app"])), strong);
  const weak = await solve(pool, ["app"], { installWeakDependencies: true });
  assert.deepEqual(installsOf(weak), [strong[0], "extra-1-1.noarch", ...strong.slice(1)]);
});

test("requirements and local packages", { skip: toolsMissing }, async () => {
  const requirements = ["rpmlib(CompressedFileNames) <= 3.0.4-1", "/opt/tool/data", "(water or /no/such or wine)"];
  assert.deepEqual(installsOf(await solve(pool, [], { requirements })), ["tool-1-1.noarch", "wine-1-1.noarch"]);
  const result = await solve(pool, [], { localPackages: [local] });
  assert.deepEqual(installsOf(result), ["extra-1-1.noarch", "mine-1-1.noarch"]);
  assert.ok(result.kind === "solved");
  const mine = result.installs[1];
  assert.deepEqual([mine?.repositoryId, mine?.location, mine?.checksum], ["@commandline", local, null]);
});

test("why a specification matches nothing", { skip: toolsMissing }, async () => {
  const hiding = await openPool([{ ...repository, excludePackages: ["tool"] }]);
  const unmatched = async (from: Pool, specs: readonly string[]): Promise<unknown> => {
    const result = await solve(from, specs);
    assert.equal(result.kind, "unmatched");
    return result.specs.map(({ spec, hidden, similar }) => [
      spec,
      hidden.map(({ package: { name, evr, arch }, reason }) => `${reason} ${name}-${evr}.${arch}`),
      similar,
    ]);
  };
  assert.deepEqual(await unmatched(hiding, ["tol", "foreign", "tool", "extra"]), [
    ["foreign", ["architecture foreign-1-1.aarch64"], []],
    ["tol", [], []],
    ["tool", ["excluded tool-1-1.noarch"], []],
  ]);
  assert.deepEqual(await unmatched(pool, ["TOL", "fresh-7", "lib > 1:7", "wine.x86_64", "/usr/bin/tol"]), [
    ["/usr/bin/tol", [], ["tool"]],
    ["TOL", [], ["tool"]],
    ["fresh-7", ["version fresh-2-1.noarch", "version fresh-1-1.noarch"], []],
    ["lib > 1:7", ["version lib-1:1-1.x86_64", "version lib-2-1.x86_64", "version lib-2-1.i686"], []],
    ["wine.x86_64", ["architecture wine-1-1.noarch"], []],
  ]);
});

test("includepkgs hides all other packages, excludepkgs hides among them", { skip: toolsMissing }, async () => {
  const hiding = await openPool([{ ...repository, includePackages: ["app*", "e*"], excludePackages: ["app-1.10-1"] }]);
  const names = (await query(hiding, "*")).map(({ name, evr }) => `${name}-${evr}`);
  assert.deepEqual(names, ["app-1.9-1", "app-doc-1.10-1", "extra-1-1"]);
});

/** Each rule as its kind, its package, and what is missing; the packages of its chains. */
function rulesOf(result: SolveResult): readonly string[] {
  if (result.kind !== "unsolvable") return [result.kind];
  return result.problems.flatMap(({ rules }) =>
    rules.map(({ kind, package: subject, dependency, request, packageChain }) =>
      [kind, subject?.name, dependency, request?.text, packageChain?.links.map((link) => link.package.name).join(">")]
        .filter((part) => part !== undefined && part !== null)
        .join(" "),
    ),
  );
}

test("why a job cannot be done, what is missing first", { skip: toolsMissing }, async () => {
  assert.deepEqual(rulesOf(await solve(pool, ["needs-broken"])), [
    "nothing-provides broken nowhere >= 3 needs-broken>broken",
    "requires needs-broken broken needs-broken",
    "request needs-broken",
  ]);
  const fresh = await solve(pool, ["fresh"]);
  assert.deepEqual(rulesOf(fresh), ["nothing-provides fresh nowhere fresh", "best fresh fresh fresh"]);
  assert.ok(fresh.kind === "unsolvable");
  assert.equal(fresh.problems[0]?.rules[1]?.other?.evr, "1-1");
  assert.match(rulesOf(await solve(pool, ["app", "fighter"]))[0] ?? "", /^conflicts fighter app fighter/);
  assert.deepEqual(rulesOf(await solve(pool, [], { requirements: ["((", "nowhere"] })), ["not-a-dependency (("]);
  assert.deepEqual(rulesOf(await solve(pool, [], { requirements: ["nowhere"] })), ["nothing-provides nowhere nowhere"]);
});

test("what locked packages require of each other, and which of them a specification means", {
  skip: toolsMissing,
}, async () => {
  const entry = (name: string, evr: string, arch = "noarch", requirements: readonly string[] = []): LockedEntry => {
    return { name, evr, arch, repositoryId: "main", requirements };
  };
  const entries = [
    entry("app", "1.9-1"),
    entry("extra", "1-1"),
    entry("lib", "1:1-1", "x86_64"),
    entry("tool", "1-1", ""),
    entry("withdrawn", "9-1"),
    entry("here-no-more", "", "", ["/opt/tool/data", "(withdrawn or nothing)", "app"]),
  ];
  const specs = [
    "app",
    "lib.x86_64",
    "/usr/bin/tool",
    "liblib.so.1()(64bit)",
    "old-name",
    "with*",
    "ap",
    "",
    "((",
    "(",
  ];
  const facts = await pool.examineLockedSet(entries, specs);
  assert.ok(facts !== null);
  const dependencies = facts.packages.map((item) =>
    item.dependencies.map(({ kind, text, packages: met }) => `${kind} ${text}: ${met.map((at) => entries[at]?.name)}`),
  );
  assert.deepEqual(dependencies, [
    ["requires /usr/bin/tool: tool", "requires lib >= 2: lib", "recommends extra: extra"],
    [],
    [],
    [],
    [],
    ["requires (withdrawn or nothing): withdrawn", "requires /opt/tool/data: tool", "requires app: app"],
  ]);
  assert.deepEqual(
    facts.packages.map((item) => item.package?.evr ?? null),
    ["1.9-1", "1-1", "1:1-1", "1-1", null, null],
  );
  assert.deepEqual(
    facts.matches.map(({ packages: met, similar }) => [met, similar]),
    [
      [[0], []],
      [[2], []],
      [[3], []],
      [[2], []],
      [[], []],
      [[4], []],
      [[], ["app"]],
      [[], []],
      [[], []],
      [[], []],
    ],
  );
});

test("priority comes before version, and cost decides between equals", { skip: toolsMissing }, async () => {
  const older = { ...makeRepository(workspace, "older", [{ name: "extra", evr: "0.5-1" }]), priority: 10 };
  const cheap = { ...repository, id: "zz-cheap", cost: 10 };
  const prioritised = await openPool([repository, older]);
  assert.deepEqual(installsOf(await solve(prioritised, ["extra"])), ["extra-0.5-1.noarch"]);
  const twice = await solve(await openPool([repository, cheap]), ["extra"]);
  assert.deepEqual(twice.kind === "solved" && twice.installs.map((install) => install.repositoryId), ["zz-cheap"]);
});

test("neither the order of repositories, packages and specifications nor copies have a part in the result", {
  skip: toolsMissing,
}, async () => {
  const text = gunzipSync(readFileSync(repository.primary)).toString();
  const entries = text.match(/<package type="rpm">.*?<\/package>\n/gs) ?? [];
  assert.equal(entries.length, packages.length);
  const reversed = workspace.at("reversed-primary.xml.gz");
  const copies = entries.map((entry) => entry.replace('<location href="', '<location href="zz-copies/'));
  const disordered = [...entries, ...copies].toReversed().join("");
  writeFileSync(reversed, gzipSync(text.replace(entries.join(""), disordered)));
  const other = { ...repository, id: "other" };
  const one = await openPool([repository, other]);
  const two = await openPool([
    { ...other, primary: reversed },
    { ...repository, primary: reversed },
  ]);
  const specs = ["magic", "thirsty", "app", "old-name", "lib-2"];
  const expected = await solve(one, specs);
  assert.equal(expected.kind, "solved");
  assert.deepEqual(await solve(two, specs.toReversed()), expected);
});

test("metadata that is damaged is refused, with the repository's name", { skip: toolsMissing }, async () => {
  const primary = readFileSync(repository.primary);
  const flipped = Buffer.from(primary);
  flipped.writeUInt8(flipped.readUInt8(flipped.length - 6) ^ 1, flipped.length - 6);
  const text = gunzipSync(primary);
  const damaged = workspace.at("damaged");
  const cuts = [0, 1, 12, primary.length >> 1, primary.length - 8, primary.length - 1];
  for (const bytes of [...cuts.map((cut) => primary.subarray(0, cut)), flipped, text.subarray(0, text.length - 3)]) {
    writeFileSync(damaged, bytes);
    await assert.rejects(openPool([{ ...repository, primary: damaged }]), {
      code: "REPOSITORY_UNREADABLE",
      message: /repository main: .*damaged: /,
    });
  }
  const unreadable = await openPool([{ ...repository, filelists: "/no/such" }]);
  assert.equal((await solve(unreadable, ["tool"])).kind, "solved");
  await assert.rejects(solve(unreadable, ["/opt/tool/data"]), { message: /No such file or directory/ });
  await assert.rejects(openPool([], [repository.primary]), { code: "RPM_UNREADABLE", message: /not a rpm/ });
});

function filelistsOf(id: string): string {
  return repositoryIn(workspace.at("repositories", id), id).filelists ?? "";
}

test("filelists are read when a path needs them, and asked for when they are not there", {
  skip: toolsMissing,
}, async () => {
  const later = await openPool([{ ...repository, filelists: null, filelistsOnDemand: true }]);
  const tool = ["tool-1-1.noarch"];
  assert.deepEqual(installsOf(await solve(later, ["/usr/bin/tool"])), tool);
  for (const spec of ["/opt/tool/data", "/opt/*/data"])
    assert.equal((await solve(later, [spec])).kind, "needs-filelists");
  assert.equal((await solve(later, [], { requirements: ["/opt/tool/data"] })).kind, "needs-filelists");
  assert.equal(await later.query("/opt/tool/data"), null);
  await later.addFilelists([{ id: "main", path: repository.filelists ?? "" }]);
  for (const spec of ["/opt/tool/data", "/opt/*/data"]) assert.deepEqual(installsOf(await solve(later, [spec])), tool);
  await assert.rejects(later.addFilelists([{ id: "other", path: "/" }]), /has no repository other/);
});

test("a path that a package of another repository requires needs the filelists only if that package is wanted", {
  skip: toolsMissing,
}, async () => {
  const definitions = [{ name: "reader", tags: ["Requires: /opt/tool/data"] }, { name: "other" }];
  const needy = { ...makeRepository(workspace, "needy", definitions), filelists: null, filelistsOnDemand: true };
  const two = await openPool([{ ...repository, filelists: null, filelistsOnDemand: true }, needy]);
  assert.deepEqual(installsOf(await solve(two, ["other"])), ["other-1-1.noarch"]);
  assert.equal((await solve(two, ["reader"])).kind, "needs-filelists");
  await two.addFilelists([
    { id: "main", path: repository.filelists ?? "" },
    { id: "needy", path: filelistsOf("needy") },
  ]);
  assert.deepEqual(installsOf(await solve(two, ["reader"])), ["reader-1-1.noarch", "tool-1-1.noarch"]);
});

test("parsed metadata is kept, used again, and ignored when it is damaged", { skip: toolsMissing }, async () => {
  const cacheDirectory = workspace.at("solv");
  mkdirSync(cacheDirectory);
  const jobs = [["app"], ["/opt/tool/data"], ["magic", "thirsty"], ["needs-broken"], ["*"]];
  const answers = async (): Promise<unknown> => {
    const kept = await addon.openPool([repository], { arch: "x86_64", localPackages: [], cacheDirectory });
    const results = [];
    for (const specs of jobs) results.push(await solve(kept, specs));
    kept.close();
    return results;
  };
  const uncached = await openPool([repository]);
  const expected = [];
  for (const specs of jobs) expected.push(await solve(uncached, specs));
  assert.deepEqual(await answers(), expected);
  const entries = readdirSync(cacheDirectory).sort();
  assert.equal(entries.length, 2, String(entries));
  for (const entry of entries) {
    const file = join(cacheDirectory, entry);
    const good = readFileSync(file);
    const before = statSync(file).ino;
    assert.deepEqual(await answers(), expected);
    assert.equal(statSync(file).ino, before, "used, not written again");
    for (const at of [0, 40, good.length >> 1, good.length - 1]) {
      const bad = Buffer.from(good);
      bad.writeUInt8(bad.readUInt8(at) ^ 16, at);
      for (const bytes of [bad, good.subarray(0, at)]) {
        writeFileSync(file, bytes);
        assert.deepEqual(await answers(), expected);
        assert.ok(readFileSync(file).equals(good), "replaced by a good one");
      }
    }
  }
  chmodSync(cacheDirectory, 0o500);
  assert.deepEqual(await answers(), expected);
  chmodSync(cacheDirectory, 0o700);
  const nowhere = await addon.openPool([repository], { arch: "x86_64", localPackages: [], cacheDirectory: "/no/such" });
  assert.deepEqual(await solve(nowhere, ["app"]), expected[0]);
});

test("what is read page by page is right for every package", { skip: toolsMissing }, async () => {
  const numbers = Array.from({ length: 4000 }, (_, index) => index);
  const name = (index: number): string => `package-${String(index).padStart(4, "0")}`;
  const location = (index: number): string => `${"directory/".repeat(index % 7)}${index}/${name(index)}-file.rpm`;
  const checksum = (index: number): string => createHash("sha256").update(name(index)).digest("hex");
  const text = numbers.map(
    (index) => `<package type="rpm"><name>${name(index)}</name><arch>noarch</arch><version epoch="0" ver="1" rel="1"/>
      <checksum type="sha256" pkgid="YES">${checksum(index)}</checksum><location href="${location(index)}"/>
      <format><rpm:sourcerpm>source-${index}-1-1.src.rpm</rpm:sourcerpm></format></package>`,
  );
  const primary = workspace.at("many-primary.xml");
  const namespaces = 'xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm"';
  writeFileSync(primary, `<metadata ${namespaces} packages="4000">${text.join("")}</metadata>`);
  const found = await query(await openPool([{ ...repository, primary, filelists: null }]), "package-*");
  assert.deepEqual(
    found.map((entry) => [entry.location, entry.checksum?.value, entry.sourceRpm]),
    numbers.map((index) => [location(index), checksum(index), `source-${index}-1-1.src.rpm`]),
  );
});

test("junk is an answer, not a crash", { skip: toolsMissing }, async () => {
  const deep = ["(".repeat(5000), `(${"a or ".repeat(5000)}b)`, "(".repeat(90), "x".repeat(1_000_000)];
  const junk = ["", " ", "((", "a >=", "[", "[[", ")(", "-", "--", ".-.-.", "a\0b", "%s%n", "\\", ...deep];
  for (const spec of junk) {
    assert.equal((await solve(pool, [spec])).kind, "unmatched", spec.slice(0, 20));
    assert.equal((await solve(pool, [], { requirements: [spec] })).kind, "unsolvable", spec.slice(0, 20));
    assert.deepEqual(await query(pool, spec), []);
  }
});

/** MiB of this process. */
function residentMemory(): number {
  const [, kibibytes = ""] = /^VmRSS:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kibibytes) / 1024;
}

// A sanitizer keeps what is freed.
test("what jobs leave behind does not add up", {
  skip: toolsMissing || process.env.RPMOCI_ADDON !== undefined,
}, async () => {
  // Each pattern makes a list for each name, 100 KiB a job, and the last word ends the job early.
  const specs = [...Array.from({ length: 600 }, (_, index) => "*".repeat(index + 1)), "nothing"];
  const ask = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) assert.equal((await solve(pool, specs)).kind, "unmatched");
  };
  await ask(160);
  const before = residentMemory();
  // Some 60 MiB, were they kept; what JavaScript has not collected yet is less than half of that.
  await ask(600);
  assert.ok(residentMemory() - before < 35, `${before} MiB grew to ${residentMemory()} MiB`);
});

test("a closed pool says so", { skip: toolsMissing }, async () => {
  const closing = await openPool([repository]);
  const calls = Array.from({ length: 8 }, () => solve(closing, ["app"]));
  closing.close();
  closing.close();
  for (const outcome of await Promise.allSettled(calls)) {
    if (outcome.status === "rejected") assert.equal(outcome.reason.code, "POOL_CLOSED");
    else assert.equal(outcome.value.kind, "solved");
  }
  await assert.rejects(solve(closing, ["app"]), { code: "POOL_CLOSED", message: "the pool is closed" });
  assert.throws(() => Reflect.construct(closing.constructor, []), TypeError);
});

test("workers are terminated in the middle of loading and solving", { skip: toolsMissing }, async () => {
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    const addon = require(workerData.addonPath);
    const job = { specs: ["*"], requirements: [], localPackages: [], installWeakDependencies: true };
    (async () => {
      parentPort.postMessage("started");
      for (;;) {
        const pool = await addon.openPool([workerData.repository], { arch: "x86_64", localPackages: [] });
        await Promise.all([pool.solve(job), pool.solve(job), pool.query("*")]);
      }
    })();`;
  for (let round = 0; round < 5; round++) {
    const workers = [1, 2].map(() => new Worker(source, { eval: true, workerData: { addonPath, repository } }));
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
    await new Promise((resolve) => setTimeout(resolve, round * 3));
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  assert.equal((await solve(pool, ["tool"])).kind, "solved");
});

/** How many packages dnf 4.14 installs into an empty root without weak dependencies. */
const baseos: readonly [string, number][] = [
  ["bash", 14],
  ["systemd", 83],
  ["libgcc.i686", 1],
  ["libgcc.*", 2],
  ["libacl.i686", 19],
  ["krb5-server", 99],
  ["/usr/bin/ld", 67],
  ["glibc-2*", 14],
  ["libc.so.6(GLIBC_2.34)(64bit)", 14],
];
const folder = realRepository("centos-stream-9-baseos");

test("CentOS Stream 9 BaseOS as dnf resolves it", {
  skip: folder === null && "the real metadata is absent",
}, async () => {
  const real = await openPool([repositoryIn(folder ?? "", "baseos")]);
  for (const [spec, count] of baseos) {
    const result = await solve(real, [spec]);
    assert.equal(result.kind === "solved" && result.installs.length, count, spec);
  }
});
