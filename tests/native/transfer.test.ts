/** The addon for transfers, on servers of this machine. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { Worker } from "node:worker_threads";
import type { TransferFile, TransferRequest, TransferResult } from "../../src/native/binding.js";
import { transferBinding } from "../../src/native/load.js";
import { listen } from "../support/loopback.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { addonPath } from "./support/rpm-addon.js";

const NO_TLS = { verify: true, ca: "", certificate: "", key: "" };
const REQUEST: Omit<TransferRequest, "url"> = {
  headers: [],
  proxy: "",
  noProxy: "",
  tls: NO_TLS,
  proxyTls: NO_TLS,
  proxyAuthentication: "basic",
  verifyStatus: false,
  ipVersion: 0,
  timeout: 10_000,
  minRate: 1,
  maxBytes: 1 << 30,
};
const TEXT = Buffer.from("0123456789".repeat(100_000));
const SHA256 = createHash("sha256").update(TEXT).digest("hex");

async function serve(t: TestContext, listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  return { url: `${await listen(t, server)}/x`, server };
}

function transfer(
  url: string,
  file: TransferFile | null,
  changes: Partial<TransferRequest> = {},
  connections = transferBinding().newConnections(),
): Promise<TransferResult> {
  const addon = transferBinding();
  return addon.transfer(connections, { ...REQUEST, url, ...changes }, file, addon.newCancellation());
}

function fileIn(t: TestContext, changes: Partial<TransferFile> = {}): TransferFile {
  return { path: join(temporaryDirectory(t), "file"), algorithm: "sha256", validator: "", ...changes };
}

test("a body goes into memory, or into a file whose checksum is told", async (t) => {
  const { url } = await serve(t, (request, response) => response.end(request.url === "/x" ? TEXT : "no"));
  const inMemory = await transfer(url, null);
  assert.deepEqual(inMemory.body, TEXT);
  assert.deepEqual([inMemory.status, inMemory.size, inMemory.failure], [200, TEXT.length, null]);
  for (const algorithm of ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] as const) {
    const file = fileIn(t, { algorithm });
    const result = await transfer(url, file);
    assert.equal(result.checksum, createHash(algorithm).update(TEXT).digest("hex"), algorithm);
    assert.deepEqual([result.body, result.size], [null, TEXT.length]);
    assert.deepEqual(readFileSync(file.path), TEXT);
  }
});

test("an empty body is one, too", async (t) => {
  const { url } = await serve(t, (_, response) => response.end());
  const file = fileIn(t);
  const result = await transfer(url, file);
  assert.deepEqual([result.status, result.size, result.failure], [200, 0, null]);
  assert.equal(readFileSync(file.path, "utf8"), "");
});

test("no more than the wanted bytes are taken", async (t) => {
  const { url } = await serve(t, (_, response) => response.end(TEXT));
  for (const [maxBytes, tooLarge] of [
    [TEXT.length - 1, true],
    [10, true],
    [TEXT.length, false],
  ] as const) {
    const result = await transfer(url, null, { maxBytes });
    assert.deepEqual([result.tooLarge, result.failure], [tooLarge, null], `${maxBytes}`);
    assert.deepEqual(result.body, TEXT.subarray(0, maxBytes));
  }
});

test("what comes with an error is no body, however long it is", async (t) => {
  const { url } = await serve(t, (request, response) =>
    response.writeHead(404, { "retry-after": "7" }).end(request.url === "/x" ? "gone" : TEXT),
  );
  for (const address of [url, `${url}/long`]) {
    const result = await transfer(address, null);
    assert.deepEqual([result.status, result.size, result.retryAfter, result.failure], [404, 0, 7, null]);
  }
});

test("redirections are told, not followed", async (t) => {
  const { url } = await serve(t, (_, response) => response.writeHead(302, { location: "../y?z" }).end("moved"));
  const { status, redirectedTo, size } = await transfer(url, null);
  assert.deepEqual([status, redirectedTo, size], [302, url.replace("/x", "/y?z"), 0]);
});

test("of a file that is there in part the rest is asked for, or all of it where it changed", async (t) => {
  const asked: IncomingHttpHeaders[] = [];
  const { url } = await serve(t, (request, response) => {
    asked.push(request.headers);
    const from = Number(request.headers.range?.match(/^bytes=(\d+)-$/)?.[1] ?? 0);
    if (from > 0 && request.headers["if-range"] === '"same"') {
      const range = { "content-range": `bytes ${from}-${TEXT.length - 1}/${TEXT.length}`, etag: '"same"' };
      response.writeHead(206, range).end(TEXT.subarray(from));
    } else response.writeHead(200, { etag: '"same"', "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT" }).end(TEXT);
  });
  for (const [validator, status] of [
    ['"same"', 206],
    ['"other"', 200],
    ["", 200],
  ] as const) {
    const file = fileIn(t, { validator });
    writeFileSync(file.path, TEXT.subarray(0, 600_001));
    const result = await transfer(url, file);
    assert.deepEqual([result.status, result.size, result.checksum], [status, TEXT.length, SHA256]);
    assert.equal(result.validator, '"same"');
    assert.deepEqual(readFileSync(file.path), TEXT);
    assert.equal(asked.at(-1)?.range, "bytes=600001-");
    assert.equal(asked.at(-1)?.["if-range"], validator === "" ? undefined : validator);
  }
});

test("a weak ETag is no proof that a file is the same, its date is", async (t) => {
  const date = "Thu, 01 Jan 1970 00:00:00 GMT";
  const { url } = await serve(t, (_, response) =>
    response.writeHead(200, { etag: 'W/"weak"', "last-modified": date }).end("x"),
  );
  assert.equal((await transfer(url, null)).validator, date);
});

test("a part that was not asked for is refused", async (t) => {
  const { url } = await serve(t, (_, response) =>
    response.writeHead(206, { "content-range": `bytes 5-9/${TEXT.length}` }).end("56789"),
  );
  const file = fileIn(t);
  writeFileSync(file.path, "012");
  const result = await transfer(url, file);
  assert.equal(result.failure?.code, "BROKEN_OFF");
  assert.equal(readFileSync(file.path, "utf8"), "012");
});

test("what breaks off is told with what has come", async (t) => {
  const { url } = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": TEXT.length });
    response.write(TEXT.subarray(0, 1000), () => setTimeout(() => response.destroy(), 50));
  });
  const file = fileIn(t);
  const result = await transfer(url, file);
  assert.deepEqual([result.failure?.code, result.size], ["BROKEN_OFF", 1000]);
  assert.deepEqual(readFileSync(file.path), TEXT.subarray(0, 1000));
});

test("nobody listening, no such name and silence are told apart", async (t) => {
  const { url, server } = await serve(t, () => {});
  assert.equal((await transfer(url, null, { timeout: 500 })).failure?.code, "TIMEOUT");
  assert.equal((await transfer("http://nowhere.invalid/", null)).failure?.code, "RESOLVE");
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  assert.deepEqual((await transfer(url, null)).failure, { code: "CONNECT", message: "Connection refused" });
});

test("a file that cannot be written is this machine's fault", async (t) => {
  const { url } = await serve(t, (_, response) => response.end(TEXT));
  for (const [path, message] of [
    ["/dev/full", "/dev/full: No space left on device"],
    ["/nowhere/file", "/nowhere/file: No such file or directory"],
  ] as const)
    assert.deepEqual((await transfer(url, fileIn(t, { path }))).failure, { code: "LOCAL", message });
  assert.ok(existsSync("/dev/full"));
});

test("connections are kept for the next transfer until they are closed", async (t) => {
  let connected = 0;
  const { url, server } = await serve(t, (_, response) => response.end("x"));
  const closed = new Promise((resolve) => {
    server.on("connection", (socket) => {
      connected += 1;
      socket.on("close", resolve);
    });
  });
  const connections = transferBinding().newConnections();
  for (let count = 0; count < 20; count += 1) await transfer(url, null, {}, connections);
  assert.equal(connected, 1);
  transferBinding().closeConnections(connections);
  await closed;
});

test("a transfer that is called off ends at once", async (t) => {
  const { url } = await serve(t, (_, response) => response.write("x"));
  const addon = transferBinding();
  const cancellation = addon.newCancellation();
  const result = addon.transfer(addon.newConnections(), { ...REQUEST, url }, null, cancellation);
  setTimeout(() => addon.cancel(cancellation), 100);
  const began = performance.now();
  await assert.rejects(result, { code: "CANCELLED" });
  assert.ok(performance.now() - began < 5000);
});

test("more transfers at once than there are threads all end", async (t) => {
  const { url } = await serve(t, (_, response) => response.end(TEXT));
  const connections = transferBinding().newConnections();
  const files = Array.from({ length: 50 }, () => fileIn(t));
  const results = await Promise.all(files.map((file) => transfer(url, file, {}, connections)));
  for (const { checksum } of results) assert.equal(checksum, SHA256);
});

/** Loads the addon and begins a transfer; `data` is there. */
const BEGIN = `
  const loaded = { exports: {} };
  process.dlopen(loaded, data.addon);
  const addon = loaded.exports;
  addon.transfer(addon.newConnections(), data.request, null, addon.newCancellation()).catch(() => {});`;

test("a worker may end in the middle of a transfer, and so may a process", async (t) => {
  const { url, server } = await serve(t, (_, response) => response.write("x"));
  const addon = join(dirname(addonPath), "rpmoci-transfer.node");
  const worker = new Worker(`const data = require("node:worker_threads").workerData; ${BEGIN}`, {
    eval: true,
    workerData: { addon, request: { ...REQUEST, url } },
  });
  await once(server, "request");
  const began = performance.now();
  await worker.terminate();
  assert.ok(performance.now() - began < 5000, "terminate() waits for the server");
  const script = `const data = JSON.parse(process.argv[1]); ${BEGIN} setTimeout(() => process.exit(7), 300);`;
  const child = spawn(process.execPath, ["-e", script, JSON.stringify({ addon, request: { ...REQUEST, url } })], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  const said = child.stderr.setEncoding("utf8").toArray();
  const [status] = await once(child, "close");
  assert.deepEqual([status, await said], [7, []]);
});
