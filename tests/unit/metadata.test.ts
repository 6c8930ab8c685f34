import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { RpmociError } from "../../src/errors.js";
import type { RpmociEvent } from "../../src/events.js";
import { checksumAlgorithm, isChecksumValue } from "../../src/model/checksum.js";
import type { RepositoryConfig } from "../../src/model/repository.js";
import { DEFAULT_TRANSFER, type FileRequest, type TransferOptions, type Transport } from "../../src/model/transport.js";
import { fetchKeys } from "../../src/repository/keys.js";
import { fetchMetadata } from "../../src/repository/metadata.js";
import { findMirrors } from "../../src/repository/mirrors.js";
import { InvalidRepomd, parseRepomd } from "../../src/repository/repomd.js";
import { signDetached, testKey } from "../support/signing-key.js";

const SHA256 = "0123456789abcdef".repeat(4);

function digest(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest("hex");
}

/** Answers from a table, and remembers what was asked with which options. */
class TableTransport implements Transport {
  readonly asked: { readonly url: string; readonly transfer: TransferOptions }[] = [];
  readonly files: FileRequest[] = [];

  constructor(readonly answers: Readonly<Record<string, string | Buffer>>) {}

  async readBytes(urls: readonly string[], what: string, transfer: TransferOptions): Promise<Buffer> {
    for (const url of urls) {
      this.asked.push({ url, transfer });
      const answer = this.answers[url];
      if (answer !== undefined) return Buffer.from(answer);
    }
    throw new RpmociError(`Failed to download ${what}`, { kind: "fetch", code: "DOWNLOAD_FAILED" });
  }

  async fetchFile(request: FileRequest): Promise<string> {
    this.files.push(request);
    return `/cache/${request.checksum.value.slice(0, 4)}`;
  }
}

function configOf(changes: Partial<RepositoryConfig> = {}): RepositoryConfig {
  return {
    id: "r",
    baseUrls: ["https://h/r"],
    mirrorSource: null,
    priority: 99,
    cost: 1000,
    gpgcheck: true,
    repoGpgcheck: false,
    gpgkeys: [],
    includePackages: [],
    excludePackages: [],
    moduleHotfixes: false,
    skipIfUnavailable: false,
    metadataExpire: 48 * 3600,
    definedAt: 0,
    transfer: DEFAULT_TRANSFER,
    ...changes,
  };
}

const nowhere = { directory: "/nowhere", refresh: true };

function data(type: string, location: string, checksum = `<checksum type="sha256">${SHA256}</checksum>`): string {
  return `<data type="${type}">${checksum}<location href="${location}"/><size>5</size></data>`;
}

function repomd(...elements: string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo">${elements.join("")}</repomd>`;
}

const unopened = { openSize: undefined, openChecksum: undefined };

test("repomd.xml names files with their checksums", () => {
  const files = parseRepomd(
    repomd(
      "<revision>1</revision>",
      data("primary", "repodata/primary.xml.gz"),
      data("filelists", "a..b/f.xml", `<checksum type="sha">\n ${"A".repeat(40)}\n</checksum>`).replace(
        /<size>.*?<.size>/,
        "",
      ),
    ),
  );
  assert.deepEqual(Object.fromEntries(files), {
    primary: {
      location: "repodata/primary.xml.gz",
      checksum: { algorithm: "sha256", value: SHA256 },
      size: 5,
      ...unopened,
    },
    filelists: {
      location: "a..b/f.xml",
      checksum: { algorithm: "sha1", value: "a".repeat(40) },
      size: undefined,
      ...unopened,
    },
  });
  assert.equal(parseRepomd(repomd()).size, 0);
  const prefixed = repomd(data("primary", "p")).replace(/<(\/?)(\w)/g, "<$1m:$2");
  assert.equal(parseRepomd(prefixed).get("primary")?.location, "p");
});

for (const location of [
  "",
  "/etc/passwd",
  "../x",
  "repodata/../../x",
  "..",
  "a/..",
  "%2e%2e/x",
  "a/%2E./%2e%2E/x",
  "a\\..\\..\\x",
  "\\etc",
]) {
  test(`a repomd.xml is refused for the location "${location}"`, () => {
    assert.throws(() => parseRepomd(repomd(data("primary", location))), InvalidRepomd);
  });
}

