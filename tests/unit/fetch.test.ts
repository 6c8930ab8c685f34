import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import test, { type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import type { RpmociError } from "../../src/errors.js";
import { encodeLocation, fetchPackages } from "../../src/fetch/packages.js";
import { defaultCacheDirectory, Store, WrongChecksum } from "../../src/fetch/store.js";
import { HttpTransport } from "../../src/fetch/transport.js";
import { readVendorFolder, writeVendorFolder } from "../../src/fetch/vendor.js";
import type { Checksum } from "../../src/model/checksum.js";
import type { LockedPackage } from "../../src/model/lockfile.js";
import { DEFAULT_TRANSFER, type TransferOptions } from "../../src/model/transport.js";
import { startServer } from "../support/http-server.js";
import { listen } from "../support/loopback.js";

const QUICK: TransferOptions = { ...DEFAULT_TRANSFER, retries: 1, timeout: 5 };

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function checksumOf(text: string, algorithm: Checksum["algorithm"] = "sha256"): Checksum {
  return { algorithm, value: createHash(algorithm).update(text).digest("hex") };
}

function filesIn(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(directory, name)).isFile(),
  );
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on the loopback interface; returns its origin. */
async function serve(t: TestContext, handler: Handler): Promise<string> {
  return listen(t, createServer(handler));
}

function transportIn(t: TestContext, cache = temporary(t)): HttpTransport {
  const transport = new HttpTransport({ cacheDirectory: cache, emit: () => {} });
  t.after(() => transport.close());
  return transport;
}

test("the store keeps files by checksum", async (t) => {
  const store = new Store(join(temporary(t), "store"));
  for (const algorithm of ["md5", "sha1", "sha256", "sha512"] as const) {
    const checksum = checksumOf("hello", algorithm);
    assert.equal(await store.find(checksum), null);
    const { path, size } = await store.add(checksum, Readable.from([Buffer.from("hel"), Buffer.from("lo")]));
    assert.equal(size, 5);
    assert.equal(readFileSync(path, "utf8"), "hello");
    assert.equal(await store.find(checksum), path);
  }
});

test("wrong or broken bytes leave nothing in the store", async (t) => {
  const directory = temporary(t);
  const store = new Store(directory);
  const checksum = checksumOf("right");
  await assert.rejects(store.add(checksum, Readable.from([Buffer.from("wrong")])), (error: Error) => {
    assert(error instanceof WrongChecksum);
    assert.equal(error.actual, checksumOf("wrong").value);
    return true;
  });
  const broken = new Readable({
    read() {
      this.push("rig");
      this.destroy(new Error("broken off"));
    },
  });
  await assert.rejects(store.add(checksum, broken), /broken off/);
  assert.deepEqual(filesIn(directory), []);
});

test("a source that cannot be stored is closed, and one that breaks early ends nothing else", async (t) => {
  const directory = temporary(t);
  writeFileSync(join(directory, "file"), "");
  const unused = Readable.from([Buffer.from("right")]);
  await assert.rejects(new Store(join(directory, "file")).add(checksumOf("right"), unused), { code: "ENOTDIR" });
  assert(unused.destroyed);
  const broken = new Readable({ read() {} });
  const added = new Store(directory).add(checksumOf("right"), broken);
  broken.destroy(new Error("broken off"));
  await assert.rejects(added, /broken off|Premature close/);
});

test("a damaged file of the store is noticed and removed", async (t) => {
  const store = new Store(temporary(t));
  const checksum = checksumOf("right");
  const { path } = await store.add(checksum, Readable.from([Buffer.from("right")]));
  writeFileSync(path, "riGht");
  assert.equal(await store.find(checksum), null);
  assert.equal(existsSync(path), false);
});

test("several may add the same file at once", async (t) => {
  const directory = temporary(t);
  const store = new Store(directory);
  const text = "x".repeat(300_000);
  const added = await Promise.all(
    Array.from({ length: 12 }, () => store.add(checksumOf(text), Readable.from([Buffer.from(text)]))),
  );
  const paths = added.map(({ path }) => path);
  assert.equal(new Set(paths).size, 1);
  assert.equal(filesIn(directory).length, 1);
  assert.equal(readFileSync(paths[0] ?? "", "utf8"), text);
});

