import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { parseRange } from "../support/http-file.js";
import { type ServerOptions, startServer, type TestServer } from "../support/http-server.js";
import { run } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

async function serve(t: TestContext, options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const folder = temporaryDirectory(t);
  writeFileSync(join(folder, "file^1.txt"), "0123456789");
  const server = await startServer({ folders: { "/repo": folder }, ...options });
  t.after(() => server.close());
  return server;
}

test("files, ranges and unchanged files are answered as RFC 9110 has it", async (t) => {
  const server = await serve(t);
  const url = `${server.url}/repo/file%5E1.txt`;
  const whole = await fetch(url);
  assert.equal(await whole.text(), "0123456789");
  const part = await fetch(url, { headers: { range: "bytes=4-" } });
  assert.deepEqual(
    [part.status, await part.text(), part.headers.get("content-range")],
    [206, "456789", "bytes 4-9/10"],
  );
  const unchanged = await fetch(url, { headers: { "if-none-match": whole.headers.get("etag") ?? "" } });
  assert.equal(unchanged.status, 304);
  assert.equal((await fetch(`${server.url}/repo/../../../etc/passwd`)).status, 404);
  assert.equal((await fetch(`${server.url}/elsewhere`)).status, 404);
  assert.deepEqual(
    server.requests.map(({ path, status }) => [path, status]),
    [
      ["/repo/file^1.txt", 200],
      ["/repo/file^1.txt", 206],
      ["/repo/file^1.txt", 304],
      ["/etc/passwd", 404],
      ["/elsewhere", 404],
    ],
  );
});

test("faults happen as often as they are set to", async (t) => {
  const server = await serve(t);
  const url = `${server.url}/repo/file%5E1.txt`;
  const path = "/repo/file^1.txt";
  server.setFault(path, { status: 503, times: 1 });
  assert.equal((await fetch(url)).status, 503);
  assert.equal((await fetch(url)).status, 200);
  server.setFault(path, { corruptAt: 1 });
  assert.notEqual(await (await fetch(url)).text(), "0123456789");
  server.setFault(path, { truncateTo: 3 });
  await assert.rejects(fetch(url).then((response) => response.text()));
  server.setFault(path, { reset: true });
  await assert.rejects(fetch(url));
  assert.equal(server.requests.at(-1)?.status, 0);
  server.setFault(path, null);
  assert.equal(await (await fetch(url)).text(), "0123456789");
});

test("basic authentication lets in who knows the password", async (t) => {
  const server = await serve(t, { basicAuth: { user: "me", password: "s:cret" } });
  const url = `${server.url}/repo/file%5E1.txt`;
  assert.equal((await fetch(url)).status, 401);
  const authorization = `Basic ${Buffer.from("me:s:cret").toString("base64")}`;
  assert.equal((await fetch(url, { headers: { authorization } })).status, 200);
});

test("a client that trusts the CA, and only such a one, connects over TLS", async (t) => {
  const server = await serve(t, { tls: true });
  const script = "fetch(process.argv[1]).then((r) => r.text()).then(console.log, () => process.exit(3))";
  const args = ["--input-type=commonjs", "--eval", script, `${server.url}/repo/file%5E1.txt`];
  const trusting = await run(process.execPath, args, { env: { NODE_EXTRA_CA_CERTS: server.tls?.caFile ?? "" } });
  assert.deepEqual([trusting.code, trusting.stdout], [0, "0123456789\n"]);
  assert.equal((await run(process.execPath, args)).code, 3);
});

test("ranges", () => {
  assert.deepEqual(parseRange("bytes=0-0", 10), { start: 0, end: 0 });
  assert.deepEqual(parseRange("bytes=-3", 10), { start: 7, end: 9 });
  assert.deepEqual(parseRange("bytes=5-100", 10), { start: 5, end: 9 });
  assert.equal(parseRange("bytes=10-", 10), "unsatisfiable");
  assert.equal(parseRange("bytes=5-4", 10), null);
  assert.equal(parseRange("bytes=0-1,3-4", 10), null);
  assert.equal(parseRange(undefined, 10), null);
});
