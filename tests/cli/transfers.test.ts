/** What can happen between a repository and the cache, and what the command line makes of it. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Fault, startServer } from "../support/http-server.js";
import type { RunResult } from "../support/run.js";
import { Scene } from "../support/scene.js";

type Options = Readonly<Record<string, string>>;

/** A scene with a lockfile, and the path of one locked package on its server. */
async function lockedScene(t: TestContext, options: Options = {}): Promise<{ scene: Scene; path: string }> {
  const scene = await Scene.create(t);
  scene.writeManifest({ repositories: [{ id: "tiny", url: scene.repositoryUrl, options }] });
  const result = await scene.run(["update"]);
  assert.equal(result.code, 0, result.stderr);
  const location = scene.lockfile().packages.find(({ name }) => name === "app")?.location ?? "";
  return { scene, path: `/repo/${location}` };
}

function vendor(scene: Scene, env: Readonly<Record<string, string>> = {}): Promise<RunResult> {
  return scene.run(["vendor", "--out-dir", "vendor", "-vv"], { env });
}

/** All files below, with what is in them. */
function contentsOf(directory: string): ReadonlyMap<string, Buffer> {
  const paths = readdirSync(directory, { recursive: true, encoding: "utf8" }).map((name) => join(directory, name));
  return new Map(paths.filter((path) => statSync(path).isFile()).map((path) => [path, readFileSync(path)]));
}

const passing: readonly (readonly [string, Fault])[] = [
  ["two answers of 503", { status: 503, times: 2 }],
  ["one answer of 429", { status: 429, times: 1 }],
  ["a connection that is reset", { reset: true, times: 1 }],
  ["a body that breaks off", { truncateTo: 1000, times: 2 }],
  ["a body that stalls", { stallAt: 1000, times: 1 }],
  ["a body that trickles", { trickleAt: 1000, times: 1 }],
  ["an answer that is late", { delay: 700, times: 1 }],
];
for (const [name, fault] of passing) {
  test(`${name} is got over`, async (t) => {
    const { scene, path } = await lockedScene(t, { timeout: "1" });
    scene.server.setFault(path, fault);
    const result = await vendor(scene);
    assert.equal(result.code, 0, result.stderr);
  });
}

const lasting: readonly (readonly [string, Fault, number, RegExp])[] = [
  ["503 for ever", { status: 503 }, 5, /Failed to download package app-\S+ .*\bHTTP status 503\b/],
  ["404", { status: 404 }, 5, /Failed to download package app-\S+ .*not found/],
  ["resets for ever", { reset: true }, 5, /Failed to download package app-/],
  ["a body that always breaks off", { truncateTo: 1000 }, 5, /Failed to download package app-/],
  ["a body that always stalls", { stallAt: 1000 }, 5, /Failed to download package app-/],
  ["a body that always trickles", { trickleAt: 1000 }, 5, /Failed to download package app-\S+ .*timed out/],
  ["wrong bytes", { corruptAt: 500 }, 6, /package app-\S+ .*has the wrong checksum/],
];
for (const [name, fault, code, message] of lasting) {
  test(`${name} is an error that names the package, and keeps what is whole`, async (t) => {
    const { scene, path } = await lockedScene(t, { timeout: "1", retries: "2" });
    scene.server.setFault(path, fault);
    const result = await vendor(scene);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, message);
    assert.ok(!readdirSync(scene.directory).includes("vendor"));
    for (const file of contentsOf(join(scene.directory, "../cache/rpmoci/files")).keys())
      assert.doesNotMatch(file, /part$/);
    const whole = (await scene.run(["cache", "verify"])).code;
    assert.equal(whole, 0);
    scene.server.setFault(path, null);
    const before = scene.server.requests.length;
    assert.equal((await vendor(scene)).code, 0);
    const again = scene.server.requests.slice(before).filter((request) => request.path.endsWith(".rpm"));
    assert.ok(again.some((request) => request.path === path));
  });
}

test("a repository that talks to clients with a certificate only is used with sslclientcert", async (t) => {
  const scene = await Scene.create(t, { server: { tls: true, clientCertificates: true } });
  const { caFile = "", clientCertFile = "", clientKeyFile = "" } = scene.server.tls ?? {};
  const update = (options: Options): Promise<RunResult> => {
    const repository = {
      id: "tiny",
      url: scene.repositoryUrl,
      options: { gpgcheck: "false", retries: "1", ...options },
    };
    scene.writeManifest({ repositories: [repository], gpgkeys: [] });
    return scene.run(["update"]);
  };
  const refused = await update({ sslcacert: caFile });
  assert.equal(refused.code, 5);
  assert.match(refused.stderr, /repository "tiny"/);
  const allowed = await update({ sslcacert: caFile, sslclientcert: clientCertFile, sslclientkey: clientKeyFile });
  assert.equal(allowed.code, 0, allowed.stderr);
});