test("the cache lies where XDG_CACHE_HOME says", () => {
  assert.equal(defaultCacheDirectory({ XDG_CACHE_HOME: "/x" }), "/x/rpmoci");
  for (const environment of [{}, { XDG_CACHE_HOME: "" }])
    assert.match(defaultCacheDirectory(environment), /\/\.cache\/rpmoci$/);
});

test("bytes and files come over HTTP, files once only", async (t) => {
  const asked: string[] = [];
  const origin = await serve(t, (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end("hello");
  });
  const transport = transportIn(t);
  assert.equal(String(await transport.readBytes([`${origin}/a%20b?c=d`], "it", QUICK)), "hello");
  const request = { urls: async () => [`${origin}/f`], checksum: checksumOf("hello"), what: "it", transfer: QUICK };
  const path = await transport.fetchFile(request);
  assert.equal(readFileSync(path, "utf8"), "hello");
  const noUrls = async (): Promise<never> => assert.fail("the cache has it");
  assert.equal(await transport.fetchFile({ ...request, urls: noUrls }), path);
  assert.deepEqual(asked, ["GET /a%20b?c=d", "GET /f"]);
});

test("a file that is not there is an error that names what and where", async (t) => {
  const origin = await serve(t, (_, response) => response.writeHead(404).end("no"));
  await assert.rejects(transportIn(t).readBytes([`${origin}/a`, `${origin}/b`], "the thing", QUICK), {
    name: "RpmociError",
    kind: "fetch",
    code: "DOWNLOAD_FAILED",
    message: `Failed to download the thing: ${origin}/a: not found (HTTP status 404)`,
    details: [`${origin}/b: not found (HTTP status 404)`],
  });
});

test("a small file that does not end is given up", async (t) => {
  const piece = Buffer.alloc(1 << 20);
  const origin = await serve(t, (_, response) => {
    const more = (): void => {
      while (response.write(piece));
    };
    response.on("drain", more);
    more();
  });
  await assert.rejects(transportIn(t).readBytes([`${origin}/a`], "it", QUICK), /is larger than 16 MiB/);
});

test("refused access is told", async (t) => {
  const origin = await serve(t, (request, response) => response.writeHead(Number(request.url?.slice(1))).end());
  for (const status of [401, 403])
    await assert.rejects(
      transportIn(t).readBytes([`${origin}/${status}`], "it", QUICK),
      new RegExp(`access denied \\(HTTP status ${status}\\)`),
    );
});

test("no URL at all is an error", async (t) => {
  await assert.rejects(transportIn(t).readBytes([], "it", QUICK), /Failed to download it: no URL is known for it/);
});

test("a server that fails once is asked again", async (t) => {
  let count = 0;
  const origin = await serve(t, (_, response) => {
    count += 1;
    if (count === 1) response.writeHead(500).end("no");
    else response.end("yes");
  });
  assert.equal(String(await transportIn(t).readBytes([origin], "it", QUICK)), "yes");
  assert.equal(count, 2);
});

test("a server that goes on failing is given up", async (t) => {
  let count = 0;
  const origin = await serve(t, (_, response) => {
    count += 1;
    response.writeHead(503).end();
  });
  await assert.rejects(transportIn(t).readBytes([`${origin}/x`], "it", QUICK), {
    message: `Failed to download it: ${origin}/x: HTTP status 503`,
  });
  assert.equal(count, 2);
});

/** Sends the first half of `text` and breaks the connection. */
function breakOff(response: ServerResponse, text: string): void {
  response.writeHead(200, { "content-length": text.length });
  response.write(text.slice(0, text.length / 2), () => setTimeout(() => response.destroy(), 20));
}