test("a repomd.xml is refused for checksums that are none, and for other texts", () => {
  for (const checksum of [
    "",
    "<checksum/>",
    `<checksum>${SHA256}</checksum>`,
    `<checksum type="crc32">${SHA256}</checksum>`,
    `<checksum type="constructor">${SHA256}</checksum>`,
    `<checksum type="sha512">${SHA256}</checksum>`,
    '<checksum type="sha256">../../x</checksum>',
  ])
    assert.throws(
      () => parseRepomd(repomd(data("primary", "p", checksum))),
      /checksum of primary is missing/,
      checksum,
    );
  for (const text of ["", "<html></html>", "<repomd><data>", "not found", '{"a":1}'])
    assert.throws(() => parseRepomd(text), InvalidRepomd, text);
});

test("algorithms of checksums", () => {
  assert.deepEqual(
    ["sha", "SHA256", "sha1", "md5", "sha512", "crc32", "constructor", "toString", ""].map(checksumAlgorithm),
    ["sha1", "sha256", "sha1", "md5", "sha512", null, null, null, null],
  );
  assert.equal(isChecksumValue("sha256", SHA256), true);
  for (const value of [SHA256.toUpperCase(), SHA256.slice(1), `${SHA256}0`, `${SHA256.slice(1)}\n`, ""])
    assert.equal(isChecksumValue("sha256", value), false);
});

test("a mirrorlist names mirrors line by line", async () => {
  const config = configOf({ baseUrls: [], mirrorSource: { kind: "mirrorlist", url: "https://m/" } });
  const mirrors = await findMirrors(
    config,
    new TableTransport({
      "https://m/": "# repo = r\nhttps://a/os/\r\n\n  http://b/os\nftp://c/os\nfile:///d//\nrubbish\n",
    }),
  );
  assert.deepEqual(mirrors, { baseUrls: ["https://a/os", "http://b/os"], repomd: [] });
  const local = configOf({ baseUrls: [], mirrorSource: { kind: "mirrorlist", url: "file:///m" } });
  const there = await findMirrors(local, new TableTransport({ "file:///m": "https://a/os\nfile:///d//\n" }));
  assert.deepEqual(there.baseUrls, ["https://a/os", "file:///d"]);
  const many = Array.from({ length: 40 }, (_, index) => `https://h${index}/`).join("\n");
  assert.equal((await findMirrors(config, new TableTransport({ "https://m/": many }))).baseUrls.length, 10);
  for (const text of ["", "<html>no such repository</html>", "# nothing"])
    await assert.rejects(findMirrors(config, new TableTransport({ "https://m/": text })), {
      kind: "fetch",
      code: "MIRRORS_MISSING",
    });
  await assert.rejects(findMirrors(config, new TableTransport({})), /mirrorlist of repository "r"/);
});

test("base URLs are mirrors as they are", async () => {
  assert.deepEqual(await findMirrors(configOf(), new TableTransport({})), { baseUrls: ["https://h/r"], repomd: [] });
});

function metalink(hashes: string, alternates = ""): string {
  return `<?xml version="1.0"?><metalink version="3.0" xmlns="http://www.metalinker.org/" xmlns:mm0="http://x/">
    <files><file name="repomd.xml"><mm0:timestamp>1</mm0:timestamp>
      <verification>${hashes}</verification>${alternates}
      <resources maxconnections="1">
        <url protocol="http" type="http" preference="90">http://second/os/repodata/repomd.xml</url>
        <url protocol="https" type="https" preference="100">https://first/os/repodata/repomd.xml</url>
        <url protocol="rsync" type="rsync" preference="100">rsync://x/os/repodata/repomd.xml</url>
        <url protocol="https" preference="95">https://elsewhere/other.xml</url>
        <url protocol="https">https://last/os/repodata/repomd.xml</url>
      </resources></file></files></metalink>`;
}
const hash = (type: string, value: string): string => `<hash type="${type}">${value}</hash>`;
const metalinkOf = (text: string): string => metalink(hash("sha256", digest("sha256", text)));
const linked = configOf({ baseUrls: [], mirrorSource: { kind: "metalink", url: "https://m/" } });

