import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test, { after } from "node:test";
import type { DetachedVerification } from "../../src/native/binding.js";
import { addon, isRpm6 } from "./support/rpm-addon.js";
import { exportKey, gpg, makeKey, type SigningKey, stopAgents, Workspace } from "./support/rpm-tools.js";

const workspace = new Workspace();
const ed25519 = makeKey(workspace, "ed25519");
const rsa = makeKey(workspace, "rsa", { algorithm: "rsa3072" });
const keys: SigningKey[] = [ed25519, rsa];
const [ed25519Text, rsaText] = [exportKey(ed25519), exportKey(rsa)];

after(() => {
  stopAgents(...keys);
  workspace[Symbol.dispose]();
});

const data = Buffer.from(`<?xml version="1.0"?>\n<repomd>\r\n${"\0\u00e9 ".repeat(3000)}</repomd>`);
let files = 0;

function sign(key: SigningKey, ...options: readonly string[]): Buffer {
  files += 1;
  const file = workspace.at("data", `${files}`);
  writeFileSync(file, data);
  gpg(key.home, ["--local-user", key.fingerprint, ...options, "--detach-sign", file]);
  return readFileSync(`${file}.${options.includes("--armor") ? "asc" : "sig"}`);
}

async function check(
  signature: string | Uint8Array,
  texts: readonly string[],
  signed: Uint8Array = data,
): Promise<DetachedVerification> {
  return await addon.verifyDetached(signed, Buffer.from(signature), texts);
}

async function verdictOf(...args: Parameters<typeof check>): Promise<string> {
  const { verdict, details } = await check(...args);
  if (verdict !== "good") assert.notDeepEqual(details, []);
  return verdict;
}

function idOf(key: SigningKey): string {
  return key.fingerprint.slice(-16).toLowerCase();
}

for (const [name, key, text, otherText] of [
  ["Ed25519", ed25519, ed25519Text, rsaText],
  ["RSA", rsa, rsaText, ed25519Text],
] as const) {
  for (const options of [[], ["--armor"]]) {
    test(`${name}, ${options[0] ?? "binary"}: only a given key's signature of the same bytes is good`, async () => {
      const signature = sign(key, ...options);
      const good = await check(signature, [text]);
      assert.deepEqual([good.verdict, good.keyId], ["good", idOf(key)], good.details.join("\n"));
      assert.match(
        good.details.join("\n"),
        new RegExp(`^V4 ${name === "RSA" ? "RSA" : "EdDSA"}/\\S+ ${isRpm6 ? "signature" : "Signature"}.*: OK$`),
      );
      assert.equal(await verdictOf(signature, [otherText, text]), "good");
      assert.equal(await verdictOf(signature, [`${otherText}\n${text}`]), "good");
      for (const texts of [[], [otherText]]) {
        const unknown = await check(signature, texts);
        assert.deepEqual([unknown.verdict, unknown.keyId], ["unknown-key", idOf(key)]);
      }
      for (const changed of [
        data.subarray(1),
        data.subarray(0, -1),
        Buffer.concat([data, Buffer.from("\n")]),
        Buffer.from(data).fill(1, 500, 501),
        Buffer.from(data.toString("latin1").replace("\r\n", "\n"), "latin1"),
        new Uint8Array(),
      ]) {
        assert.equal(await verdictOf(signature, [text], changed), "bad-signature");
        assert.equal(await verdictOf(signature, [otherText], changed), "unknown-key");
      }
    });
  }
}

test("every hash that gpg makes is checked", async () => {
  for (const hash of ["SHA224", "SHA256", "SHA384", "SHA512"])
    assert.equal(await verdictOf(sign(rsa, "--digest-algo", hash), [rsaText]), "good", hash);
});

test("no data at all can be signed", async () => {
  const file = workspace.at("empty");
  writeFileSync(file, "");
  gpg(rsa.home, ["--detach-sign", file]);
  const signature = readFileSync(`${file}.sig`);
  assert.equal(await verdictOf(signature, [rsaText], new Uint8Array()), "good");
  assert.equal(await verdictOf(signature, [rsaText], Buffer.from("x")), "bad-signature");
});