test("a body that breaks off is resumed, or begun again where the server cannot resume", async (t) => {
  const text = "0123456789".repeat(1000);
  const transport = transportIn(t);
  for (const ranges of [true, false]) {
    let count = 0;
    const origin = await serve(t, (request, response) => {
      count += 1;
      const from = Number(request.headers.range?.match(/^bytes=(\d+)-/)?.[1] ?? 0);
      if (count === 1) breakOff(response, text);
      else if (ranges && from > 0) {
        const range = { "content-range": `bytes ${from}-${text.length - 1}/${text.length}` };
        response.writeHead(206, { ...range, "content-length": text.length - from }).end(text.slice(from));
      } else response.end(text);
    });
    assert.equal(String(await transport.readBytes([origin], "it", QUICK)), text, `ranges: ${ranges}`);
  }
});

test("a body that always breaks off is an error, and leaves nothing", async (t) => {
  const cache = temporary(t);
  const text = "0123456789";
  const origin = await serve(t, (_, response) => breakOff(response, text));
  await assert.rejects(
    transportIn(t, cache).fetchFile({
      urls: async () => [origin],
      checksum: checksumOf(text),
      what: "it",
      transfer: QUICK,
    }),
    (error: RpmociError) => {
      assert.equal(error.kind, "fetch");
      assert.match(error.message, /the connection broke off/);
      return true;
    },
  );
  assert.deepEqual(filesIn(join(cache, "files")), []);
});

test("wrong bytes of one mirror do not matter when the next one is right", async (t) => {
  const cache = temporary(t);
  const origin = await serve(t, (request, response) => response.end(request.url === "/right" ? "right" : "wrong"));
  const request = { checksum: checksumOf("right"), what: "the package", transfer: QUICK };
  const path = await transportIn(t, cache).fetchFile({
    ...request,
    urls: async () => [`${origin}/wrong`, `${origin}/right`],
  });
  assert.equal(readFileSync(path, "utf8"), "right");
  assert.equal(filesIn(join(cache, "files")).length, 1);
});

test("wrong bytes everywhere are an error of verification", async (t) => {
  const cache = temporary(t);
  const origin = await serve(t, (request, response) => {
    if (request.url === "/absent") response.writeHead(404);
    response.end("wrong");
  });
  const checksum = checksumOf("right");
  await assert.rejects(
    transportIn(t, cache).fetchFile({
      urls: async () => [`${origin}/wrong`, `${origin}/absent`],
      checksum,
      what: "the package",
      transfer: QUICK,
    }),
    (error: RpmociError) => {
      assert.equal(error.kind, "verify");
      assert.equal(error.code, "CHECKSUM_MISMATCH");
      assert.match(error.message, /^the package has the wrong checksum: http/);
      assert(error.message.includes(checksum.value) && error.message.includes(checksumOf("wrong").value));
      assert.equal(error.details.length, 1);
      return true;
    },
  );
  assert.deepEqual(filesIn(join(cache, "files")), []);
});

test("credentials are sent as basic authentication, from options or the URL", async (t) => {
  const origin = await serve(t, (request, response) => response.end(request.headers.authorization ?? "none"));
  const transport = transportIn(t);
  const decoded = (bytes: Buffer): string =>
    Buffer.from(String(bytes).replace("Basic ", ""), "base64").toString("utf8");
  const credentials = { username: "user", password: "p:w ü" };
  assert.equal(decoded(await transport.readBytes([origin], "it", { ...QUICK, credentials })), "user:p:w ü");
  const inUrl = origin.replace("//", "//u%40x:p%2Fw@");
  assert.equal(decoded(await transport.readBytes([inUrl], "it", QUICK)), "u@x:p/w");
  assert.equal(String(await transport.readBytes([origin], "it", QUICK)), "none");
});

test("credentials are never shown", async (t) => {
  const events: string[] = [];
  const transport = new HttpTransport({
    cacheDirectory: temporary(t),
    emit: (event) => events.push(JSON.stringify(event)),
  });
  t.after(() => transport.close());
  const origin = await serve(t, (_, response) => response.writeHead(404).end());
  await assert.rejects(transport.readBytes([origin.replace("//", "//name:secret@")], "it", QUICK), (error: Error) => {
    assert(!/name|secret/.test(error.message), error.message);
    return true;
  });
  assert(events.length > 0 && !/name|secret/.test(events.join()));
});

