import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { makeCertificate } from "../support/certificates.js";
import { digestOf, layerEntries, readImage } from "../support/image.js";
import { digestByOrdinaryUser } from "../support/ordinary-user.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { run, runSuccessfully } from "../support/run.js";
import { Scene } from "../support/scene.js";

const EXTRACTED = "/etc/pki/ca-trust/extracted";

/** The trust store of a package, as Fedora has it, with a hashed directory, and as Debian has it. */
function trustStore(pem: string, hash: string): RpmFixture {
  return {
    name: "ca-certificates",
    requires: ["filesystem"],
    files: {
      [`${EXTRACTED}/pem/tls-ca-bundle.pem`]: { content: pem.trimEnd(), mode: 0o444 },
      [`${EXTRACTED}/pem/email-ca-bundle.pem`]: { content: "", mode: 0o444 },
      [`${EXTRACTED}/pem/directory-hash/Packaged.pem`]: { content: pem, mode: 0o444 },
      [`${EXTRACTED}/pem/directory-hash/${hash}.0`]: { symlinkTo: "Packaged.pem" },
      "/etc/pki/tls/certs/ca-bundle.crt": { symlinkTo: "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem" },
      "/etc/pki/tls/cert.pem": { symlinkTo: "certs/ca-bundle.crt" },
      "/etc/ssl/certs/ca-certificates.crt": pem,
    },
    dirs: { "/etc/pki/ca-trust/source/anchors": {}, [`${EXTRACTED}/pem/directory-hash`]: { mode: 0o555 } },
  };
}

async function hashOf(file: string): Promise<string> {
  return (await runSuccessfully("openssl", ["x509", "-noout", "-hash", "-in", file])).trim();
}

async function certificatesScene(t: TestContext, additional: readonly string[]): Promise<Scene> {
  const scene = await Scene.create(t);
  mkdirSync(scene.path("certs"));
  const packaged = await makeCertificate(scene.path("certs"), "packaged", { subject: "/O=Packaged/CN=Root" });
  await scene.publish([trustStore(packaged, await hashOf(scene.path("certs/packaged.pem")))]);
  writeCertificates(scene, additional);
  return scene;
}

function writeCertificates(scene: Scene, additional: readonly string[], packages = ["ca-certificates"]): void {
  scene.writeManifest({ packages });
  appendFileSync(scene.path("rpmoci.toml"), `[certificates]\nadditional = ${JSON.stringify(additional)}\n`);
}

test("certificates are in every bundle and directory of the trust store, by both engines and by an ordinary user", async (t) => {
  const scene = await certificatesScene(t, ["certs/two.pem", "certs/packaged.pem", "certs/one.pem"]);
  const folder = scene.path("certs");
  // Names that OpenSSL compares without regard of case and spaces, as UTF-8, and as sorted sets.
  const one = await makeCertificate(folder, "one", {
    subject: "/C=DE/O=  Örtliche   BEHÖRDE /OU=b+CN=One CA/emailAddress=A@Example.org",
  });
  const two = await makeCertificate(folder, "two", { subject: `/O=Packaged+OU=multi/CN=${"long ".repeat(12)}` });
  const same = await makeCertificate(folder, "same", { subject: "/O=PACKAGED/CN=root" });
  writeFileSync(join(folder, "two.pem"), `some words\r\n${two.replaceAll("\n", "\r\n")}\n${same}`);
  const digests = new Set<string | null>();
  for (const engine of ["dnf", "rpm"]) {
    const result = await scene.build(["--engine", engine]);
    assert.equal(result.code, 0, result.stderr);
    digests.add(digestOf(scene.layout, "test"));
  }
  const byUser = await digestByOrdinaryUser(scene, t);
  if (byUser !== null) digests.add(byUser);
  assert.equal(digests.size, 1);

  const packaged = readFileSync(join(folder, "packaged.pem"), "utf8");
  const entries = await layerEntries(scene.layout, "test");
  const of = (path: string) => [entries.get(path)?.mode, entries.get(path)?.content];
  const extracted = EXTRACTED.slice(1);
  assert.deepEqual(of(`${extracted}/pem/tls-ca-bundle.pem`), [0o444, packaged + two + same + one]);
  assert.deepEqual(of(`${extracted}/pem/email-ca-bundle.pem`), [0o444, two + same + packaged + one]);
  assert.deepEqual(of("etc/ssl/certs/ca-certificates.crt"), [0o644, packaged + two + same + one]);
  assert.equal(entries.get("etc/pki/tls/certs/ca-bundle.crt")?.type, "symlink");
  // Packaged.pem, three more, and a name of its hash for each.
  const hashed = [...entries.keys()].filter((name) => name.startsWith(`${extracted}/pem/directory-hash/`));
  assert.equal(hashed.length, 8);
  const anchors = [...entries].filter(([name]) => name.startsWith("etc/pki/ca-trust/source/anchors/"));
  assert.deepEqual(new Set(anchors.map(([, { content }]) => content)), new Set([one, two, same, packaged]));

  const tree = scene.path("tree");
  mkdirSync(tree);
  const blob = readImage(scene.layout, "test").manifest.layers[0]?.digest.replace(":", "/") ?? "";
  await runSuccessfully("tar", ["-xzpf", scene.path("image/blobs", blob), "-C", tree]);
  const directory = join(tree, extracted, "pem/directory-hash");
  for (const name of ["one", "two", "same", "packaged"]) {
    const verify = ["verify", "-no-CAfile", "-no-CAstore", "-CApath"];
    const certificate = join(folder, `${name}.pem`);
    await runSuccessfully("openssl", [...verify, directory, certificate]);
    const unknown = await run("openssl", [...verify, folder, certificate]);
    assert.notEqual(unknown.code, 0, "the test can fail");
  }
});