test("a metalink names mirrors by preference, and the strongest checksums", async () => {
  const alternates = `<mm0:alternates><mm0:alternate><verification>${hash("sha256", SHA256.toUpperCase())}</verification></mm0:alternate></mm0:alternates>`;
  const text = metalink(hash("md5", "1".repeat(32)) + hash("sha512", "2".repeat(128)) + hash("sha1", "3"), alternates);
  const mirrors = await findMirrors(linked, new TableTransport({ "https://m/": text }));
  assert.deepEqual(mirrors, {
    baseUrls: ["https://first/os", "http://second/os", "https://last/os"],
    repomd: [
      { checksum: { algorithm: "sha512", value: "2".repeat(128) }, size: undefined },
      { checksum: { algorithm: "sha256", value: SHA256 }, size: undefined },
    ],
  });
  const none = await findMirrors(linked, new TableTransport({ "https://m/": metalink(hash("constructor", "x")) }));
  assert.deepEqual(none.repomd, []);
  for (const broken of ["<metalink/>", "<metalink><files><file/></files></metalink>"])
    await assert.rejects(findMirrors(linked, new TableTransport({ "https://m/": broken })), {
      code: "MIRRORS_MISSING",
    });
  const cut = findMirrors(linked, new TableTransport({ "https://m/": "<metalink><files>" }));
  await assert.rejects(cut, { code: "MIRRORS_INVALID", kind: "fetch" });
});

test("base URLs come before what a list names, and a metalink vouches for both, by size and checksum", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const [old, current] = [repomd(data("primary", "old")), repomd(data("primary", "new"))];
  const vouching = (size: number): string =>
    metalinkOf(current)
      .replace("<verification>", `<size>${size}</size><verification>`)
      .replace("<files>", '<files><file name="other.xml"><resources/></file>');
  const config = configOf({ baseUrls: ["https://own", "https://last/os"], mirrorSource: linked.mirrorSource });
  const answers = {
    "https://m/": vouching(current.length),
    "https://own/repodata/repomd.xml": old,
    "https://first/os/repodata/repomd.xml": current,
  };
  const mirrors = await findMirrors(config, new TableTransport(answers));
  assert.deepEqual(mirrors.baseUrls, ["https://own", "https://last/os", "https://first/os", "http://second/os"]);
  assert.deepEqual(mirrors.repomd[0]?.size, current.length);
  const metadata = await fetchMetadata(config, new TableTransport(answers), { directory, refresh: true }, () => {});
  assert.equal(metadata?.files.primaryContents?.location, "new");
  const wrong = new TableTransport({ ...answers, "https://m/": vouching(current.length + 1) });
  await assert.rejects(
    fetchMetadata(config, wrong, { directory, refresh: true }, () => {}),
    { code: "MIRRORS_OUTDATED" },
  );
});

test("metadata is fetched by the checksums that repomd.xml names", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const text = repomd(data("primary", "repodata/p.gz"), data("filelists", "repodata/f.gz"), data("other", "o"));
  const transport = new TableTransport({ "https://b/repodata/repomd.xml": text });
  const events: RpmociEvent[] = [];
  const config = configOf({ baseUrls: ["https://a", "https://b"], priority: 5, includePackages: ["x"] });
  const metadata = await fetchMetadata(
    config,
    transport,
    { directory: join(directory, "new"), refresh: false },
    (event) => events.push(event),
  );
  assert.deepEqual(events, [{ type: "metadata-started", repositoryId: "r" }]);
  assert.equal(readFileSync(metadata?.files.repomd ?? "", "utf8"), text);
  assert.equal(metadata?.files.primary, "/cache/0123");
  assert.equal(metadata.files.priority, 5);
  assert.deepEqual(metadata.files.includePackages, ["x"]);
  await metadata.fetchFilelists?.();
  const urls = await Promise.all(transport.files.map((file) => file.urls()));
  assert.deepEqual(urls, [
    ["https://a/repodata/p.gz", "https://b/repodata/p.gz"],
    ["https://a/repodata/f.gz", "https://b/repodata/f.gz"],
  ]);
});

test("a repomd.xml that a metalink does not vouch for is passed over", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const [old, current] = [repomd(data("primary", "old")), repomd(data("primary", "new"))];
  const transport = new TableTransport({
    "https://m/": metalink(hash("sha256", digest("sha256", current))),
    "https://first/os/repodata/repomd.xml": old,
    "https://last/os/repodata/repomd.xml": current,
  });
  await fetchMetadata(linked, transport, { directory, refresh: true }, () => {});
  assert.match((await transport.files[0]?.urls())?.[0] ?? "", /\/new$/);
  const stale = new TableTransport({ ...transport.answers, "https://last/os/repodata/repomd.xml": old });
  await assert.rejects(
    fetchMetadata(linked, stale, { directory, refresh: true }, () => {}),
    { code: "MIRRORS_OUTDATED", kind: "fetch" },
  );
});