test("a redirection to another origin goes without credentials", async (t) => {
  const seen: Record<string, string | undefined> = {};
  const other = await serve(t, (request, response) => {
    seen.other = request.headers.authorization;
    response.end("other");
  });
  const origin = await serve(t, (request, response) => {
    seen[request.url ?? ""] = request.headers.authorization;
    const location = request.url === "/far" ? `${other}/x` : request.url === "/near" ? "/here" : undefined;
    if (location === undefined) response.end("here");
    else response.writeHead(302, { location }).end();
  });
  const transport = transportIn(t);
  const transfer = { ...QUICK, credentials: { username: "u", password: "p" } };
  assert.equal(String(await transport.readBytes([`${origin}/far`], "it", transfer)), "other");
  assert.equal(String(await transport.readBytes([`${origin}/near`], "it", transfer)), "here");
  assert.match(seen["/far"] ?? "", /^Basic /);
  assert.match(seen["/here"] ?? "", /^Basic /);
  assert.equal(seen.other, undefined);
});

test("endless redirections end", async (t) => {
  const origin = await serve(t, (_, response) => response.writeHead(302, { location: "/again" }).end());
  await assert.rejects(transportIn(t).readBytes([origin], "it", QUICK), { kind: "fetch" });
});

test("files are read by file URLs, whatever their names", async (t) => {
  const directory = temporary(t);
  const path = join(directory, "a b%20ü#.txt");
  writeFileSync(path, "local");
  const transport = transportIn(t);
  assert.equal(String(await transport.readBytes([pathToFileURL(path).href], "it", QUICK)), "local");
  const copy = await transport.fetchFile({
    urls: async () => [pathToFileURL(path).href],
    checksum: checksumOf("local"),
    what: "it",
    transfer: QUICK,
  });
  assert.equal(readFileSync(copy, "utf8"), "local");
  for (const url of ["file:///nowhere/x", pathToFileURL(directory).href, "file://host/x"])
    await assert.rejects(transport.readBytes([url], "it", QUICK), { kind: "fetch", code: "DOWNLOAD_FAILED" });
});

test("a port that nobody listens on is told in words", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
  server.close();
  await once(server, "close");
  await assert.rejects(transportIn(t).readBytes([url], "the metadata", { ...QUICK, retries: 0 }), {
    kind: "fetch",
    message: `Failed to download the metadata: ${url}: connection refused`,
  });
});

test("a server that does not answer is given up", async (t) => {
  const origin = await serve(t, () => {});
  await assert.rejects(transportIn(t).readBytes([origin], "it", { ...QUICK, retries: 0, timeout: 0.2 }), /timed out/);
});

test("the start of a file is read by a range, or from a server that sends all of it", async (t) => {
  const content = Buffer.alloc(100_000, "abc");
  let wished = "";
  const ranged = await serve(t, (request, response) => {
    wished = request.headers.range ?? "";
    response.writeHead(206, { "content-range": `bytes 0-9/${content.length}` }).end(content.subarray(0, 10));
  });
  const whole = await serve(t, (_, response) => response.end(content));
  const short = await serve(t, (_, response) => response.end("abc"));
  const transport = transportIn(t);
  assert.deepEqual(await transport.readStart([ranged], 10, "it", QUICK), content.subarray(0, 10));
  assert.equal(wished, "bytes=0-9");
  assert.deepEqual(await transport.readStart([whole], 10, "it", QUICK), content.subarray(0, 10));
  assert.deepEqual(await transport.readStart([short], 10, "it", QUICK), Buffer.from("abc"));
  const file = join(temporary(t), "file");
  writeFileSync(file, content);
  assert.deepEqual(await transport.readStart([pathToFileURL(file).href], 10, "it", QUICK), content.subarray(0, 10));
});

test("a mirror's URL that is none is passed over", async (t) => {
  const origin = await serve(t, (_, response) => response.end("good"));
  const transport = transportIn(t);
  for (const bad of ["http://[bad/x", "http://", "http://us%er@127.0.0.1:1/x"])
    assert.equal(String(await transport.readBytes([bad, origin], "it", { ...QUICK, retries: 0 })), "good", bad);
});