test("a changed certificate changes the image; so does none", async (t) => {
  const scene = await certificatesScene(t, ["certs/a.pem"]);
  await makeCertificate(scene.path("certs"), "a", { subject: "/CN=a" });
  assert.equal((await scene.build([], { reuse: true })).code, 0);
  assert.match((await scene.build([], { reuse: true })).stderr, /Unchanged/);
  await makeCertificate(scene.path("certs"), "a", { subject: "/CN=other" });
  const changed = await scene.build([], { reuse: true });
  assert.equal(changed.code, 0, changed.stderr);
  assert.doesNotMatch(changed.stderr, /Unchanged/);
});

test("certificates that are none, have expired, or find no trust store are refused", async (t) => {
  const scene = await certificatesScene(t, []);
  const folder = scene.path("certs");
  const old = { subject: "/O=Old/CN=Expired", until: "20240101000000Z" };
  await makeCertificate(folder, "old", old);
  await runSuccessfully("openssl", ["x509", "-in", "packaged.pem", "-outform", "DER", "-out", "binary.crt"], {
    cwd: folder,
  });
  writeFileSync(join(folder, "empty.pem"), "");
  const pem = readFileSync(join(folder, "packaged.pem"), "utf8");
  writeFileSync(join(folder, "damaged.pem"), pem.replace(/\n./, "\nA"));
  writeFileSync(join(folder, "both.pem"), `${pem}${readFileSync(join(folder, "packaged.key"), "utf8")}`);
  symlinkSync("/etc/hostname", join(folder, "away.pem"));
  for (const [name, message] of [
    [
      "old",
      /certificates: .*old\.pem: the certificate \(O=Old, CN=Expired\) expired on 2024-01-01, before the image's creation time/,
    ],
    ["empty", /there is no certificate in PEM in it/],
    ["damaged", /damaged\.pem: the certificate cannot be read/],
    ["both", /there is a private key in it/],
    ["away", /it leads out of/],
    ["missing", /certificates: cannot use the file .*missing\.pem: there is no such file/],
  ] as const) {
    writeCertificates(scene, [`certs/${name}.pem`]);
    const result = await scene.build();
    assert.equal(result.code, 2, result.stderr);
    assert.match(result.stderr, message);
  }
  writeCertificates(scene, ["certs/binary.crt"]);
  assert.match((await scene.build()).stderr, /no certificate in PEM in it[\s\S]*openssl x509 -inform DER/);
  // At the time that the image is made at, it was good.
  writeCertificates(scene, ["certs/old.pem"]);
  const then = await scene.build([], { env: { SOURCE_DATE_EPOCH: "1700000000" } });
  assert.equal(then.code, 0, then.stderr);
  writeCertificates(scene, ["certs/packaged.pem"], ["app"]);
  const nowhere = await scene.build();
  assert.equal(nowhere.code, 2, nowhere.stderr);
  assert.match(nowhere.stderr, /the image has no trust store[\s\S]*add ca-certificates to contents\.packages/);
});