test("what is no detached signature is unreadable", async () => {
  const binary = sign(rsa);
  const armoured = sign(rsa, "--armor").toString();
  const file = workspace.at("message");
  writeFileSync(file, data);
  gpg(rsa.home, ["--sign", "--output", `${file}.gpg`, file]);
  gpg(rsa.home, ["--clear-sign", "--output", `${file}.clear`, file]);
  const lines = armoured.split("\n");
  const odd: readonly (readonly [string, string | Uint8Array])[] = [
    ["empty", ""],
    ["text", "not found\n".repeat(100)],
    ["zeros", new Uint8Array(1000)],
    ["ones", new Uint8Array(1000).fill(0xff)],
    ["a page", "<html>-----BEGIN PGP SIGNATURE-----</html>"],
    ["a key", rsaText],
    ["a binary key", Buffer.from(rsaText.split("\n\n")[1]?.split("\n=")[0] ?? "", "base64")],
    ["a signed message", readFileSync(`${file}.gpg`)],
    ["a clear-signed message", readFileSync(`${file}.clear`)],
    ["a signature of a text", sign(rsa, "--textmode")],
    ["junk behind it", Buffer.concat([binary, Buffer.from("junk")])],
    ["junk before it", Buffer.concat([Buffer.from("junk"), binary])],
    ["an armour without contents", `${lines[0]}\n\n${lines.at(-2)}\n`],
    ["an armour without an end", lines.slice(0, -2).join("\n")],
    ["an armour without its last line of data", lines.filter((_, index) => index !== lines.length - 4).join("\n")],
    ["an armour with a NUL", armoured.replace(/\n\n.{8}/, "\n\nAAAA\0AAA")],
    ["version 9", Buffer.from(binary).fill(9, 3, 4)],
  ];
  for (const [name, signature] of odd)
    for (const texts of [[], [rsaText]]) assert.equal(await verdictOf(signature, texts), "unreadable", name);
});

test("an armour's own checksum does not matter, nor do its headers", async () => {
  const armoured = sign(rsa, "--armor").toString();
  for (const signature of [
    armoured.replace(/\n=..../, "\n=AAAA"),
    armoured.replace(/\n=....\n/, "\n"),
    armoured.replace("\n\n", "\nVersion: GnuPG v2\nComment: =\n\n"),
  ]) {
    assert.notEqual(signature, armoured);
    assert.equal(await verdictOf(signature, [rsaText]), "good");
  }
});

test("a signature that is cut short anywhere is not good", async () => {
  const binary = sign(ed25519);
  for (let size = 0; size < binary.length; size += 1)
    assert.equal(await verdictOf(binary.subarray(0, size), [ed25519Text]), "unreadable", `${size}`);
  const armoured = sign(ed25519, "--armor");
  for (let size = 0; size < armoured.length - 1; size += 1)
    assert.equal(await verdictOf(armoured.subarray(0, size), [ed25519Text]), "unreadable", `${size}`);
});

test("no damage to what is signed passes, and none to anything brings the process down", async () => {
  const binary = sign(rsa);
  for (let offset = 0; offset < binary.length; offset += 1) {
    for (const change of [0x01, 0x80, 0xff]) {
      const damaged = Buffer.from(binary);
      damaged[offset] = (damaged[offset] ?? 0) ^ change;
      const verdict = await verdictOf(damaged, [rsaText, ed25519Text]);
      // Subpackets that are not signed may name the issuer, or anything else; behind them all is the signature's.
      if (offset > binary.length - 384) assert.notEqual(verdict, "good", `${offset}`);
    }
  }
});

