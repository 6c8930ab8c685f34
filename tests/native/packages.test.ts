import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import { Worker } from "node:worker_threads";
import type { Verification } from "../../src/native/binding.js";
import { addon, addonPath, isRpm6 } from "./support/rpm-addon.js";
import {
  buildPackages,
  exportKey,
  gpg,
  makeKey,
  run,
  signPackages,
  stopAgents,
  toolEnvironment,
  Workspace,
} from "./support/rpm-tools.js";
import { realRpms, rpmkeysPass, rpmkeysReport } from "./support/rpm-upstream-data.js";

const spec = `
Name: sample
Epoch: 3
Version: 1.5~rc1
Release: 2
Summary: A sample
License: MIT
Vendor: Nobody in particular
BuildArch: noarch
Requires: (alpha if beta), zeta >= 1:2-3, zeta >= 1:2-3, /bin/sh
Provides: virtual = 7, also
%description
Text.
%install
mkdir -p %{buildroot}/opt/sample/dir %{buildroot}/opt/sample/ghostly
ln -s dir %{buildroot}/opt/sample/link
head -c 100000 /dev/urandom > %{buildroot}/opt/sample/file
%files
%dir /opt/sample
/opt/sample/dir
/opt/sample/link
/opt/sample/file
%ghost %dir /opt/sample/ghostly
`;

const workspace = new Workspace();
const key = makeKey(workspace, "signer");
const stranger = makeKey(workspace, "stranger");
let unsignedRpm = "";
let signedRpm = "";
let signerText = "";
let strangerText = "";

before(() => {
  [unsignedRpm = ""] = buildPackages(workspace, spec);
  signedRpm = workspace.at("signed.rpm");
  copyFileSync(unsignedRpm, signedRpm);
  signPackages(key, [signedRpm]);
  signerText = exportKey(key);
  strangerText = exportKey(stranger);
});

after(() => {
  stopAgents(key, stranger);
  workspace[Symbol.dispose]();
});

async function verdictOf(file: string, ...keys: readonly string[]): Promise<Verification> {
  const [verification] = await addon.verifyPackages([file], keys);
  assert.ok(verification !== undefined);
  assert.equal(verification.path, file);
  return verification;
}

test("a header's fields are read as rpm prints them", async () => {
  const probes = [
    "/opt/sample/link",
    "/opt/sample",
    "/opt/sample/file",
    "/opt/sample/ghostly",
    "/bin",
    "/opt/sample/dir",
  ];
  const [header, signed] = await addon.readPackages([unsignedRpm, signedRpm], probes);
  const { requires, provides, installedSize, sourceRpm, ...rest } = header ?? assert.fail();
  assert.deepEqual(rest, {
    name: "sample",
    evr: "3:1.5~rc1-2",
    epoch: 3,
    version: "1.5~rc1",
    release: "2",
    arch: "noarch",
    vendor: "Nobody in particular",
    license: "MIT",
    summary: "A sample",
    signed: false,
    ownedProbePaths: ["/opt/sample/link", "/opt/sample", "/opt/sample/dir"],
  });
  const lines = (option: string) => run("rpm", ["-qp", option, unsignedRpm]).trim().split("\n");
  const unique = (words: string[]) => [...new Set(words)].sort();
  assert.deepEqual(requires, unique(lines("--requires")));
  assert.deepEqual(provides, unique(lines("--provides")));
  assert.ok(requires.includes("zeta >= 1:2-3") && requires.includes("(alpha if beta)"));
  assert.deepEqual([sourceRpm], lines("--qf=%{SOURCERPM}"));
  assert.deepEqual([String(installedSize)], lines("--qf=%{LONGSIZE}"));
  assert.equal(signed?.signed, true);
});

test("the order of paths is kept, and no paths are fine", async () => {
  assert.deepEqual(await addon.readPackages([], []), []);
  assert.deepEqual(await addon.verifyPackages([], []), []);
  const headers = await addon.readPackages([signedRpm, unsignedRpm, signedRpm], []);
  assert.deepEqual(
    headers.map((header) => header.signed),
    [true, false, true],
  );
});