test("a certificate that is missing is named", async (t) => {
  await assert.rejects(
    transportIn(t).readBytes(["https://127.0.0.1:1/"], "it", { ...QUICK, sslcacert: "/nowhere/ca.pem" }),
    { code: "TLS_FILE_UNREADABLE", message: /sslcacert \/nowhere\/ca\.pem/ },
  );
});

test("a cache that cannot be written is this machine's fault", async (t) => {
  const directory = temporary(t);
  writeFileSync(join(directory, "file"), "");
  const origin = await serve(t, (_, response) => response.end("x"));
  await assert.rejects(
    transportIn(t, join(directory, "file")).fetchFile({
      urls: async () => [origin],
      checksum: checksumOf("x"),
      what: "it",
      transfer: QUICK,
    }),
    { kind: "environment", code: "CACHE_UNWRITABLE" },
  );
});

test("locations become URLs", () => {
  assert.equal(encodeLocation("Packages/g/g++-1:2~rc^1.x86_64.rpm"), "Packages/g/g++-1:2~rc%5E1.x86_64.rpm");
  assert.equal(encodeLocation("a b/100%/ü?#.rpm"), "a%20b/100%25/%C3%BC%3F%23.rpm");
  assert.equal(encodeLocation("%2e%2e/x"), "%252e%252e/x");
});

function locked(name: string, text: string, changes: Partial<LockedPackage> = {}): LockedPackage {
  return {
    name,
    evr: "1-1",
    arch: "noarch",
    repositoryId: "r",
    checksum: checksumOf(text),
    location: `${name}.rpm`,
    size: text.length,
    sourceRpm: undefined,
    buildTime: undefined,
    signedBy: undefined,
    sha256: undefined,
    ...changes,
  };
}

test("packages are fetched by their locked location, and by metadata when it is gone", async (t) => {
  const origin = await serve(t, (request, response) => {
    const text = { "/r/a.rpm": "a", "/moved/b.rpm": "b", "/old/c.rpm": "c" }[request.url ?? ""];
    if (text === undefined) response.writeHead(404);
    response.end(text);
  });
  const located: string[] = [];
  const sources = {
    repositoryIds: ["r", "other"],
    transferOf: () => QUICK,
    baseUrlsOf: async () => [`${origin}/r`],
    locate: async ({ name }: LockedPackage) => {
      located.push(name);
      return { b: [`${origin}/moved/b.rpm`], c: [`${origin}/old/c.rpm`] }[name] ?? [];
    },
  };
  const events: string[] = [];
  const packages = [locked("a", "a"), locked("b", "b"), locked("c", "c", { location: undefined, size: undefined })];
  const fetched = await fetchPackages(packages, sources, transportIn(t), (event) => events.push(event.type));
  assert.deepEqual(
    fetched.map(({ path, locked: entry }) => `${entry?.name} ${readFileSync(path, "utf8")}`),
    ["a a", "b b", "c c"],
  );
  assert(!located.includes("a"));
  assert.deepEqual(events, ["download-started", ...Array.from({ length: 3 }, () => "download-progress")]);
  await assert.rejects(
    fetchPackages([locked("gone", "g")], sources, transportIn(t), () => {}),
    {
      code: "PACKAGE_WITHDRAWN",
      message: "Package could no longer be found in repositories. Name: 'gone', evr: '1-1'",
      hint: "run rpmoci update gone to lock what the repositories offer now, or build with --vendor-dir from a folder that still has it",
      details: [
        `Failed to download package gone-1-1.noarch from repository "r": ${origin}/r/gone.rpm: not found (HTTP status 404)`,
        `no repository lists it with sha256:${checksumOf("g").value}: r, other`,
      ],
    },
  );
  await assert.rejects(
    fetchPackages([locked("a", "other")], sources, transportIn(t), () => {}),
    { kind: "verify" },
  );
});

