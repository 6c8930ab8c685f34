import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { buildRpm } from "../../scripts/packaging/build-rpm.js";
import { indexRepository } from "../support/repository-fixture.js";
import { buildRpms, recipeOf } from "../support/rpm-fixture.js";
import { run, runSuccessfully } from "../support/run.js";
import { signPackages, testKey, writePublicKey } from "../support/signing-key.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const oddNames = [
  "/opt/plain",
  "/opt/with space",
  "/opt/[",
  "/opt/a[1]",
  "/opt/star*",
  "/opt/what?",
  "/opt/{x,y}",
  "/opt/{z",
  "/opt/100%",
  "/opt/%{name}",
  "/opt/back\\slash",
  "/opt/back\\slash*",
  "/opt/back slash\\*",
  '/opt/"quoted"',
  "/opt/ümlaut",
];

test("an RPM holds the files, modes, owners, marks and relations of its fixture", async (t) => {
  const folder = temporaryDirectory(t);
  const [rpm = ""] = await buildRpms(folder, [
    {
      name: "fixture",
      version: "2.0~rc1",
      release: "3",
      epoch: 4,
      requires: ["bash >= 5", "(a or b)"],
      recommends: ["c"],
      provides: ["virtual = 7"],
      pre: "echo %{name}",
      source: { name: "origin", version: "9", release: "1" },
      dirs: { "/opt/folder": { mode: 0o1777 } },
      files: {
        "/opt/suid": { mode: 0o4755, user: "daemon", group: "adm", content: "x" },
        "/opt/link": { symlinkTo: "suid" },
        "/opt/hard": { hardlinkTo: "/opt/suid" },
        "/opt/ping": { caps: "cap_net_raw=ep" },
        "/opt/doc": { doc: true },
        "/opt/licence": { license: true },
        "/etc/conf": { config: "noreplace", content: "a=1\n" },
        "/opt/ghost": { ghost: true },
      },
    },
  ]);
  const query = (format: string): Promise<string> =>
    runSuccessfully("rpm", ["--query", "--nosignature", "--queryformat", format, "-p", rpm]);
  assert.equal(await query("%{NEVRA} %{SOURCERPM}"), "fixture-4:2.0~rc1-3.noarch origin-9-1.src.rpm");
  assert.match(await query("[%{REQUIRENEVRS}\n]"), /^bash >= 5$/m);
  assert.match(await query("[%{REQUIRENEVRS}\n]"), /^\(a or b\)$/m);
  assert.match(await query("[%{PROVIDENEVRS}\n]"), /^virtual = 7$/m);
  assert.equal(await query("[%{RECOMMENDNEVRS}\n]"), "c\n");
  assert.equal(await query("%{PREIN}"), "echo %{name}");
  const files = await query(
    "[%{FILENAMES} %{FILEMODES:octal} %{FILEUSERNAME} %{FILEFLAGS:fflags} %{FILECAPS} %{FILELINKTOS}|\n]",
  );
  assert.deepEqual(files.trimEnd().split("\n").sort(), [
    "/etc/conf 100644 root cn  |",
    "/opt/doc 100644 root d  |",
    "/opt/folder 41777 root   |",
    "/opt/ghost 100644 root g  |",
    "/opt/hard 104755 daemon   |",
    "/opt/licence 100644 root l  |",
    "/opt/link 120777 root   suid|",
    "/opt/ping 100644 root  cap_net_raw=ep |",
    "/opt/suid 104755 daemon   |",
  ]);
});

test("odd file names arrive as they are", async (t) => {
  const folder = temporaryDirectory(t);
  const files = Object.fromEntries(oddNames.map((name) => [name, ""]));
  const [rpm = ""] = await buildRpms(folder, [{ name: "odd", files }]);
  const listed = await runSuccessfully("rpm", ["--query", "--nosignature", "--list", "-p", rpm]);
  assert.deepEqual(listed.trimEnd().split("\n").sort(), [...oddNames].sort());
});

test("the same recipe gives the same bytes in another folder at another time", async (t) => {
  const recipe = recipeOf({
    name: "twice",
    files: { "/opt/a": "a", "/opt/b": { symlinkTo: "a" } },
    dirs: { "/opt": {} },
  });
  const builds = [];
  for (const folder of [temporaryDirectory(t), temporaryDirectory(t)]) {
    builds.push(readFileSync(await buildRpm(recipe, { work: folder, output: folder })));
    await new Promise((resolve) => setTimeout(resolve, 1100));
  }
  assert.ok(builds[0]?.equals(builds[1] as Buffer));
});

for (const algorithm of ["rsa3072", "ed25519"] as const) {
  test(`rpm verifies a package that was signed with ${algorithm}, and only with the right key`, async (t) => {
    const folder = temporaryDirectory(t);
    const [rpm = ""] = await buildRpms(folder, [{ name: "signed" }]);
    const key = await testKey("signer", { algorithm });
    await signPackages(key, [rpm]);
    const verifyWith = async (database: string, publicKey: string): Promise<number | null> => {
      const args = ["--dbpath", join(folder, database), "--define", "_pkgverify_level all"];
      await runSuccessfully("rpmkeys", [...args, "--import", publicKey]);
      return (await run("rpmkeys", [...args, "--checksig", rpm])).code;
    };
    assert.equal(await verifyWith("right", writePublicKey(key, folder)), 0);
    assert.notEqual(await verifyWith("wrong", writePublicKey(await testKey("stranger"), folder)), 0);
  });
}

test("an expired key signs and is listed as expired", async (t) => {
  const folder = temporaryDirectory(t);
  const [rpm = ""] = await buildRpms(folder, [{ name: "expired" }]);
  const key = await testKey("expired", { expired: true });
  await signPackages(key, [rpm]);
  const shown = await runSuccessfully("gpg", ["--homedir", folder, "--with-colons", "--show-keys"], {
    input: key.public,
  });
  assert.match(shown, /^pub:e:/m);
  // Where rpm 6 puts signatures.
  const tag = (await runSuccessfully("rpm", ["--querytags"])).includes("OPENPGP") ? "OPENPGP" : "RSAHEADER";
  const query = ["--query", "--nosignature", "--queryformat", `%{${tag}:pgpsig}`, "-p", rpm];
  assert.match(await runSuccessfully("rpm", query), new RegExp(key.fingerprint.slice(-16), "i"));
});

test("a repository's metadata depends on its packages alone", async (t) => {
  const documents = [];
  for (const folder of [temporaryDirectory(t), temporaryDirectory(t)]) {
    const [one = ""] = await buildRpms(folder, [{ name: "one" }, { name: "two", requires: ["one"] }]);
    assert.equal(statSync(one).mtimeMs, 1_704_067_200_000);
    await indexRepository(folder, { compression: "xz", checksum: "sha512" });
    documents.push(readFileSync(join(folder, "repodata/repomd.xml"), "utf8"));
  }
  assert.equal(documents[0], documents[1]);
  assert.match(documents[0] ?? "", /primary\.xml\.xz/);
});