test("what is not an RPM file is refused by name, without waiting", async (t) => {
  const directory = workspace.at("odd", "directory");
  mkdirSync(directory);
  const fifo = workspace.at("odd", "fifo");
  run("mkfifo", [fifo]);
  const put = (name: string, content: string | Buffer): [string, string] => {
    const file = workspace.at("odd", name);
    writeFileSync(file, content);
    return [name, file];
  };
  const whole = readFileSync(signedRpm);
  const odd: [string, string][] = [
    ["missing", workspace.at("missing.rpm")],
    ["directory", directory],
    ["fifo", fifo],
    ["device", "/dev/zero"],
    put("empty", ""),
    put("text", "hello\n".repeat(1000)),
    put("lead only", whole.subarray(0, 96)),
    put("half a signature header", whole.subarray(0, 200)),
    put("half a header", whole.subarray(0, 1200)),
    put("zeros", Buffer.alloc(100_000)),
  ];
  for (const [name, file] of odd) {
    await t.test(name, async () => {
      await assert.rejects(addon.readPackages([unsignedRpm, file], []), (error: Error & { code?: string }) => {
        assert.equal(error.code, "RPM_UNREADABLE");
        assert.ok(error.message.includes(file), error.message);
        return true;
      });
      const verification = await verdictOf(file, signerText);
      assert.equal(verification.verdict, "unreadable");
      assert.notDeepEqual(verification.details, []);
      assert.equal(verification.keyId, null);
    });
  }
});

test("only a given key makes a package good", async () => {
  const good = await verdictOf(signedRpm, signerText);
  assert.equal(good.verdict, "good", good.details.join("\n"));
  const fingerprint = key.fingerprint.toLowerCase();
  assert.equal(good.keyId, isRpm6 ? fingerprint : fingerprint.slice(-16));
  assert.equal((await verdictOf(signedRpm, strangerText, signerText)).verdict, "good");
  const unknown = await verdictOf(signedRpm, strangerText);
  assert.equal(unknown.verdict, "unknown-key");
  assert.equal(unknown.keyId, fingerprint.slice(-16));
  assert.equal((await verdictOf(signedRpm)).verdict, "unknown-key");
  const unsigned = await verdictOf(unsignedRpm, signerText);
  assert.equal(unsigned.verdict, "unsigned");
  assert.equal(unsigned.keyId, null);
});

test("a text may hold several keys, anything between them, and foreign line ends", async () => {
  const bundle = `Keys of the example project\n\n${strangerText}\njunk -----BEGIN PGP\n${signerText}trailing`;
  assert.equal((await verdictOf(signedRpm, bundle)).verdict, "good");
  assert.equal((await verdictOf(signedRpm, bundle.replaceAll("\n", "\r\n"))).verdict, "good");
});

test("a text without a usable key is refused by its index", async () => {
  const secret = gpg(key.home, ["--armor", "--export-secret-keys", key.fingerprint]);
  const cut = signerText.slice(0, signerText.length / 2);
  const damaged = signerText.replace(/\n\n.{8}/, "\n\nAAAAAAAA");
  for (const text of ["", "no key", secret, cut, damaged]) {
    await assert.rejects(addon.verifyPackages([signedRpm], [signerText, text]), (error: Error & { code?: string }) => {
      assert.equal(error.code, "KEY_UNREADABLE");
      assert.match(error.message, /key 1\b/);
      return true;
    });
  }
});

test("a key that was expired at the time of signing, or is revoked, makes nothing good", async () => {
  const expired = makeKey(workspace, "expired", { fakedTime: "20200101T000000" });
  const revoked = makeKey(workspace, "revoked");
  try {
    const byExpired = workspace.at("by-expired.rpm");
    const byRevoked = workspace.at("by-revoked.rpm");
    copyFileSync(unsignedRpm, byExpired);
    copyFileSync(unsignedRpm, byRevoked);
    const inTime = workspace.at("in-time.rpm");
    copyFileSync(unsignedRpm, inTime);
    signPackages(expired, [inTime], "20200601T000000");
    signPackages(expired, [byExpired], "20220601T000000");
    const setExpiry = ["--pinentry-mode", "loopback", "--passphrase", "", "--quick-set-expire"];
    gpg(expired.home, ["--faked-system-time", "20200102T000000", ...setExpiry, expired.fingerprint, "1y"]);
    assert.equal((await verdictOf(inTime, exportKey(expired))).verdict, "good");
    signPackages(revoked, [byRevoked]);
    assert.equal((await verdictOf(byRevoked, exportKey(revoked))).verdict, "good");
    const certificate = readFileSync(path.join(revoked.home, "openpgp-revocs.d", `${revoked.fingerprint}.rev`), "utf8");
    gpg(revoked.home, ["--import"], certificate.replace(":-----BEGIN", "-----BEGIN"));
    for (const [file, text, word] of [
      [byExpired, exportKey(expired), "expired"],
      [byRevoked, exportKey(revoked), "revoked"],
    ] as const) {
      const verification = await verdictOf(file, text);
      assert.equal(verification.verdict, "bad-signature");
      assert.match(verification.details.join("\n"), new RegExp(word));
      // The other keys of the ring are not to blame.
      assert.equal((await verdictOf(signedRpm, text, signerText)).verdict, "good");
    }
  } finally {
    stopAgents(expired, revoked);
  }
});