test("offline, everything that is missing is told at once, and no connection is opened", async (t) => {
  const paths: string[] = [];
  const origin = await serve(t, (request, response) => {
    paths.push(request.url ?? "");
    response.end("a");
  });
  const cacheDirectory = temporary(t);
  const sources = {
    repositoryIds: ["r"],
    transferOf: () => QUICK,
    baseUrlsOf: async () => [`${origin}/r`],
    locate: async () => assert.fail("metadata tell nothing about a package that is not here"),
  };
  const packages = [locked("a", "a"), locked("c", "c"), locked("b", "b")];
  await fetchPackages(packages.slice(0, 1), sources, transportIn(t, cacheDirectory), () => {});
  assert.deepEqual(paths.splice(0), ["/r/a.rpm"]);
  const offline = new HttpTransport({ cacheDirectory, emit: () => {}, offline: true });
  t.after(() => offline.close());
  await assert.rejects(
    fetchPackages(packages, sources, offline, () => {}),
    {
      code: "OFFLINE",
      kind: "fetch",
      message: "2 things are not in the cache, and nothing is fetched offline",
      details: ['package b-1-1.noarch from repository "r"', 'package c-1-1.noarch from repository "r"'],
    },
  );
  assert.equal((await fetchPackages(packages.slice(0, 1), sources, offline, () => {})).length, 1);
  assert.deepEqual(paths, []);
});

test("offline, local files are read", async (t) => {
  const directory = temporary(t);
  writeFileSync(join(directory, "a.rpm"), "a");
  const transport = new HttpTransport({ cacheDirectory: join(directory, "cache"), emit: () => {}, offline: true });
  t.after(() => transport.close());
  const urls = async (): Promise<readonly string[]> => [
    "http://127.0.0.1:1/a.rpm",
    pathToFileURL(join(directory, "a.rpm")).href,
  ];
  const path = await transport.fetchFile({ urls, checksum: checksumOf("a"), what: "a", transfer: QUICK });
  assert.equal(readFileSync(path, "utf8"), "a");
});

test("a vendor folder is written, read, and nothing foreign taken from it", async (t) => {
  const directory = temporary(t);
  const folder = join(directory, "new", "vendor");
  const [a, b] = [locked("a", "aaa"), locked("b", "bbb", { checksum: checksumOf("bbb", "sha1") })];
  for (const name of ["aaa", "bbb"]) writeFileSync(join(directory, name), name);
  await writeVendorFolder(
    [
      { path: join(directory, "aaa"), locked: a },
      { path: join(directory, "bbb"), locked: b },
      { path: join(directory, "local.rpm"), locked: null },
    ],
    folder,
  );
  assert.deepEqual([...filesIn(folder)].sort(), [`${a.checksum.value}.rpm`, `${b.checksum.value}.rpm`].sort());
  writeFileSync(join(folder, "README"), "not an RPM");
  const read = await readVendorFolder([b, a], folder);
  assert.deepEqual(
    read.map(({ path, locked: entry }) => `${entry?.name} ${readFileSync(path, "utf8")}`),
    ["b bbb", "a aaa"],
  );
  await assert.rejects(readVendorFolder([a], folder), { kind: "verify", code: "VENDOR_FOREIGN_FILE" });
  await assert.rejects(readVendorFolder([a, b, locked("c", "ccc")], folder), {
    kind: "fetch",
    code: "VENDOR_INCOMPLETE",
    message: /lacks c-1-1\.noarch$/,
  });
  writeFileSync(join(folder, `${a.checksum.value}.rpm`), "damaged");
  await assert.rejects(readVendorFolder([a, b], folder), { kind: "verify" });
  await assert.rejects(readVendorFolder([a], join(directory, "absent")), { code: "VENDOR_UNREADABLE" });
  mkdirSync(join(directory, "empty"));
  assert.deepEqual(await readVendorFolder([], join(directory, "empty")), []);
  await assert.rejects(writeVendorFolder([], join(directory, "aaa", "x")), { kind: "output" });
});

test("a package that cannot get its name in the vendor folder leaves nothing there", async (t) => {
  const directory = temporary(t);
  const entry = locked("a", "aaa");
  writeFileSync(join(directory, "aaa"), "aaa");
  mkdirSync(join(directory, "vendor", `${entry.checksum.value}.rpm`), { recursive: true });
  await assert.rejects(
    writeVendorFolder([{ path: join(directory, "aaa"), locked: entry }], join(directory, "vendor")),
    {
      kind: "output",
    },
  );
  assert.deepEqual(filesIn(join(directory, "vendor")), []);
});

