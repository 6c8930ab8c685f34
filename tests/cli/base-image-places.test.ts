/** Base images in archives and registries. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import test from "node:test";
import { MEDIA_TYPE } from "../../src/model/descriptor.js";
import { basedScene, basePackages, buildBase, writeBased } from "../support/based-scene.js";
import { startConnectProxy } from "../support/connect-proxy.js";
import { blobPath, digestOf, readImage, readIndex } from "../support/image.js";
import { listen } from "../support/loopback.js";
import { digestByOrdinaryUser } from "../support/ordinary-user.js";
import { account, registrySkip, startRegistry } from "../support/registry.js";
import { runSuccessfully } from "../support/run.js";
import type { Scene } from "../support/scene.js";

const skip = registrySkip;

async function succeeds(scene: Scene, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const result = await scene.run(args, { env });
  assert.equal(result.code, 0, result.stderr);
  return result;
}

test("layouts, archives and other people's archives of the same base make the same image", async (t) => {
  const scene = await basedScene(t);
  await succeeds(scene, ["push", "base:test", "oci-archive:base.tar:v1"]);
  const copy = ["copy", "-q", "--preserve-digests", "--insecure-policy"];
  await runSuccessfully("skopeo", [
    ...copy,
    `oci:${scene.path("base")}:test`,
    `oci-archive:${scene.path("skopeo.tar")}`,
  ]);
  const digests: (string | null)[] = [];
  for (const base of [
    "oci:base:test",
    "base",
    "oci-archive:base.tar:v1",
    "oci-archive:skopeo.tar",
    scene.path("base"),
  ]) {
    writeBased(scene, { base });
    rmSync(scene.layout, { recursive: true, force: true });
    const result = await scene.build();
    assert.equal(result.code, 0, `${base}: ${result.stderr}`);
    digests.push(digestOf(scene.layout, "test"));
    await succeeds(scene, ["layout", "validate", "image"]);
  }
  assert.deepEqual(new Set(digests), new Set([digests[0]]));
  const user = await digestByOrdinaryUser(scene, t);
  if (user !== null) assert.equal(user, digests[0]);
});

test("a base of a registry by digest and by tag, which may move", { skip }, async (t) => {
  const scene = await basedScene(t);
  const { host } = await startRegistry(t);
  const base = `${host}/team/base`;
  await succeeds(scene, ["push", "base:test", `registry:${base}:1.0`]);
  const digest = digestOf(scene.path("base"), "test");
  writeBased(scene, { base: `registry:${base}:1.0`, more: { image: { annotations: {} } } });
  const first = await succeeds(scene, ["build", "--image", "image", "--tag", "first"]);
  assert.match(first.stderr, /Fetching 2 blobs .* of base image registry:/);
  const { annotations } = readImage(scene.layout, "first").manifest;
  assert.equal(annotations?.["org.opencontainers.image.base.name"], `${base}:1.0`);
  assert.equal(annotations?.["org.opencontainers.image.base.digest"], digest);
  // The tag moves; a locked build does not ask.
  rmSync(scene.path("base"), { recursive: true });
  await buildBase(scene, { packages: [...basePackages, "capable"] });
  await succeeds(scene, ["push", "base:test", `registry:${base}:1.0`]);
  writeBased(scene, { base: `registry:${base}:1.0`, more: { image: { annotations: {} } } });
  const offline = ["--locked", "--offline"];
  const second = await scene.run(["build", "--image", "image", "--tag", "second", ...offline, "--no-cache"], {
    reuse: true,
  });
  assert.equal(second.code, 0, second.stderr);
  assert.equal(digestOf(scene.layout, "second"), digestOf(scene.layout, "first"));
  // Without the cache, the registry is asked for what is locked.
  const elsewhere = ["--cache-dir", scene.path("other-cache")];
  await succeeds(scene, ["build", "--image", "image", "--tag", "third", "--locked", ...elsewhere]);
  assert.equal(digestOf(scene.layout, "third"), digestOf(scene.layout, "first"));
  const update = await succeeds(scene, ["update"]);
  const moved = digestOf(scene.path("base"), "test");
  assert.match(update.stderr, new RegExp(`Updating base image registry:.* ${digest} -> ${moved}`));
  writeBased(scene, { base: `registry:${base}@${digest}` });
  await succeeds(scene, ["build", "--image", "image", "--tag", "pinned"]);
  assert.equal((scene.lockfile().base as { digest: string }).digest, digest);
  // What is pushed to the same registry takes the base's blobs from their repository.
  const pushed = await succeeds(scene, ["push", "-vvv", "image:third", `registry:${host}/team/app:1`, ...elsewhere]);
  const [layer] = readImage(scene.layout, "third").manifest.layers;
  assert.match(pushed.stderr, new RegExp(`the blob ${layer?.digest} is taken from the repository team/base`));
  const nothing = await scene.run(["build", "--image", "i", "--tag", "t", "--offline", "--cache-dir", "empty"], {
    reuse: true,
  });
  assert.equal(nothing.code, 5, nothing.stderr);
  assert.match(nothing.stderr, /base image registry:.*@sha256:\w+/);
  writeBased(scene, { base: `registry:${base}:nope` });
  const missing = await scene.run(["update"]);
  assert.equal(missing.code, 5, missing.stderr);
  assert.match(missing.stderr, /Failed to pull from .*does not have the manifest nope/);
  const listed = JSON.parse((await succeeds(scene, ["cache", "ls", "--json"])).stdout);
  assert.ok(JSON.stringify(listed).includes('"base"'));
});

test("credentials are those of a push, and blobs that break off go on", { skip }, async (t) => {
  const scene = await basedScene(t);
  const { host } = await startRegistry(t, { authentication: true });
  const auth = Buffer.from(`${account.username}:${account.password}`).toString("base64");
  const broken = new Set<string>();
  // Breaks off in the middle of each layer, once.
  const proxy = createServer((incoming, outgoing) => {
    const [hostname, port] = host.split(":");
    const headers = { ...incoming.headers, host };
    const { url: path = "" } = incoming;
    const forwarded = request({ hostname, port, path, method: incoming.method, headers }, (answer) => {
      const large = Number(answer.headers["content-length"] ?? 0) > 1000 && path.includes("/blobs/");
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      if (incoming.method === "GET" && large && answer.statusCode === 200 && !broken.has(path)) {
        broken.add(path);
        answer.once("data", (chunk: Buffer) => {
          outgoing.write(chunk.subarray(0, 500), () => outgoing.destroy());
        });
        return;
      }
      answer.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
  const address = new URL(await listen(t, proxy)).host;
  const authFile = scene.path("auth.json");
  writeFileSync(authFile, JSON.stringify({ auths: { [host]: { auth }, [address]: { auth } } }));
  const env = { REGISTRY_AUTH_FILE: authFile };
  await succeeds(scene, ["push", "base:test", `registry:${host}/team/base:1.0`], env);
  writeBased(scene, { base: `registry:${address}/team/base:1.0` });
  const denied = await scene.run(["update"], { env: { HOME: scene.directory, XDG_RUNTIME_DIR: scene.directory } });
  assert.equal(denied.code, 5, denied.stderr);
  assert.match(denied.stderr, /asks for a user name and a password/);
  await succeeds(scene, ["build", "--image", "image", "--tag", "test"], env);
  assert.ok(broken.size > 0);
  const image = readImage(scene.layout, "test").manifest;
  assert.deepEqual(image.layers.slice(0, 1), readImage(scene.path("base"), "test").manifest.layers);
});

test("a registry without TLS that is not on this machine is pulled from when that is asked for", {
  skip,
}, async (t) => {
  const scene = await basedScene(t);
  const { host } = await startRegistry(t);
  await succeeds(scene, ["push", "base:test", `registry:${host}/base:1`]);
  const proxy = await startConnectProxy(t, host);
  writeBased(scene, { base: "registry:registry.test:5000/base:1" });
  const env = { http_proxy: proxy.host, https_proxy: proxy.host, no_proxy: "127.0.0.1" };
  const strict = await scene.run(["update"], { env });
  assert.equal(strict.code, 5, strict.stderr);
  assert.match(strict.stderr, /Error Failed to pull from registry\.test:5000\/base: .*\n.*--plain-http/);
  await succeeds(scene, ["update", "--plain-http"], env);
  const { stdout } = await succeeds(scene, ["export", "--format", "dnf"]);
  writeFileSync(scene.path("packages.manifest.yaml"), stdout);
  const commands = [
    ["build", "--image", "image", "--tag", "1", "--locked"],
    ["check"],
    ["why", "app"],
    ["tree"],
    ["import", "packages.manifest.yaml"],
  ];
  for (const [index, command] of commands.entries()) {
    const clean = ["--cache-dir", scene.path(`cache-${index}`)];
    await succeeds(scene, [...command, "--plain-http", ...clean], env);
  }
  assert.deepEqual([...new Set(proxy.asked)], ["registry.test:5000"]);
});

test("a registry's damaged blob is told, and a damaged one of the cache fetched again", { skip }, async (t) => {
  const scene = await basedScene(t);
  const { host, store } = await startRegistry(t);
  await succeeds(scene, ["push", "base:test", `registry:${host}/base:1`]);
  writeBased(scene, { base: `registry:${host}/base:1` });
  await succeeds(scene, ["update"]);
  const [layer] = readImage(scene.path("base"), "test").manifest.layers;
  const hex = (layer?.digest ?? "").slice("sha256:".length);
  const cached = join(scene.directory, "..", "cache", "rpmoci", "bases", "sha256", hex.slice(0, 2), hex);
  assert.deepEqual(readFileSync(cached), readFileSync(blobPath(scene.path("base"), layer?.digest ?? "")));
  writeFileSync(cached, "damaged");
  await succeeds(scene, ["build", "--image", "image", "--tag", "test", "--locked"]);
  const stored = join(store, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
  const bytes = readFileSync(stored);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(stored, bytes);
  rmSync(cached);
  const damaged = await scene.run(["build", "--image", "image", "--tag", "test", "--locked"]);
  assert.equal(damaged.code, 6, damaged.stderr);
  assert.match(damaged.stderr, new RegExp(`the blob sha256:${hex} from .* has other bytes than it should`));
});

test("of an index, the image for the architecture is the base", async (t) => {
  const scene = await basedScene(t);
  const layout = scene.path("base");
  const index = readIndex(layout);
  const [own] = index.manifests;
  if (own === undefined) throw new Error("there is no image");
  const { mediaType, size } = own;
  const foreign = {
    mediaType,
    size,
    digest: `sha256:${"0".repeat(64)}`,
    platform: { os: "linux", architecture: "arm64" },
  };
  const native = { mediaType, size, digest: own.digest, platform: { os: "linux", architecture: "amd64" } };
  const add = (manifests: readonly unknown[], tag: string): string => {
    const document = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests };
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    writeFileSync(blobPath(layout, digest), bytes);
    const annotations = { "org.opencontainers.image.ref.name": tag };
    const entry = { mediaType: MEDIA_TYPE.index, digest, size: bytes.length, annotations };
    const { manifests: entries, ...rest } = readIndex(layout);
    writeFileSync(join(layout, "index.json"), JSON.stringify({ ...rest, manifests: [...entries, entry] }));
    return digest;
  };
  const both = add([foreign, native], "both");
  add([foreign], "foreign");
  writeBased(scene, { base: "oci:base:both" });
  assert.equal((await scene.build()).code, 0);
  assert.deepEqual(
    { ...(scene.lockfile().base as object) },
    { image: "oci:base:both", digest: own.digest, index: both },
  );
  const first = digestOf(scene.layout, "test");
  assert.equal((await scene.build(["--locked"])).code, 0);
  assert.equal(digestOf(scene.layout, "test"), first);
  writeBased(scene, { base: "oci:base:foreign" });
  const result = await scene.run(["update"]);
  assert.equal(result.code, 2, result.stderr);
  assert.match(result.stderr, /the base image oci:base:foreign is not for linux\/amd64, but for arm64/);
});
