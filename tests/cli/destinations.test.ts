import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startConnectProxy } from "../support/connect-proxy.js";
import { digestOf, readIndex } from "../support/image.js";
import { whyNoOrdinaryUser } from "../support/ordinary-user.js";
import { projectRoot } from "../support/project.js";
import { registrySkip, startRegistry } from "../support/registry.js";
import { RegistryProxy } from "../support/registry-proxy.js";
import { run, runSuccessfully } from "../support/run.js";
import { Scene } from "../support/scene.js";

const skopeoDigest = (reference: string, ...args: readonly string[]): Promise<string> =>
  runSuccessfully("skopeo", ["inspect", "--format", "{{.Digest}}", ...args, reference]);

/** Nobody's credentials. */
const env = { HOME: "/nonexistent", XDG_RUNTIME_DIR: "/nonexistent", REGISTRY_AUTH_FILE: undefined };

async function scene(t: TestContext): Promise<Scene> {
  const created = await Scene.create(t);
  created.writeManifest();
  return created;
}

const temporaryLayouts = (of: Scene): readonly string[] =>
  readdirSync(join(of.directory, "../cache/rpmoci")).filter((name) => name.includes("layout"));

test("several tags and destinations at once: all have the same image", async (t) => {
  const user = await scene(t);
  const built = await user.run([
    ...["build", "--image", "image", "--tag", "1.0", "--tag", "latest", "--image", "oci-archive:app.tar"],
    ...["--image", "docker-archive:docker.tar:example.com/app", "--image", "oci:other", "--digest-file", "digest"],
  ]);
  assert.equal(built.code, 0, built.stderr);
  const digest = digestOf(user.layout, "1.0");
  assert.equal(built.stdout, `${digest}\n`);
  assert.equal(digestOf(user.layout, "latest"), digest);
  assert.equal(readIndex(user.layout).manifests.length, 2);
  assert.equal(readFileSync(user.path("digest"), "utf8"), digest);
  for (const image of ["oci:other", "oci-archive:app.tar"]) {
    const [transport, path = ""] = image.split(":");
    for (const tag of ["1.0", "latest"]) {
      assert.equal(await skopeoDigest(`${transport}:${user.path(path)}:${tag}`), `${digest}\n`);
    }
  }
  // It unpacks the layers and compares their digests.
  const archive = `docker-archive:${user.path("docker.tar")}:example.com/app:latest`;
  const copied = `oci:${user.path("copied")}:latest`;
  await runSuccessfully("skopeo", ["copy", "-q", "--insecure-policy", archive, copied]);
  const entries = await runSuccessfully("tar", ["-xOf", user.path("docker.tar"), "manifest.json"]);
  assert.deepEqual(JSON.parse(entries)[0].RepoTags, ["example.com/app:1.0", "example.com/app:latest"]);
  assert.deepEqual(readdirSync(user.directory).sort(), [
    ...["app.tar", "copied", "digest", "docker.tar", "image", "other", "rpmoci.lock", "rpmoci.toml"],
  ]);
});

test("archives of two builds are the same bytes, in any compression and whatever they replace", async (t) => {
  const user = await scene(t);
  writeFileSync(
    user.path("rpmoci.toml"),
    `${readFileSync(user.path("rpmoci.toml"), "utf8")}\n[layers]\ncompression = "zstd"\n`,
  );
  const sums: string[] = [];
  for (let time = 0; time < 2; time += 1) {
    const destinations = ["--image", "oci-archive:a.tar:v1", "--image", "docker-archive:d.tar:app:v1"];
    const built = await user.run(["build", ...destinations]);
    assert.equal(built.code, 0, built.stderr);
    sums.push(await runSuccessfully("sha256sum", ["a.tar", "d.tar"], { cwd: user.directory }));
  }
  assert.equal(sums[0], sums[1]);
  assert.deepEqual(temporaryLayouts(user), []);
  assert.match(await skopeoDigest(`docker-archive:${user.path("d.tar")}`), /^sha256:/);
});

test("a registry that is not on this machine is spoken to without TLS when that is asked for", {
  skip: registrySkip,
}, async (t) => {
  const user = await scene(t);
  const { host } = await startRegistry(t);
  const proxy = await startConnectProxy(t, host);
  const proxies = { http_proxy: proxy.host, https_proxy: proxy.host, no_proxy: "127.0.0.1" };
  const build = ["build", "--image", "registry:registry.test:5000/app", "--tag", "1"];
  const plain = await user.run([...build, "--plain-http"], { env: { ...env, ...proxies } });
  assert.equal(plain.code, 0, plain.stderr);
  assert.deepEqual([...new Set(proxy.asked)], ["registry.test:5000"]);
  assert.match(plain.stdout, /^sha256:[0-9a-f]{64}\n$/);
  const strict = await user.run(build, { env: { ...env, ...proxies } });
  assert.equal(strict.code, 5);
  assert.match(strict.stderr, /Error Failed to push to registry\.test:5000\/app: /);
});