/** A proxy that hands requests for `http:` on and makes tunnels; logs what it is asked for and by whom. */
async function serveProxy(t: TestContext, log: string[]): Promise<string> {
  const by = ({ headers }: IncomingMessage): string => headers["proxy-authorization"] ?? "nobody";
  const server = createServer((request, response) => {
    log.push(`${request.method} ${request.url} ${by(request)}`);
    response.end("by proxy");
  });
  server.on("connect", (request, socket: Socket) => {
    log.push(`${request.method} ${request.url} ${by(request)}`);
    const refused = !(request.url ?? "").startsWith("127.0.0.1:");
    if (refused) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const target = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    for (const end of [socket, target]) end.on("error", () => {});
  });
  return listen(t, server);
}

function withVariables(t: TestContext, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    process.env[name] = value;
    t.after(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

test("a proxy is asked instead of the server, with its own name and password", async (t) => {
  const log: string[] = [];
  const proxy = (await serveProxy(t, log)).replace("//", "//u%40x:p%3Aw@");
  const transport = transportIn(t);
  const transfer = { ...QUICK, proxy, credentials: { username: "server's", password: "own" } };
  assert.equal(String(await transport.readBytes(["http://elsewhere.test/f"], "it", transfer)), "by proxy");
  const token = Buffer.from("u@x:p:w").toString("base64");
  assert.deepEqual(log.splice(0), [`GET http://elsewhere.test/f Basic ${token}`]);
  for (const proxyAuthentication of ["none", "digest"] as const) {
    await transport.readBytes(["http://elsewhere.test/f"], "it", { ...transfer, proxyAuthentication });
    assert.deepEqual(log.splice(0), ["GET http://elsewhere.test/f nobody"], "neither is sent unasked");
  }
});

test("a server with TLS is asked through a tunnel", async (t) => {
  const log: string[] = [];
  const proxy = await serveProxy(t, log);
  const folder = temporary(t);
  writeFileSync(join(folder, "f"), "hello");
  const server = await startServer({ folders: { "/": folder }, tls: true });
  t.after(() => server.close());
  const transfer = { ...QUICK, proxy, sslcacert: server.tls?.caFile };
  const transport = transportIn(t);
  assert.equal(String(await transport.readBytes([`${server.url}/f`], "it", transfer)), "hello");
  assert.deepEqual(log, [`CONNECT ${new URL(server.url).host} nobody`]);
  await assert.rejects(transport.readBytes(["https://elsewhere.test/f"], "it", transfer), {
    message: `Failed to download it: https://elsewhere.test/f: the proxy refuses (HTTP status 407) (through the proxy ${proxy})`,
  });
});

test("the environment names a proxy, and who is asked without one", async (t) => {
  const log: string[] = [];
  const proxy = await serveProxy(t, log);
  const origin = await serve(t, (_, response) => response.end("direct"));
  const transport = transportIn(t);
  withVariables(t, { http_proxy: proxy });
  assert.equal(String(await transport.readBytes([`${origin}/f`], "it", QUICK)), "by proxy");
  withVariables(t, { no_proxy: "elsewhere.test,127.0.0.1" });
  assert.equal(String(await transport.readBytes([`${origin}/f`], "it", QUICK)), "direct");
  assert.equal(log.length, 1);
});

test("certificates are checked by the CA of the options, else by that of SSL_CERT_FILE", async (t) => {
  const folder = temporary(t);
  writeFileSync(join(folder, "f"), "hello");
  const server = await startServer({ folders: { "/": folder }, tls: true });
  t.after(() => server.close());
  const transport = transportIn(t);
  const urls = [`${server.url}/f`];
  const { caFile = "" } = server.tls ?? {};
  await assert.rejects(transport.readBytes(urls, "it", QUICK), { kind: "fetch", message: /certificate/i });
  assert.equal(String(await transport.readBytes(urls, "it", { ...QUICK, sslverify: false })), "hello");
  assert.equal(String(await transport.readBytes(urls, "it", { ...QUICK, sslcacert: caFile })), "hello");
  await assert.rejects(transport.readBytes(urls, "it", QUICK), /certificate/i);
  const strict = { ...QUICK, sslcacert: caFile, sslverifystatus: true };
  await assert.rejects(transport.readBytes(urls, "it", strict), { kind: "fetch", message: /OCSP|status/ });
  withVariables(t, { SSL_CERT_FILE: caFile });
  assert.equal(String(await transport.readBytes(urls, "it", QUICK)), "hello");
});

test("a redirection leads to HTTP only, and takes no headers of the options elsewhere", async (t) => {
  const seen: (string | string[] | undefined)[] = [];
  const other = await serve(t, (request, response) => {
    seen.push(request.headers["x-token"]);
    response.end("other");
  });
  const origin = await serve(t, (request, response) => {
    seen.push(request.headers["x-token"]);
    response.writeHead(302, { location: request.url === "/file" ? "file:///etc/passwd" : `${other}/f` }).end();
  });
  const transport = transportIn(t);
  const transfer = { ...QUICK, headers: { "X-Token": "secret" } };
  assert.equal(String(await transport.readBytes([`${origin}/f`], "it", transfer)), "other");
  assert.deepEqual(seen, ["secret", undefined]);
  await assert.rejects(transport.readBytes([`${origin}/file`], "it", transfer), {
    message: `Failed to download it: ${origin}/file: redirects to file:///etc/passwd, which is not an HTTP URL`,
  });
});

test("of a file that broke off only the rest is fetched, and all of it when it changed meanwhile", async (t) => {
  const [text, changed] = ["0123456789".repeat(1000), "abcdefghij".repeat(1000)];
  for (const changes of [false, true]) {
    const asked: (string | undefined)[] = [];
    const origin = await serve(t, (request, response) => {
      asked.push(request.headers.range);
      const now = changes && asked.length > 1 ? changed : text;
      const from = Number(request.headers.range?.match(/^bytes=(\d+)-/)?.[1] ?? 0);
      const range = { "content-range": `bytes ${from}-${now.length - 1}/${now.length}` };
      // Without an ETag, nothing tells that it is another file.
      if (asked.length === 1) breakOff(response, now);
      else response.writeHead(from > 0 ? 206 : 200, from > 0 ? range : {}).end(now.slice(from));
    });
    const checksum = checksumOf(changes ? changed : text);
    const transfer = { ...QUICK, retries: 3 };
    const request = { urls: async () => [origin], checksum, what: "it", transfer, size: text.length };
    assert.equal(readFileSync(await transportIn(t).fetchFile(request), "utf8"), changes ? changed : text);
    assert.deepEqual(asked, [undefined, "bytes=5000-", ...(changes ? [undefined] : [])]);
  }
});

test("a server that asks for time is given it", async (t) => {
  const times: number[] = [];
  const origin = await serve(t, (_, response) => {
    times.push(performance.now());
    if (times.length === 1) response.writeHead(429, { "retry-after": "1" }).end();
    else response.end("yes");
  });
  assert.equal(String(await transportIn(t).readBytes([origin], "it", QUICK)), "yes");
  const [first = 0, second = 0] = times;
  assert.ok(second - first >= 1000, `${second - first}`);
});

test("a download that is called off ends at once, and tells the signal's reason", async (t) => {
  const origin = await serve(t, (_, response) => response.write("x"));
  const controller = new AbortController();
  const cacheDirectory = temporary(t);
  const transport = new HttpTransport({ cacheDirectory, emit: () => {}, signal: controller.signal });
  t.after(() => transport.close());
  setTimeout(() => controller.abort(new Error("enough")), 100);
  const urls = async (): Promise<readonly string[]> => [origin];
  await assert.rejects(transport.fetchFile({ urls, checksum: checksumOf("x"), what: "it", transfer: QUICK }), /enough/);
  assert.deepEqual(filesIn(join(cacheDirectory, "files")), []);
});
