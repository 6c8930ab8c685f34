import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { digestOf } from "../support/image.js";
import { buildRpms } from "../support/rpm-fixture.js";
import { Scene } from "../support/scene.js";
import { signPackages, testKey, writePublicKey } from "../support/signing-key.js";

/** Builds, and asserts that the package was refused by name and that nothing was written. */
async function assertRefused(scene: Scene, message: RegExp, code = 6): Promise<void> {
  const lock = scene.hasLockfile() ? readFileSync(scene.lockfilePath, "utf8") : null;
  const layout = existsSync(scene.layout) ? readFileSync(join(scene.layout, "index.json"), "utf8") : null;
  const result = await scene.build();
  assert.equal(result.code, code, result.stderr);
  assert.match(result.stderr, message);
  assert.doesNotMatch(result.stderr, /^\s+at /m);
  assert.equal(scene.hasLockfile() ? readFileSync(scene.lockfilePath, "utf8") : null, lock);
  assert.equal(existsSync(scene.layout) ? readFileSync(join(scene.layout, "index.json"), "utf8") : null, layout);
}

async function sceneWith(t: TestContext, packages: readonly string[], key?: null): Promise<Scene> {
  const scene = await Scene.create(t, key === null ? { packages, key } : { packages });
  scene.writeManifest({ packages: ["tool"], os_release: false });
  return scene;
}

function fileOf(scene: Scene, name: string): string {
  return join(scene.repository, name);
}

test("a package with a bad checksum is refused", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"]);
  scene.server.setFault("/repo/tool-2.0.1-1.noarch.rpm", { corruptAt: 200 });
  await assertRefused(scene, /package tool-2\.0\.1-1\.noarch from repository "tiny" has the wrong checksum/);
  // The wrong bytes were not kept.
  scene.server.setFault("/repo/tool-2.0.1-1.noarch.rpm", null);
  assert.equal((await scene.build()).code, 0);
});

test("a package without a signature is refused, and taken with gpgcheck off", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"], null);
  await assertRefused(scene, /package tool-2\.0\.1-1\.noarch is not signed/);
  scene.writeManifest({
    repositories: [{ id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: "false" } }],
    packages: ["tool"],
    os_release: false,
  });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
});

test("a package signed with another key is refused, and taken with gpgcheck off or with that key", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"]);
  const other = await testKey("somebody-else");
  await signPackages(other, [fileOf(scene, "tool-2.0.1-1.noarch.rpm")]);
  await scene.reindex();
  await assertRefused(
    scene,
    /package tool-2\.0\.1-1\.noarch is signed with a key that is not among its repository's keys/,
  );
  const otherKey = scene.path("other.asc");
  writeFileSync(otherKey, other.public);
  scene.writeManifest({ packages: ["tool"], os_release: false, gpgkeys: [`file://${otherKey}`] });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
});

test("a package with a bad signature is refused", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0", "tool-1.9"]);
  // The signature of another package: well-formed, by the right key, of other contents.
  const path = fileOf(scene, "tool-2.0.1-1.noarch.rpm");
  const donor = readFileSync(fileOf(scene, "tool-1.9.2-1.noarch.rpm"));
  writeFileSync(path, withSignatureOf(readFileSync(path), donor));
  await scene.reindex();
  await assertRefused(scene, /package tool-2\.0\.1-1\.noarch (has a bad signature|is damaged)/);
});

test("a package whose payload was changed is refused even where signatures are not checked", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"], null);
  const path = fileOf(scene, "tool-2.0.1-1.noarch.rpm");
  const bytes = readFileSync(path);
  bytes[bytes.length - 10] = (bytes.at(-10) ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
  await scene.reindex();
  scene.writeManifest({
    repositories: [{ id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: "false" } }],
    packages: ["tool"],
    os_release: false,
  });
  await assertRefused(scene, /package tool-2\.0\.1-1\.noarch is damaged/);
});

test("a local RPM needs no signature", async (t) => {
  const scene = await Scene.create(t);
  await buildRpms(scene.directory, [{ name: "mine", requires: ["tool"] }]);
  scene.writeManifest({ packages: ["mine-*.rpm"] });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
});

test("require_signed holds for local RPMs, which any key of the repositories may have signed", async (t) => {
  const scene = await Scene.create(t);
  const [file = ""] = await buildRpms(scene.directory, [{ name: "mine", requires: ["tool"] }]);
  scene.writeManifest({ packages: ["mine-*.rpm"], require_signed: true });
  await assertRefused(scene, /package mine-\S+\.rpm is not signed/);
  await signPackages(await testKey("other"), [file]);
  await assertRefused(scene, /package mine-\S+\.rpm is signed with a key that is not among the repositories' keys/);
  await signPackages(scene.key, [file]);
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
});

test("require_signed wins over gpgcheck, and over an image that was made without it", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"], null);
  const contents = {
    repositories: [{ id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: "false" } }],
    packages: ["tool"],
    os_release: false,
  };
  scene.writeManifest(contents);
  assert.equal((await scene.build()).code, 0);
  scene.writeManifest({ ...contents, require_signed: true });
  await assertRefused(scene, /package tool-2\.0\.1-1\.noarch is not signed/);
});