test("a build for a registry alone leaves no layout, and prints what was pushed", { skip: registrySkip }, async (t) => {
  const user = await scene(t);
  const { host } = await startRegistry(t);
  const proxy = await RegistryProxy.start(t, host);
  const image = ["--image", `registry:${proxy.host}/team/app`];
  const built = await user.run(["build", ...image, "--tag", "1", "--tag", "2", "--image-refs", "refs"], { env });
  assert.equal(built.code, 0, built.stderr);
  const [, digest] = /^(sha256:[0-9a-f]{64})\n$/.exec(built.stdout) ?? [];
  assert.ok(digest, built.stdout);
  assert.equal(readFileSync(user.path("refs"), "utf8"), `${proxy.host}/team/app@${digest}\n`);
  assert.match(built.stderr, new RegExp(`Success image created in [\\d.]+s \\(${digest}\\)$`, "m"));
  for (const tag of ["1", "2"]) {
    assert.equal(await skopeoDigest(`docker://${host}/team/app:${tag}`, "--tls-verify=false"), `${digest}\n`);
  }
  assert.deepEqual(temporaryLayouts(user), []);
  const before = proxy.uploaded;
  const again = await user.run(["build", "--image", `docker://${proxy.host}/team/app:3`], { env });
  assert.equal(again.stdout, built.stdout);
  assert.equal(proxy.uploaded, before, "blobs were uploaded once more");
});

test("a registry that cannot be pushed to is told before anything is built", { skip: registrySkip }, async (t) => {
  const user = await scene(t);
  const { host } = await startRegistry(t, { authentication: true });
  const args = ["--image", "image", "--image", `registry:${host}/app`, "--tag", "1"];
  const refused = await user.run(["build", ...args], { env });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /asks for a user name and a password, and none were found/);
  assert.doesNotMatch(refused.stderr, /Resolving/);
  assert.ok(!existsSync(user.layout));
  const offline = await user.run(["build", ...args, "--offline"], { env });
  assert.equal(offline.code, 2);
  const noEngine = await user.run(["build", "--image", "podman:app", "--tag", "1"], { env: { PATH: "/nonexistent" } });
  assert.equal(noEngine.code, 1);
  assert.match(noEngine.stderr, /podman was not found on PATH/);
  assert.doesNotMatch(noEngine.stderr, /Resolving/);
  const untagged = await user.run(["build", "--image", "oci-archive:a.tar"]);
  assert.equal(untagged.code, 2);
  assert.match(untagged.stderr, /the option --tag is required/);
});

test("an ordinary user's image is handed on outside of the user namespace, be it built or unchanged", async (t) => {
  const name = "rpmoci-test";
  const reason = await whyNoOrdinaryUser();
  if (reason !== null) return t.skip(reason);
  const main = join(projectRoot, "dist/main.js");
  const user = await scene(t);
  const base = join(user.directory, "..");
  mkdirSync(user.path("bin"));
  // Its user id says in which namespace it runs.
  const podman = `#!/bin/sh\ncat >/dev/null\n[ "$1" = --version ] || id -u >>'${user.path("ids")}'\n`;
  writeFileSync(user.path("bin/podman"), podman, { mode: 0o755 });
  await runSuccessfully("chown", ["-R", name, base]);
  const variables = {
    HOME: base,
    XDG_CACHE_HOME: join(base, "cache"),
    PATH: `${user.path("bin")}:${process.env.PATH}`,
  };
  for (const layouts of [["--image", "image"], ["--image", "image"], []]) {
    const build = [process.execPath, main, "build", ...layouts, "--image", "podman:app", "--tag", "1"];
    const built = await run("runuser", ["-u", name, "--", "env", `PATH=${variables.PATH}`, ...build], {
      cwd: user.directory,
      env: { ...variables, SOURCE_DATE_EPOCH: "1720000000" },
    });
    assert.equal(built.code, 0, built.stderr);
  }
  const uid = await runSuccessfully("id", ["-u", name]);
  assert.equal(readFileSync(user.path("ids"), "utf8"), uid.repeat(3));
  assert.deepEqual(temporaryLayouts(user), []);
});