test("signed metadata: repomd.xml and its signature come from one mirror, and the first good pair is taken", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const [key, other] = [await testKey("tiny"), await testKey("somebody-else")];
  const [old, current] = [repomd(data("primary", "old")), repomd(data("primary", "new"))];
  const [oldSignature, signature, otherSignature] = await Promise.all([
    signDetached(key, Buffer.from(old)),
    signDetached(key, Buffer.from(current)),
    signDetached(other, Buffer.from(current)),
  ]);
  const [baseUrls, gpgkeys] = [["https://a", "https://b", "https://c"], ["https://k"]];
  const config = configOf({ baseUrls, gpgkeys, repoGpgcheck: true, gpgcheck: false });
  const file = (base: string, name: string): string => `${base}/repodata/repomd.xml${name}`;
  const fetchFrom = async (answers: Readonly<Record<string, string | Buffer>>, changes = {}): Promise<string> => {
    const transport = new TableTransport({ "https://k": key.public, "https://m/": metalinkOf(current), ...answers });
    await fetchMetadata({ ...config, ...changes }, transport, { directory, refresh: true }, () => {});
    return transport.files[0] === undefined ? "" : ((await transport.files[0].urls())[0] ?? "");
  };
  const good = { [file("https://c", "")]: current, [file("https://c", ".asc")]: signature };
  // Unsigned, signed by somebody else, of another repomd.xml: each is passed over.
  for (const [text, asc] of [
    [current, undefined],
    [current, otherSignature],
    [current, oldSignature],
    [old, signature],
    ["<html></html>", signature],
  ] as const) {
    const bad = { [file("https://a", "")]: text, ...(asc === undefined ? {} : { [file("https://a", ".asc")]: asc }) };
    assert.match(await fetchFrom({ ...bad, ...good }), /\/new$/);
    // Nor is one mirror's signature taken for another one's repomd.xml.
    const apart = { [file("https://b", ".asc")]: signature };
    const failure = { kind: asc === undefined ? "fetch" : "verify", message: /repository "r"/ };
    await assert.rejects(fetchFrom({ ...bad, ...apart }), failure);
  }
  const mirrorSource = { kind: "metalink", url: "https://m/" };
  const [first, last] = ["https://first/os", "https://last/os"];
  const lagging = { [file(first, "")]: old, [file(first, ".asc")]: oldSignature };
  const upToDate = { [file(last, "")]: current, [file(last, ".asc")]: signature };
  assert.match(await fetchFrom({ ...lagging, ...upToDate }, { baseUrls: [], mirrorSource }), /\/new$/);
  await assert.rejects(fetchFrom(lagging, { baseUrls: [], mirrorSource }), { code: "MIRRORS_OUTDATED" });
  for (const [keys, message] of [
    [[], /repository "r" cannot be verified: .* no gpgkey/],
    [["https://unusable"], /repository "r" cannot be verified: none of its keys can be used/],
  ] as const) {
    const answers = { ...good, "https://unusable": block("AAAA") };
    await assert.rejects(fetchFrom(answers, { gpgkeys: keys }), { kind: "verify", code: "METADATA_REFUSED", message });
  }
  // A key that librpm cannot use beside one that it can.
  const bundle = { ...good, "https://unusable": `${block("AAAA")}\n${key.public}` };
  assert.match(await fetchFrom(bundle, { gpgkeys: ["https://unusable"] }), /\/new$/);
  // Skipped are repositories that are not there, never those that are wrong.
  const wrong = { [file("https://a", "")]: old, [file("https://a", ".asc")]: signature };
  await assert.rejects(fetchFrom(wrong, { skipIfUnavailable: true }), { kind: "verify" });
});

test("only a repository that may be unavailable is skipped, with a warning", async () => {
  const events: RpmociEvent[] = [];
  const emit = (event: RpmociEvent): unknown => events.push(event);
  const absent = new TableTransport({});
  assert.equal(await fetchMetadata(configOf({ skipIfUnavailable: true }), absent, nowhere, emit), null);
  assert.match(JSON.stringify(events.at(-1)), /"warning".*repository \\"r\\" is skipped/);
  await assert.rejects(fetchMetadata(configOf(), absent, nowhere, emit), { kind: "fetch" });
  const html = new TableTransport({ "https://h/r/repodata/repomd.xml": "<html></html>" });
  await assert.rejects(fetchMetadata(configOf(), html, nowhere, emit), (error: RpmociError) => {
    assert.equal(error.code, "METADATA_INVALID");
    assert.match(error.message, /repository "r".*no <repomd> element/);
    assert.match(error.hint ?? "", /https:\/\/h\/r/);
    return true;
  });
  const useless = new TableTransport({ "https://h/r/repodata/repomd.xml": repomd(data("other", "o")) });
  await assert.rejects(fetchMetadata(configOf(), useless, nowhere, emit), /names no primary metadata/);
});