test("an image that was made with gpgcheck off does not pass for one that is made with it", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"], null);
  const repository = { id: "tiny", url: scene.repositoryUrl };
  const contents = { packages: ["tool"], os_release: false };
  scene.writeManifest({ ...contents, repositories: [{ ...repository, options: { gpgcheck: "false" } }] });
  assert.equal((await scene.build()).code, 0);
  scene.writeManifest({ ...contents, repositories: [repository] });
  await assertRefused(scene, /package tool-2\.0\.1-1\.noarch is not signed/);
});

test("the lockfile tells who signed each package, and a build takes nobody else's signature", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0", "tool-1.9"]);
  const packageRequests = () => scene.server.requests.filter(({ path }) => path.endsWith(".rpm"));
  assert.equal((await scene.run(["update"])).code, 0);
  const [locked] = scene.lockfile().packages;
  assert.equal(locked?.signed_by, scene.key.fingerprint.toLowerCase());
  // The beginning of a package is enough, and it is not read again.
  assert.deepEqual(
    packageRequests().map(({ status }) => status),
    [206],
  );
  const text = readFileSync(scene.lockfilePath, "utf8");
  assert.equal((await scene.run(["update", "--refresh"])).code, 0);
  assert.equal(packageRequests().length, 1);
  assert.equal(readFileSync(scene.lockfilePath, "utf8"), text);
  const other = (await testKey("other")).fingerprint.toLowerCase();
  writeFileSync(scene.lockfilePath, text.replace(/signed_by = "\w+"/, `signed_by = "${other}"`));
  const result = await scene.build(["--locked"]);
  assert.equal(result.code, 6, result.stderr);
  assert.match(result.stderr, new RegExp(`tool-2\\.0\\.1-1\\.noarch is signed with the key \\w+, .* with ${other}`));
});

test("update says which packages a build will refuse for want of a signature", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"], null);
  const result = await scene.run(["update"]);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /tool-2\.0\.1-1\.noarch is not signed with a key of repository "tiny"/);
  assert.equal(scene.lockfile().packages[0]?.signed_by, undefined);
});

test("a lockfile has checksums of its own where a repository's are weak", async (t) => {
  const scene = await Scene.create(t, { packages: ["tool-2.0"], repository: { checksum: "sha1" } });
  scene.writeManifest({ packages: ["tool"], os_release: false });
  assert.equal((await scene.run(["update"])).code, 0);
  const [locked] = scene.lockfile().packages;
  assert.equal(locked?.checksum.algorithm, "sha1");
  const file = readFileSync(fileOf(scene, "tool-2.0.1-1.noarch.rpm"));
  assert.equal(locked?.sha256, createHash("sha256").update(file).digest("hex"));
  assert.equal((await scene.build(["--locked"])).code, 0);
  const text = readFileSync(scene.lockfilePath, "utf8");
  writeFileSync(scene.lockfilePath, text.replace(/sha256 = "\w+"/, `sha256 = "${"0".repeat(64)}"`));
  const result = await scene.build(["--locked"]);
  assert.equal(result.code, 6, result.stderr);
  assert.match(result.stderr, /tool-2\.0\.1-1\.noarch has the wrong checksum: expected sha256:0+, got sha256:/);
});

test("a repository that offers one package under the name of another is found out", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0", "tool-1.9"]);
  assert.equal((await scene.run(["update"])).code, 0);
  const text = readFileSync(scene.lockfilePath, "utf8");
  writeFileSync(scene.lockfilePath, text.replace('evr = "2.0.1-1"', 'evr = "7.7-7"'));
  const result = await scene.build(["--locked"]);
  assert.equal(result.code, 6, result.stderr);
  assert.match(result.stderr, /tool-7\.7-7\.noarch is really the package tool-2\.0\.1-1\.noarch/);
});

test("keys are pinned: a lockfile keeps building when the key's URL is gone, and is not fooled by a new key there", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"]);
  assert.equal((await scene.build()).code, 0);
  const digest = digestOf(scene.layout, "test");
  scene.server.setFault(new URL(scene.keyUrl).pathname, { status: 404 });
  const result = await scene.build(["--locked"]);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(digestOf(scene.layout, "test"), digest);
});

test("update tells of keys that changed at their URL, and a locked build goes on with those of the lockfile", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"]);
  assert.equal((await scene.build()).code, 0);
  const [old, other] = [await testKey("tiny"), await testKey("other")].map((key) => key.fingerprint.toLowerCase());
  const served = scene.keyUrl.slice(scene.keyUrl.lastIndexOf("/") + 1);
  const keys = join(scene.repository, "../keys");
  writePublicKey(await testKey("other"), keys);
  const [added = ""] = readdirSync(keys).filter((name) => name !== served);
  renameSync(join(keys, added), join(keys, served));
  assert.equal((await scene.build(["--locked"])).code, 0);
  const dry = await scene.run(["update", "--dry-run"]);
  const lines = [`Warning key ${other} of repository "tiny" is new`, `Dropping key ${old} of repository "tiny"`];
  for (const line of lines) assert.ok(dry.stderr.includes(line), dry.stderr);
  assert.equal(dry.code, 3);
  const quiet = await scene.run(["update", "-q"]);
  assert.match(quiet.stderr, /is new, and trusted from now on/);
  assert.equal((await scene.build(["--locked", "--no-cache"])).code, 6);
});