test("a cut or changed payload is a bad digest, a changed signature a bad one", async () => {
  const broken = workspace.at("broken.rpm");
  const whole = readFileSync(signedRpm);
  copyFileSync(signedRpm, broken);
  truncateSync(broken, whole.length - 1);
  assert.equal((await verdictOf(broken, signerText)).verdict, "bad-digest");
  writeFileSync(broken, Buffer.concat([whole, Buffer.from("more")]));
  assert.equal((await verdictOf(broken, signerText)).verdict, "bad-digest");
  // A signature from another package over another header.
  const [other = ""] = buildPackages(workspace, spec.replace("Release: 2", "Release: 3"));
  signPackages(key, [other]);
  const signatureOf = (rpm: Buffer) => 96 + 16 + rpm.readUInt32BE(104) * 16 + rpm.readUInt32BE(108);
  const donor = readFileSync(other);
  const headerAt = Math.ceil(signatureOf(whole) / 8) * 8;
  const donorHeaderAt = Math.ceil(signatureOf(donor) / 8) * 8;
  writeFileSync(broken, Buffer.concat([donor.subarray(0, donorHeaderAt), whole.subarray(headerAt)]));
  assert.match((await verdictOf(broken, signerText)).verdict, /^bad-/);
});

/** Where the header begins. What is before it, the lead and parts of the signature header, nothing covers. */
function headerOffset(rpm: Buffer): number {
  const signatureEnd = 96 + 16 + rpm.readUInt32BE(104) * 16 + rpm.readUInt32BE(108);
  return Math.ceil(signatureEnd / 8) * 8;
}

interface DamagedFile {
  readonly file: string;
  readonly offset: number;
}

/** 200 copies of an RPM in `directory`, each with one byte changed, half of them early in the file; always the same. */
function damagedCopies(rpm: Buffer, directory: string): readonly DamagedFile[] {
  let state = 20_240_229;
  const next = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % limit;
  };
  const early = Math.min(headerOffset(rpm) + 4000, rpm.length);
  return Array.from({ length: 200 }, (_, index) => {
    const offset = next(index < 100 ? early : rpm.length);
    const damaged = Buffer.from(rpm);
    damaged[offset] = (damaged[offset] ?? 0) ^ (1 + next(255));
    const file = path.join(directory, `${index}.rpm`);
    writeFileSync(file, damaged);
    return { file, offset };
  });
}

test("no damage to header or payload passes", async () => {
  const whole = readFileSync(signedRpm);
  const damaged = damagedCopies(whole, path.dirname(workspace.at("damaged", "x")));
  const verifications = await addon.verifyPackages(
    damaged.map(({ file }) => file),
    [signerText],
  );
  const accepted = damaged.filter((_, index) => verifications[index]?.verdict === "good");
  assert.deepEqual(
    accepted.filter(({ offset }) => offset >= headerOffset(whole)),
    [],
  );
  assert.equal(accepted.length < 100, true);
  rmSync(workspace.at("damaged"), { recursive: true });
});