/** No part of the project may show these, however it writes them. */
const CANARIES = ["canary-name", "canary-pass", "canary-token", "canary-env"];
const SPELLINGS = CANARIES.flatMap((canary) => {
  // Base64 of what follows at each of three places in a group.
  const encoded = ["", "x", "xx"].map((before) => Buffer.from(`${before}${canary}`).toString("base64").slice(4, 12));
  return [canary, ...encoded];
});

function assertNoCanary(text: string, where: string): void {
  for (const spelling of SPELLINGS) assert.ok(!text.includes(spelling), `${where} has ${spelling}`);
}

/** Neither the cache nor the user's folder has them, but for the manifest. */
function assertNoneKept(scene: Scene): void {
  for (const [path, bytes] of contentsOf(join(scene.directory, ".."))) {
    if (path !== scene.path("rpmoci.toml")) assertNoCanary(bytes.toString("latin1"), path);
  }
}

test("no name, password or token is shown or kept, whether it lets one in or not", async (t) => {
  const basicAuth = { user: "canary-name", password: "canary-pass" };
  const scene = await Scene.create(t, { server: { basicAuth } });
  const inUrl = scene.repositoryUrl.replace("//", "//canary-name:canary-pass@");
  const key = scene.keyUrl.replace("//", "//canary-name:canary-pass@");
  const { repositoryUrl: url } = scene;
  const env = { RPMOCI_TINY_HTTP_USERNAME: "canary-name", RPMOCI_TINY_HTTP_PASSWORD: "canary-pass" };
  const proxied = { proxy: "http://127.0.0.1:1", proxy_username: "canary-name", proxy_password: "canary-pass" };
  const cases: readonly (readonly [unknown, Readonly<Record<string, string>>, number])[] = [
    [{ id: "tiny", url: inUrl }, {}, 0],
    [{ id: "tiny", url, options: { username: "canary-name", password: "canary-pass" } }, {}, 0],
    [{ id: "tiny", url }, env, 0],
    [{ id: "tiny", url, options: { username: "canary-name", password: "canary-token" } }, {}, 5],
    [{ id: "tiny", url }, { ...env, RPMOCI_TINY_HTTP_PASSWORD: "canary-env" }, 5],
    [{ id: "tiny", url: `${inUrl}/nowhere` }, {}, 5],
    [{ id: "tiny", url, options: proxied }, env, 5],
    [{ id: "tiny", url }, { ...env, http_proxy: "http://canary-name:canary-pass@127.0.0.1:1" }, 5],
  ];
  for (const [repository, environment, code] of cases) {
    scene.writeManifest({ repositories: [repository], gpgkeys: [key] });
    for (const args of [["update"], ["build", "--image", "image", "--tag", "test"]]) {
      const result = await scene.run([...args, "-vv"], { env: environment });
      assertNoCanary(result.stdout + result.stderr, args.join(" "));
      // A locked build needs nobody's leave for what is in the cache.
      if (args[0] === "update") assert.equal(result.code, code, result.stderr);
    }
    assertNoneKept(scene);
  }
});

test("a redirection to another host carries no credentials, and shows none", async (t) => {
  const basicAuth = { user: "canary-name", password: "canary-pass" };
  const scene = await Scene.create(t, { server: { basicAuth } });
  const other = await startServer({ folders: { "/repo": scene.repository } });
  t.after(() => other.close());
  const options = { username: "canary-name", password: "canary-pass", gpgcheck: "false" };
  scene.writeManifest({ repositories: [{ id: "tiny", url: scene.repositoryUrl, options }], gpgkeys: [] });
  assert.equal((await scene.run(["update"])).code, 0);
  for (const { location } of scene.lockfile().packages) {
    scene.server.setFault(`/repo/${location}`, { redirectTo: `${other.url}/repo/${location}` });
  }
  const result = await vendor(scene);
  assert.equal(result.code, 0, result.stderr);
  assertNoCanary(result.stdout + result.stderr, "vendor");
  assert.equal(other.requests.length, scene.lockfile().packages.length);
  for (const { headers } of other.requests) assert.equal(headers.authorization, undefined);
  assertNoneKept(scene);
});