const fresh = { directory: mkdtempSync(join(tmpdir(), "rpmoci-keys-")), reuse: false };
after(() => rmSync(fresh.directory, { recursive: true }));

const block = (body: string): string =>
  `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${body}\n-----END PGP PUBLIC KEY BLOCK-----`;

test("keys: several in a file, line ends, junk around them, each once", async () => {
  const transport = new TableTransport({
    "https://h/one": `junk\n${block("a")}\nbetween\n${block("b")}\nafter`,
    "https://h/two": block("c").replaceAll("\n", "\r\n"),
    "file:///three": block("a"),
  });
  const gpgkeys = ["https://h/one", "https://h/two", "file:///three"];
  assert.deepEqual(await fetchKeys(configOf({ gpgkeys }), transport, fresh), {
    gpgcheck: true,
    keys: [`${block("a")}\n`, `${block("b")}\n`, `${block("c")}\n`],
  });
});

test("keys are not asked for when signatures are not checked", async () => {
  const transport = new TableTransport({});
  const config = configOf({ gpgcheck: false, gpgkeys: ["https://h/one"] });
  assert.deepEqual(await fetchKeys(config, transport, fresh), { gpgcheck: false, keys: [] });
  assert.deepEqual(transport.asked, []);
});

test("a file without a key is refused by its URL", async () => {
  const texts = ["", "<html>", block("x").slice(0, -10), block("x").replaceAll("PUBLIC", "PRIVATE")];
  for (const text of texts)
    await assert.rejects(
      fetchKeys(configOf({ gpgkeys: ["https://h/k"] }), new TableTransport({ "https://h/k": text }), fresh),
      {
        kind: "fetch",
        code: "KEY_INVALID",
        message: /https:\/\/h\/k \(gpgkey of repository "r"\)/,
      },
    );
  await assert.rejects(
    fetchKeys(configOf({ gpgkeys: ["https://h/k"] }), new TableTransport({}), fresh),
    /https:\/\/h\/k/,
  );
});

test("the repository's credentials go to its own origin only", async () => {
  const credentials = { username: "u", password: "p" };
  const gpgkeys = ["https://h/k", "https://other/k", "http://h/k", "https://h:8443/k", "https://h.evil/k"];
  const transport = new TableTransport(Object.fromEntries(gpgkeys.map((url) => [url, block("x")])));
  await fetchKeys(configOf({ gpgkeys, transfer: { ...DEFAULT_TRANSFER, credentials, timeout: 3 } }), transport, fresh);
  assert.deepEqual(
    transport.asked.map(({ url, transfer }) => [url, transfer.credentials, transfer.timeout]),
    gpgkeys.map((url, index) => [url, index === 0 ? credentials : undefined, 3]),
  );
});

test("passwords in URLs are not shown in errors", async () => {
  const config = configOf({
    baseUrls: ["https://user:secret@h/r"],
    gpgkeys: ["https://user:secret@h/key"],
  });
  const mirrored = { ...config, mirrorSource: { kind: "mirrorlist", url: "https://user:secret@h/list" } as const };
  const transport = new TableTransport({
    "https://user:secret@h/r/repodata/repomd.xml": "no XML",
    "https://user:secret@h/key": "no key",
    "https://user:secret@h/list": "no mirrors",
  });
  const attempts = [
    () => fetchMetadata(config, transport, nowhere, () => {}),
    () => fetchKeys(config, transport, fresh),
    () => fetchKeys(config, new TableTransport({}), fresh),
    () => findMirrors(mirrored, transport),
  ];
  for (const attempt of attempts) {
    await assert.rejects(attempt, (error: unknown) => {
      assert(error instanceof RpmociError, String(error));
      assert.doesNotMatch(`${error.message} ${error.hint} ${error.details.join(" ")}`, /secret/);
      return true;
    });
  }
});
