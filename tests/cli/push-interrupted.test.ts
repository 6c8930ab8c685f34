import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { projectRoot } from "../support/project.js";
import { assertPushed, proxied, setting, skopeoDigest } from "../support/pusher.js";
import { registrySkip } from "../support/registry.js";

const skip = registrySkip;
const MEBIBYTE = 1 << 20;

test("what passes is tried again, also with a registry that forgets uploads that broke off", { skip }, async (t) => {
  const { user, image } = setting(t, [8 * MEBIBYTE]);
  const proxy = await proxied(t);
  proxy.inject({ method: "GET", path: /^\/v2\/$/, status: 503, headers: { "retry-after": "1" } });
  proxy.inject({ method: "POST", path: /uploads/, status: 502, times: 2 });
  proxy.inject({ method: "PATCH", path: /uploads/, cutAfter: 6 * MEBIBYTE });
  proxy.inject({ method: "PUT", path: /manifests/, status: 429 });
  const started = Date.now();
  assertPushed(await user.push([`registry:${proxy.host}/app`]), image.digest);
  assert.ok(Date.now() - started > 1000, "Retry-After was not waited for");
  assert.equal(await skopeoDigest(`${proxy.host}/app:v1`, "--tls-verify=false"), `${image.digest}\n`);
});

test("a registry that fails at the very end has all of a blob", { skip }, async (t) => {
  const size = 2 * MEBIBYTE;
  const { user, image } = setting(t, [size]);
  const proxy = await proxied(t);
  proxy.inject({ method: "PUT", path: /uploads/, status: 503, times: 2 });
  assertPushed(await user.push([`registry:${proxy.host}/app`]), image.digest);
  assert.ok(proxy.uploaded < size + 1000, `${proxy.uploaded} bytes were sent`);
});

test("an upload goes on where it broke off", { skip }, async (t) => {
  const size = 8 * MEBIBYTE;
  const { user, image } = setting(t, [size]);
  const proxy = await proxied(t);
  proxy.keepUploads();
  proxy.inject({ method: "PATCH", path: /uploads/, cutAfter: 6 * MEBIBYTE });
  const pushed = await user.push([`registry:${proxy.host}/app`]);
  assertPushed(pushed, image.digest);
  assert.match(pushed.stderr, /goes on at byte [1-9]\d* of/);
  assert.ok(proxy.uploaded < size + MEBIBYTE, `${proxy.uploaded} bytes were sent`);
  assert.equal(await skopeoDigest(`${proxy.host}/app:v1`, "--tls-verify=false"), `${image.digest}\n`);
});

for (const keeps of [true, false]) {
  const what = keeps ? "the rest of a blob" : "whole blobs";
  test(`killed in the middle and run again, only what is missing is uploaded: ${what}`, { skip }, async (t) => {
    const sizes = [2 * MEBIBYTE, 3 * MEBIBYTE, 12 * MEBIBYTE];
    const { user, image } = setting(t, sizes);
    const proxy = await proxied(t);
    if (keeps) proxy.keepUploads();
    const target = `registry:${proxy.host}/app`;
    // The connection breaks off in the last layer, and the process is killed while it tries to go on.
    proxy.inject({ method: "PATCH", path: /uploads/, cutAfter: 10 * MEBIBYTE });
    proxy.inject({ method: "GET", path: /uploads/, status: 503, times: 1000 });
    const child = spawn(process.execPath, [join(projectRoot, "dist/main.js"), "push", "image:v1", target], {
      cwd: user.directory,
      env: { ...process.env, ...user.env },
      stdio: "ignore",
    });
    while (!proxy.requests.some(({ method, status }) => method === "GET" && status === 503)) await delay(20);
    child.kill("SIGKILL");
    await once(child, "exit");
    proxy.heal();
    proxy.uploaded = 0;
    const pushed = await user.push([target]);
    assertPushed(pushed, image.digest);
    const missing = (keeps ? 3 : 13) * MEBIBYTE;
    assert.ok(proxy.uploaded < missing, `${proxy.uploaded} bytes were sent again`);
    assert.equal(await skopeoDigest(`${proxy.host}/app:v1`, "--tls-verify=false"), `${image.digest}\n`);
    proxy.uploaded = 0;
    assert.equal((await user.push([target])).code, 0);
    assert.equal(proxy.uploaded, 0, "what the registry has is not sent again");
  });
}

test("a blob that another repository of the registry has is mounted from there", { skip }, async (t) => {
  const { user, image } = setting(t);
  const proxy = await proxied(t);
  assert.equal((await user.push([`registry:${proxy.host}/first`])).code, 0);
  const before = proxy.uploaded;
  assertPushed(await user.push([`registry:${proxy.host}/second`]), image.digest);
  assert.equal(proxy.uploaded, before);
  // What nobody has pushed for long is forgotten.
  const records = user.path("cache/rpmoci/pushes");
  const old = join(records, readdirSync(records)[0] ?? "");
  const { layout } = setting(t, [1000]);
  utimesSync(old, 0, 0);
  assert.equal((await user.run(["push", layout.path, `registry:${proxy.host}/third`])).code, 0);
  assert.ok(!existsSync(old));
});

test("a registry that takes no large requests gets chunks", { skip }, async (t) => {
  const { user, image } = setting(t, [9 * MEBIBYTE]);
  const proxy = await proxied(t);
  proxy.limit = 5 * MEBIBYTE;
  assertPushed(await user.push([`registry:${proxy.host}/app`]), image.digest);
  proxy.limit = MEBIBYTE;
  const { layout } = setting(t);
  layout.add(layout.image([9 * MEBIBYTE]), "large");
  const refused = await user.run(["push", `${layout.path}:large`, `registry:${proxy.host}/app`]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /Error .* is larger than .* takes \(HTTP status 413\)/);
});