/** Runs a script in another process with the addon as `addon`, and returns what it printed. */
function inProcess(script: string, options: { env?: NodeJS.ProcessEnv; uid?: number } = {}) {
  const { uid, env = process.env } = options;
  // Another user may have no access to where the project lies.
  const path = uid === undefined ? addonPath : workspace.at("addon", "rpmoci.node");
  if (path !== addonPath) copyFileSync(addonPath, path);
  const preamble = `const addon = require(${JSON.stringify(path)});`;
  return spawnSync(process.execPath, ["-e", preamble + script], {
    encoding: "utf8",
    env,
    timeout: 60_000,
    cwd: "/",
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
}

function verdictScript(file: string, text: string): string {
  const job = JSON.stringify([[file], [text]]);
  return `addon.verifyPackages(...${job}).then(([v]) => console.log(v.verdict), (e) => console.log(e.message))`;
}

test("neither macros of the user nor translations change a verdict, and nothing is printed", () => {
  const home = mkdtempSync(workspace.at("home-"));
  const macros = [
    "%_pkgverify_level none",
    "%_pkgverify_flags 0xf0f00",
    "%_vsflags_verify 0xf0f00",
    "%_dbpath /proc",
    "%{echo:x}",
  ];
  writeFileSync(path.join(home, ".rpmmacros"), macros.join("\n"));
  writeFileSync(path.join(home, ".rpmrc"), "nonsense\n");
  mkdirSync(path.join(home, ".config", "rpm"), { recursive: true });
  writeFileSync(path.join(home, ".config", "rpm", "macros"), macros.join("\n"));
  const env = { ...process.env, HOME: home, LANG: "de_DE.UTF-8", LC_ALL: "de_DE.UTF-8", LANGUAGE: "de" };
  for (const [file, text, verdict] of [
    [signedRpm, signerText, "good"],
    [signedRpm, strangerText, "unknown-key"],
    [unsignedRpm, signerText, "unsigned"],
  ] as const) {
    const { stdout, stderr } = inProcess(verdictScript(file, text), { env });
    assert.equal(stdout, `${verdict}\n`);
    assert.equal(stderr, "");
  }
  assert.deepEqual(readdirSync(home).sort(), [".config", ".rpmmacros", ".rpmrc"]);
});

test("an ordinary user without a home can read and verify", { skip: process.getuid?.() !== 0 && "needs root" }, () => {
  const nobody = 65_534;
  const env = { ...process.env, HOME: "/nonexistent" };
  run("chmod", ["-R", "a+rX", path.dirname(path.dirname(unsignedRpm)), signedRpm]);
  const good = inProcess(verdictScript(signedRpm, signerText), { env, uid: nobody });
  assert.deepEqual([good.stdout, good.stderr], ["good\n", ""]);
  const secret = workspace.at("secret.rpm");
  copyFileSync(signedRpm, secret);
  run("chmod", ["600", secret]);
  const refused = inProcess(
    `addon.readPackages([${JSON.stringify(secret)}], []).catch((e) => console.log(e.code, e.message))`,
    { env, uid: nobody },
  );
  assert.equal(refused.stdout, `RPM_UNREADABLE cannot read the RPM file ${secret}: Permission denied\n`);
});

test("workers verify at the same time, and end in the middle of it", { timeout: 120_000 }, async () => {
  const source = `
    const { workerData, parentPort } = require("node:worker_threads");
    const addon = require(workerData.addonPath);
    addon.verifyPackages(workerData.files, workerData.keys).then((all) => parentPort.postMessage(all.map((v) => v.verdict)));
    parentPort.postMessage("started");`;
  const start = (count: number) =>
    new Worker(source, {
      eval: true,
      workerData: { addonPath, files: Array<string>(count).fill(signedRpm), keys: [signerText] },
    });
  const answers = (worker: Worker) =>
    new Promise<string[]>((resolve, reject) => {
      worker.on("message", (message: string | string[]) => typeof message === "string" || resolve(message));
      worker.on("error", reject);
    });
  const pair = await Promise.all([
    answers(start(50)),
    answers(start(50)),
    addon.verifyPackages([signedRpm], [signerText]),
  ]);
  assert.deepEqual(pair[0], Array<string>(50).fill("good"));
  assert.deepEqual(pair[1], Array<string>(50).fill("good"));
  for (let i = 0; i < 5; ++i) {
    const worker = start(100_000);
    await new Promise((resolve) => worker.once("message", resolve));
    await new Promise((resolve) => setTimeout(resolve, i * 10));
    const began = performance.now();
    await worker.terminate();
    assert.ok(performance.now() - began < 5000, "terminate() waits for all of the files");
  }
  assert.equal((await verdictOf(signedRpm, signerText)).verdict, "good");
});

test("the process may exit in the middle of a verification", () => {
  const files = `Array(10_000).fill(${JSON.stringify(signedRpm)})`;
  const { status, stderr } = inProcess(
    `addon.verifyPackages(${files}, [${JSON.stringify(signerText)}]); setTimeout(() => process.exit(7), 30)`,
  );
  assert.deepEqual([status, stderr], [7, ""]);
});

/** The texts of all keys of others that can be used, which a database then has, too; rpmkeys can use the same ones. */
async function importRealKeys(dbPath: string): Promise<readonly string[]> {
  const usable: string[] = [];
  for (const file of realRpms.keys) {
    const text = readFileSync(file, "utf8");
    const imported = spawnSync("rpmkeys", ["--dbpath", dbPath, "--import", file], { env: toolEnvironment });
    const accepted = await addon.verifyPackages([], [text]).then(
      () => true,
      () => false,
    );
    assert.equal(accepted, imported.status === 0, file);
    if (accepted) usable.push(text);
  }
  return usable;
}

test("verdicts agree with rpmkeys on packages that others made", { skip: realRpms.skip }, async (t) => {
  using place = new Workspace();
  const dbPath = path.dirname(place.at("rpmdb", "x"));
  const usable = await importRealKeys(dbPath);
  const verifications = await addon.verifyPackages(realRpms.packages, usable);
  const disagreements: string[] = [];
  for (const { path: file, verdict, details } of verifications) {
    const report = rpmkeysReport(file, dbPath);
    t.diagnostic(`${path.basename(file)}: ${verdict}, rpmkeys: ${report.passed ? "passed" : "refused"}`);
    if ((verdict === "good") !== report.passed) disagreements.push(`${file}: ${verdict}\n${report.text}`);
    for (const line of report.elements) assert.ok(details.includes(line), `${file}: rpmkeys also says ${line}`);
  }
  assert.deepEqual(disagreements, []);
});

test("verdicts agree with rpmkeys on all of these with a byte changed", { skip: realRpms.skip }, async () => {
  using place = new Workspace();
  const dbPath = path.dirname(place.at("rpmdb", "x"));
  const usable = await importRealKeys(dbPath);
  for (const [index, file] of realRpms.packages.entries()) {
    const whole = readFileSync(file);
    const damaged = damagedCopies(whole, path.dirname(place.at(String(index), "x")));
    const files = damaged.map((copy) => copy.file);
    const passed = rpmkeysPass(files, dbPath);
    const verifications = await addon.verifyPackages(files, usable);
    for (const [at, { verdict, details }] of verifications.entries()) {
      const { file: copy = "", offset = 0 } = damaged[at] ?? {};
      const where = `${file}, byte ${offset}: ${verdict}, ${details.join("; ")}`;
      if (verdict === "good") assert.ok(offset < headerOffset(whole), where);
      // Of two signatures, a changed one may name a key that nobody has; rpmkeys refuses that, too.
      const otherKey = details.some((line) => line.endsWith(": NOKEY"));
      assert.equal(verdict === "good", passed.has(copy) || (verdict === "good" && otherKey), where);
    }
  }
});

test("headers of packages that others made are read as rpm prints them", { skip: realRpms.skip }, async () => {
  const headers = await addon.readPackages(realRpms.packages, []);
  assert.equal(headers.length, realRpms.packages.length);
  for (const [i, header] of headers.entries()) {
    const file = realRpms.packages[i] ?? "";
    const query = ["--nosignature", "--nodigest", "-qp", "--qf"];
    const printed = run("rpm", [...query, "%{NAME}|%{EPOCHNUM}|%{VERSION}|%{RELEASE}|%{LONGSIZE}", file]);
    const own = [header.name, header.epoch ?? 0, header.version, header.release, header.installedSize];
    assert.equal(own.join("|"), printed, file);
    const requires = run("rpm", ["--nosignature", "--nodigest", "-qp", "--requires", file]).split("\n").filter(Boolean);
    assert.deepEqual(header.requires, [...new Set(requires)].sort(), file);
  }
});