test("of several signatures one good suffices, and one wrong by a given key spoils all", async () => {
  const [first, second] = [sign(ed25519), sign(rsa)];
  const [firstText, secondText] = [sign(ed25519, "--armor").toString(), sign(rsa, "--armor").toString()];
  const both = [
    Buffer.concat([first, second]),
    Buffer.concat([second, first]),
    Buffer.from(`${firstText}\n${secondText}`),
    Buffer.from(`Comment\r\n${secondText}${firstText}`.replaceAll("\n", "\r\n")),
  ];
  for (const signature of both) {
    const results = await Promise.all(
      [[ed25519Text], [rsaText], [ed25519Text, rsaText]].map((texts) => check(signature, texts)),
    );
    assert.deepEqual(
      results.map(({ verdict, details }) => [verdict, details.length]),
      Array(3).fill(["good", 2]),
    );
    assert.deepEqual(results.map(({ keyId }) => keyId).slice(0, 2), [ed25519, rsa].map(idOf));
    assert.equal(await verdictOf(signature, []), "unknown-key");
  }
  // The last byte of each is part of the signature proper.
  const spoilt = Buffer.from(second);
  spoilt[spoilt.length - 1] = (spoilt.at(-1) ?? 0) ^ 1;
  const mixed = Buffer.concat([first, spoilt]);
  assert.equal(await verdictOf(mixed, [ed25519Text]), "good");
  assert.equal(await verdictOf(mixed, [rsaText]), "bad-signature");
  assert.equal(await verdictOf(mixed, [ed25519Text, rsaText]), "bad-signature");
  // A signature that librpm cannot check, beside a good one and alone.
  const future = Buffer.from(second).fill(9, 3, 4);
  const beside = await check(Buffer.concat([future, first]), [ed25519Text]);
  assert.equal(beside.verdict, "good");
  assert.match(beside.details[0] ?? "", /cannot check it/);
  assert.equal(await verdictOf(Buffer.concat([first, second.subarray(0, -5)]), [ed25519Text]), "unreadable");
});

test("keys are judged as they were at the time of signing; what has expired itself never counts", async () => {
  const old = makeKey(workspace, "old", { fakedTime: "20200101T000000" });
  const revoked = makeKey(workspace, "revoked");
  keys.push(old, revoked);
  const inTime = sign(old, "--faked-system-time", "20200601T000000!");
  const tooLate = sign(old, "--faked-system-time", "20220601T000000!");
  const shortLived = sign(old, "--faked-system-time", "20200601T000000!", "--default-sig-expire", "30d");
  const setExpiry = ["--pinentry-mode", "loopback", "--passphrase", "", "--quick-set-expire"];
  assert.equal(await verdictOf(tooLate, [exportKey(old)]), "good");
  gpg(old.home, ["--faked-system-time", "20200102T000000", ...setExpiry, old.fingerprint, "1y"]);
  const text = exportKey(old);
  assert.equal(await verdictOf(inTime, [text]), "good");
  for (const [signature, words] of [
    [tooLate, isRpm6 ? /Expired on 2021-01-01/ : /: the key [0-9a-f]{16} expired at 2021-01-01/],
    [shortLived, /: the signature has expired/],
    [Buffer.concat([inTime, tooLate]), isRpm6 ? /Expired on 2021-01-01/ : /the key [0-9a-f]{16} expired/],
  ] as const) {
    const { verdict, keyId, details } = await check(signature, [text]);
    assert.deepEqual([verdict, keyId], ["bad-signature", idOf(old)]);
    assert.match(details.join("\n"), words);
    // Nobody whom we do not know can spoil it.
    assert.equal(await verdictOf(Buffer.concat([signature, sign(rsa)]), [rsaText]), "good");
  }
  const byRevoked = sign(revoked);
  assert.equal(await verdictOf(byRevoked, [exportKey(revoked)]), "good");
  const certificate = readFileSync(path.join(revoked.home, "openpgp-revocs.d", `${revoked.fingerprint}.rev`), "utf8");
  gpg(revoked.home, ["--import"], certificate.replace(":-----BEGIN", "-----BEGIN"));
  const refused = await check(byRevoked, [exportKey(revoked), rsaText]);
  assert.equal(refused.verdict, "bad-signature");
  assert.match(refused.details.join("\n"), /is revoked/);
});

test("a subkey signs for its key", async () => {
  const key = makeKey(workspace, "subkey");
  keys.push(key);
  const generate = ["--pinentry-mode", "loopback", "--passphrase", "", "--quick-add-key"];
  gpg(key.home, [...generate, key.fingerprint, "rsa2048", "sign", "never"]);
  const good = await check(sign(key), [exportKey(key)]);
  assert.equal(good.verdict, "good", good.details.join("\n"));
  assert.match(good.details.join("\n"), /V4 (RSA|EdDSA)/);
});

test("a key that cannot be read is named", async () => {
  await assert.rejects(check(sign(rsa), [rsaText, "no key"]), { code: "KEY_UNREADABLE", message: /key 1\b/ });
});

test("the caller may change the buffers at once", async () => {
  const [signed, signature] = [Buffer.from(data), sign(rsa)];
  const running = check(signature, [rsaText], signed);
  signed.fill(0);
  signature.fill(0);
  assert.equal((await running).verdict, "good");
});