test("a key URL that is gone, or holds no key, is named", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"]);
  scene.server.setFault(new URL(scene.keyUrl).pathname, { status: 404 });
  await assertRefused(scene, /Failed to download the key http.*RPM-GPG-KEY.*not found/, 5);
  scene.writeManifest({
    packages: ["tool"],
    os_release: false,
    gpgkeys: [`${scene.repositoryUrl}/repodata/repomd.xml`],
  });
  await assertRefused(scene, /repomd\.xml \(gpgkey of repository "tiny"\) holds no ASCII-armoured public key/, 5);
});

const signed = { repo_gpgcheck: "1" };

function writeSignedManifest(scene: Scene, options = {}): void {
  const repositories = [{ id: "tiny", url: scene.repositoryUrl, options: { ...signed, ...options } }];
  scene.writeManifest({ repositories, packages: ["tool"], os_release: false });
}

test("metadata that the repository's key signed is taken with repo_gpgcheck, whether packages are signed or not", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"]);
  await scene.signMetadata();
  writeSignedManifest(scene);
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
  await scene.publish(["tool-1.9"]);
  await scene.signMetadata();
  writeSignedManifest(scene, { gpgcheck: "0" });
  const update = await scene.run(["update"]);
  assert.equal(update.code, 0, update.stderr);
});

test("metadata that was changed after signing is refused, and taken without repo_gpgcheck", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"]);
  await scene.signMetadata();
  const text = readFileSync(scene.repomd, "utf8");
  writeFileSync(scene.repomd, text.replace("<revision>", "<revision>1"));
  for (const options of [{}, { gpgcheck: "0" }, { skip_if_unavailable: "1" }]) {
    writeSignedManifest(scene, options);
    await assertRefused(scene, /the repomd\.xml of repository "tiny" has a bad signature .*: BAD/);
  }
  writeSignedManifest(scene, { repo_gpgcheck: "0" });
  assert.equal((await scene.build()).code, 0);
  // A lockfile does not excuse it.
  writeSignedManifest(scene);
  const update = await scene.run(["update"]);
  assert.equal(update.code, 6, update.stderr);
});

test("metadata signed with another key is refused, and taken with that key", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"]);
  const other = await testKey("somebody-else");
  await scene.signMetadata(other);
  writeSignedManifest(scene);
  const id = other.fingerprint.slice(-16).toLowerCase();
  await assertRefused(
    scene,
    new RegExp(`the repomd\\.xml of repository "tiny" is signed with a key that is not among its keys: ${id}`),
  );
  const otherKey = scene.path("other.asc");
  writeFileSync(otherKey, other.public);
  writeSignedManifest(scene, { gpgkey: `file://${otherKey}` });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
});

test("metadata without a signature, or with something else in its place, is refused", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"]);
  writeSignedManifest(scene);
  await assertRefused(
    scene,
    /Failed to download the signature of the metadata of repository "tiny": .*repomd\.xml\.asc: not found/,
    5,
  );
  for (const text of ["", "<html></html>\n", scene.key.public]) {
    writeFileSync(`${scene.repomd}.asc`, text);
    await assertRefused(scene, /the repomd\.xml of repository "tiny" has no usable signature in repomd\.xml\.asc/);
  }
});

test("a repository's own gpgkey suffices for its metadata", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"]);
  await scene.signMetadata();
  scene.writeManifest({
    repositories: [{ id: "tiny", url: scene.repositoryUrl, options: { ...signed, gpgkey: scene.keyUrl } }],
    packages: ["tool"],
    gpgkeys: [],
    os_release: false,
  });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
});

/** The lead and signature header of `donor` before the header and payload of `rpm` (the RPM file format, "Signature"). */
function withSignatureOf(rpm: Buffer, donor: Buffer): Buffer {
  return Buffer.concat([donor.subarray(0, headerStart(donor)), rpm.subarray(headerStart(rpm))]);
}

function headerStart(rpm: Buffer): number {
  const LEAD = 96;
  const end = LEAD + 16 + rpm.readUInt32BE(LEAD + 8) * 16 + rpm.readUInt32BE(LEAD + 12);
  return Math.ceil(end / 8) * 8;
}

test("a key that cannot be used is no fault of the others, and is an error when it is the only one", async (t) => {
  const scene = await sceneWith(t, ["tool-2.0"]);
  const unusable = scene.path("unusable.asc");
  const block = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEAAAAABYAAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n";
  writeFileSync(unusable, block);
  scene.writeManifest({ packages: ["tool"], os_release: false, gpgkeys: [`file://${unusable}`] });
  await assertRefused(scene, /key/);
  scene.writeManifest({ packages: ["tool"], os_release: false, gpgkeys: [`file://${unusable}`, scene.keyUrl] });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
});
