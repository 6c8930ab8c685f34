import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import type { Descriptor } from "../../src/model/descriptor.js";
import { startConnectProxy } from "../support/connect-proxy.js";
import { readImage } from "../support/image.js";
import { projectRoot } from "../support/project.js";
import { assertPushed, assertQuiet, Pusher, proxied, setting, skopeoDigest } from "../support/pusher.js";
import { account, registrySkip, startRegistry } from "../support/registry.js";
import { run, runSuccessfully } from "../support/run.js";
import { Scene } from "../support/scene.js";

const skip = registrySkip;

test("push to a registry with TLS and passwords: skopeo pulls the same digest under each tag", { skip }, async (t) => {
  const { user, image } = setting(t);
  const { host, caFile = "" } = await startRegistry(t, { tls: true, authentication: true });
  user.logIn(host, account);
  const target = `registry:${host}/team/app`;
  const tags = ["--tag", "1.0", "--tag", "latest", "--image-refs", "refs", "--digest-file", "digest"];
  const pushed = await user.push([target, ...tags], { SSL_CERT_FILE: caFile });
  assertPushed(pushed, image.digest);
  assertQuiet(pushed, [account.password]);
  assert.equal(readFileSync(user.path("refs"), "utf8"), `${host}/team/app@${image.digest}\n`);
  assert.equal(readFileSync(user.path("digest"), "utf8"), image.digest);
  const trust = user.path("trust");
  mkdirSync(trust);
  writeFileSync(join(trust, "ca.crt"), readFileSync(caFile));
  const access = ["--cert-dir", trust, "--creds", `${account.username}:${account.password}`];
  for (const tag of ["1.0", "latest"]) {
    assert.equal(await skopeoDigest(`${host}/team/app:${tag}`, ...access), `${image.digest}\n`);
  }
  const copied = user.path("copied");
  const copy = [
    "copy",
    "-q",
    "--preserve-digests",
    "--insecure-policy",
    "--src-cert-dir",
    trust,
    "--src-creds",
    access[3] ?? "",
  ];
  await runSuccessfully("skopeo", [...copy, `docker://${host}/team/app:1.0`, `oci:${copied}:v1`]);
  assert.deepEqual(readdirSync(join(copied, "blobs/sha256")), readdirSync(user.path("image/blobs/sha256")));

  const untrusted = await user.push([target]);
  assert.equal(untrusted.code, 5);
  assert.match(
    untrusted.stderr,
    /Error Failed to push to 127\.0\.0\.1:\d+\/team\/app: the certificate of .* is not trusted/,
  );
  const folder = user.path("home/.config/containers/certs.d", host);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "ca.crt"), readFileSync(caFile));
  assert.equal((await user.push([target])).code, 0);

  user.logIn(host, { username: account.username, password: "wrong-canary-5" });
  const refused = await user.push([target]);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /Error .*refuses the credentials from .*\/home\/\.docker\/config\.json\n.*Hint .*log in again/,
  );
  assertQuiet(refused, ["wrong-canary-5"]);
  user.writeDockerConfig({});
  const unknown = await user.push([target]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /asks for a user name and a password, and none were found/);
});

test("a proxy leads to registries, but not to this machine", { skip }, async (t) => {
  const { user, image } = setting(t, [1000]);
  const { host } = await startRegistry(t);
  const proxy = await startConnectProxy(t, host);
  const env = { http_proxy: proxy.host, https_proxy: proxy.host, no_proxy: undefined };
  assertPushed(await user.push(["registry:registry.test:5000/app", "--plain-http"], env), image.digest);
  assert.deepEqual([...new Set(proxy.asked)], ["registry.test:5000"]);
  assert.equal(
    (await user.push([`registry:${host}/app`], { ...env, http_proxy: "127.0.0.1:1", https_proxy: "127.0.0.1:1" })).code,
    0,
  );
  assert.equal((await user.push([`registry:${host}/app`], { https_proxy: "socks5://127.0.0.1:1" })).code, 1);
});

test("all platforms of an index go along, and all that is attached, listed by a tag where there is no other list", {
  skip,
}, async (t) => {
  const { user, layout } = setting(t, [1000]);
  const images = [layout.image([1000]), layout.image([2000], "arm64")];
  const index = layout.index(images);
  layout.add(index, "all");
  const sbom = layout.artifact(images[0] as Descriptor, "application/spdx+json", "{}");
  const signature = layout.artifact(index, "application/vnd.example.signature", '{"signed":true}');
  const aboutSbom = layout.artifact(sbom, "application/vnd.example.signature", '{"sbom":true}');
  for (const entry of [aboutSbom, signature, sbom]) layout.add(entry);
  const { host } = await startRegistry(t);
  for (let time = 0; time < 2; time += 1) {
    const pushed = await user.run(["push", "image:all", `docker://${host}/multi:all`]);
    assertPushed(pushed, index.digest);
  }
  const get = async (reference: string) => {
    const accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
    const answer = await fetch(`http://${host}/v2/multi/manifests/${reference}`, { headers: { accept } });
    return answer.status === 200 ? JSON.parse(await answer.text()) : null;
  };
  const listed = async (subject: string): Promise<readonly unknown[]> =>
    (await get(subject.replace(":", "-")))?.manifests.map(({ digest, artifactType }: Record<string, string>) => [
      digest,
      artifactType,
    ]);
  assert.deepEqual(await listed(index.digest), [[signature.digest, "application/vnd.example.signature"]]);
  assert.deepEqual(await listed(images[0]?.digest ?? ""), [[sbom.digest, "application/spdx+json"]]);
  assert.deepEqual(await listed(sbom.digest), [[aboutSbom.digest, "application/vnd.example.signature"]]);
  for (const { digest } of [signature, sbom, aboutSbom]) assert.ok(await get(digest));
  const copied = user.path("copied");
  const copy = ["copy", "-q", "--all", "--preserve-digests", "--insecure-policy", "--src-tls-verify=false"];
  await runSuccessfully("skopeo", [...copy, `docker://${host}/multi:all`, `oci:${copied}:all`]);
  const [entry] = JSON.parse(readFileSync(join(copied, "index.json"), "utf8")).manifests;
  assert.equal(entry.digest, index.digest);
});

test("a registry with a list of its own gets no tag for it", { skip }, async (t) => {
  const { user, layout, image } = setting(t, [1000]);
  const artifact = layout.artifact(image, "application/spdx+json", "{}");
  layout.add(artifact);
  const proxy = await proxied(t);
  const path = new RegExp(`manifests/${artifact.digest}`);
  proxy.inject({ method: "PUT", path, status: 201, headers: { "oci-subject": image.digest } });
  assertPushed(await user.push([`registry:${proxy.host}/app`]), image.digest);
  assert.ok(!proxy.requests.some((request) => request.path.includes("manifests/sha256-")));
});

test("what a registry refuses is one clear error", { skip }, async (t) => {
  const { user } = setting(t, [1000]);
  const proxy = await proxied(t);
  const complaint = (code: string, message: string): string =>
    JSON.stringify({ errors: [{ code, message, detail: null }] });
  const cases = [
    [5, "PATCH", /uploads/, 507, "", /has no space left for the blob sha256:[0-9a-f]{64} \(HTTP status 507\)\n.*Hint /],
    [
      5,
      "PUT",
      /manifests/,
      403,
      complaint("DENIED", "quota\u001b[31m exceeded"),
      /has no space left[^\n]*\n *DENIED: quota \[31m exceeded/,
    ],
    [1, "POST", /uploads/, 403, complaint("DENIED", "no"), /does not allow it \(HTTP status 403\)/],
    [1, "POST", /uploads/, 404, complaint("NAME_UNKNOWN", "no repo"), /does not know this repository/],
    [
      1,
      "PUT",
      /manifests/,
      400,
      complaint("MANIFEST_INVALID", "bad"),
      /does not take the manifest v1 \(HTTP status 400\)/,
    ],
    [1, "PUT", /uploads/, 400, complaint("DIGEST_INVALID", "bad"), /finds other bytes in the blob sha256:/],
    [5, "GET", /^\/v2\/$/, 404, "nothing here", /is not a registry/],
    [
      1,
      "PUT",
      /manifests/,
      201,
      "",
      /changes the manifest v1/,
      { "docker-content-digest": `sha256:${"0".repeat(64)}` },
    ],
    [
      5,
      "PUT",
      /manifests/,
      501,
      "",
      /answers to the manifest v1 with HTTP status 501\n.*Hint run the same again later/,
    ],
  ] as const;
  for (const [index, [code, method, path, status, body, message, headers = {}]] of cases.entries()) {
    proxy.inject({ method, path, status, body, headers });
    const result = await user.push([`registry:${proxy.host}/app-${index}`], {
      XDG_CACHE_HOME: user.path(`cache-${index}`),
    });
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, message);
    assert.ok(!result.stderr.includes("\u001b"));
    assert.equal(result.stdout, "");
  }
  proxy.inject({ method: "GET", path: /^\/v2\/$/, status: 429, times: 1000 });
  const busy = await user.push([`registry:${proxy.host}/app`]);
  assert.equal(busy.code, 5);
  assert.match(busy.stderr, /Error .* answers to \/v2\/ with HTTP status 429/);
  const nobody = await user.push(["registry:127.0.0.1:1/app"]);
  assert.equal(nobody.code, 5);
  assert.match(nobody.stderr, /Error .*127\.0\.0\.1:1 refuses connections/);
  const unknown = await user.push(["registry:no-such-host.invalid/app"]);
  assert.equal(unknown.code, 5);
  assert.match(unknown.stderr, /Error .*no-such-host\.invalid (is unknown|cannot be resolved)/);
});

test("a program that loads images gets the image as an archive; one that is absent or fails is one error", async (t) => {
  const { user, image } = setting(t, [1000]);
  user.writeProgram("docker", `cat >'${user.path("loaded.tar")}'; echo "$@" >'${user.path("arguments")}'`);
  user.writeProgram("podman", 'cat >/dev/null; echo "cannot do it" >&2; exit 125');
  assertPushed(await user.run(["push", "image:v1", "docker-daemon:example.com/app:2"]), image.digest);
  assert.equal(readFileSync(user.path("arguments"), "utf8"), "load --quiet\n");
  const [entry] = JSON.parse(await runSuccessfully("tar", ["-xOf", user.path("loaded.tar"), "manifest.json"]));
  assert.deepEqual(entry.RepoTags, ["example.com/app:2"]);
  const failed = await user.run(["push", "image:v1", "podman:app"]);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /podman load ended with status 125\n *cannot do it/);
  const absent = await user.run(["push", "image:v1", "podman:app"], { PATH: user.path("nowhere") });
  assert.equal(absent.code, 1);
  assert.match(absent.stderr, /podman was not found on PATH/);
});

const noPodman =
  spawnSync("podman", ["--version"]).error !== undefined || process.geteuid?.() !== 0 ? "podman is not here" : false;
test("podman itself takes images, and both kinds of archives", { skip: noPodman }, async (t) => {
  const scene = await Scene.built(t);
  const user = new Pusher(t);
  const storage = `[storage]\ndriver = "vfs"\ngraphroot = "${user.path("storage")}"\nrunroot = "${user.path("run")}"\n`;
  writeFileSync(user.path("storage.conf"), storage);
  const env = { CONTAINERS_STORAGE_CONF: user.path("storage.conf") };
  const podman = (...args: readonly string[]) =>
    runSuccessfully("podman", args, { cwd: user.directory, env: { ...user.env, ...env } });
  const { config } = readImage(scene.layout, "test").manifest;
  const pushed = await user.run(
    ["push", scene.layout, "podman:app:1", "oci-archive:a.tar", "docker-archive:d.tar:b:2"],
    env,
  );
  assert.equal(pushed.code, 0, pushed.stderr);
  for (const archive of ["a.tar", "d.tar"]) await podman("load", "-q", "-i", archive);
  const ids = await podman("images", "--no-trunc", "--format", "{{.ID}}");
  assert.deepEqual([...new Set(ids.trim().split("\n"))], [config.digest]);
  await podman("image", "exists", "localhost/app:1");
  await podman("image", "exists", "localhost/b:2");
  await podman("rmi", "--all", "--force");
});

test("archives of the same image are the same bytes, and what was there stays until they are whole", async (t) => {
  const { user, layout, image } = setting(t, [1000, 50_000]);
  layout.add(layout.artifact(image, "application/spdx+json", "{}"));
  const write = ["oci-archive:a.tar", "docker-archive:d.tar:example.com/app"];
  for (const env of [{}, { TZ: "Asia/Tokyo", LC_ALL: "C" }]) {
    for (const name of ["a.tar", "d.tar"]) writeFileSync(user.path(name), "before");
    const result = await user.run(["push", "image:v1", ...write], env);
    assert.equal(result.code, 0, result.stderr);
    const digests = await runSuccessfully("sha256sum", ["a.tar", "d.tar"], { cwd: user.directory });
    writeFileSync(user.path("sums"), digests, { flag: "a" });
  }
  const sums = readFileSync(user.path("sums"), "utf8").trim().split("\n");
  assert.deepEqual(sums.slice(0, 2), sums.slice(2));
  const listing = await runSuccessfully("tar", ["--utc", "--numeric-owner", "-tvf", user.path("a.tar")]);
  for (const line of listing.trim().split("\n")) assert.match(line, / 0\/0 .* 2024-07-03 09:46 /);
  assert.equal(
    (await runSuccessfully("skopeo", ["inspect", "--raw", `oci-archive:${user.path("a.tar")}:v1`])).length,
    image.size,
  );

  const largest = readdirSync(user.path("image/blobs/sha256"))
    .map((name) => user.path("image/blobs/sha256", name))
    .sort((a, b) => readFileSync(b).length - readFileSync(a).length)[0] as string;
  const bytes = readFileSync(largest);
  writeFileSync(largest, bytes.fill(7, 100, 200));
  const before = readFileSync(user.path("a.tar"));
  const damaged = await user.run(["push", "image:v1", "oci-archive:a.tar"]);
  assert.equal(damaged.code, 6);
  assert.match(damaged.stderr, new RegExp(`the image is damaged: sha256:${basename(largest)}: `));
  assert.ok(readFileSync(user.path("a.tar")).equals(before));
  assert.deepEqual(
    readdirSync(user.directory).filter((name) => name.includes("part")),
    [],
  );
});

test("a disk that fills up is named, and what was there stays", async (t) => {
  const { user } = setting(t, [3 << 20]);
  if (process.geteuid?.() !== 0) return t.skip("only root can mount");
  const probe = await run("unshare", ["--mount", "mount", "-t", "tmpfs", "none", user.path("bin")]);
  if (probe.code !== 0) return t.skip(`nothing can be mounted here: ${probe.stderr.trim()}`);
  const small = user.path("small");
  mkdirSync(small);
  const main = join(projectRoot, "dist/main.js");
  for (const destination of [
    `oci:${small}/layout`,
    `oci-archive:${small}/archive`,
    `docker-archive:${small}/archive`,
  ]) {
    const script = `mount -t tmpfs -o size=1m none '${small}' && echo before >'${small}/archive' &&
      '${process.execPath}' '${main}' push image:v1 ${destination}; echo "$? $(cat '${small}/archive') $(ls -A '${small}')"`;
    const { stdout, stderr } = await run("unshare", ["--mount", "sh", "-c", script], {
      cwd: user.directory,
      env: user.env,
    });
    assert.equal(stdout, "1 before archive\n", stderr);
    assert.match(stderr, /Error The disk of .*small\/(archive|layout) is full/);
  }
});

test("an image goes to another layout with what is attached to it", async (t) => {
  const { user, layout, image } = setting(t, [1000]);
  layout.add(layout.image([500]), "other");
  const index = layout.index([image, layout.image([3000], "arm64")]);
  layout.add(index, "all");
  layout.add(layout.artifact(index, "application/spdx+json", "{}"));
  const result = await user.run(["push", "image:all", "copy", "oci:second", "--tag", "x", "--tag", "y"]);
  assert.equal(result.code, 0, result.stderr);
  for (const name of ["copy", "second"]) {
    assert.equal((await user.run(["layout", "validate", name])).stdout, "the layout is valid\n");
    assert.match((await user.run(["layout", "gc", name])).stdout, /^removed 0 blobs/);
    const { manifests } = JSON.parse(readFileSync(user.path(name, "index.json"), "utf8"));
    assert.deepEqual(
      manifests
        .filter(({ digest }: Descriptor) => digest === index.digest)
        .map(({ annotations }: Descriptor) => Object.values(annotations ?? {})),
      [["x"], ["y"]],
    );
  }
});

test("an image of an archive goes where one of a layout does", { skip }, async (t) => {
  const { user, layout, image } = setting(t, [1000, 50_000]);
  layout.add(layout.artifact(image, "application/spdx+json", "{}"));
  assert.equal((await user.run(["push", "image:v1", "oci-archive:a.tar"])).code, 0);
  const proxy = await proxied(t);
  const copied = ["oci:copy", "oci-archive:b.tar", "docker-archive:d.tar:app", `registry:${proxy.host}/app`];
  const pushed = await user.run(["push", "a.tar", ...copied]);
  assertPushed(pushed, image.digest);
  assert.equal((await user.run(["layout", "validate", "copy"])).stdout, "the layout is valid\n");
  assert.ok(readFileSync(user.path("a.tar")).equals(readFileSync(user.path("b.tar"))));
  assert.equal((await user.run(["push", "image:v1", "docker-archive:e.tar:app"])).code, 0);
  assert.ok(readFileSync(user.path("d.tar")).equals(readFileSync(user.path("e.tar"))));
  const bytes = readFileSync(user.path("a.tar"));
  writeFileSync(user.path("a.tar"), bytes.fill(7, bytes.length - 30_000, bytes.length - 25_000));
  assert.equal((await user.run(["push", "a.tar", "oci-archive:b.tar"])).code, 6);
});

test("wrong command lines are told before anything is read", async (t) => {
  const { user } = setting(t, [1000]);
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [["image:v1", "registry:app"], 2, /it names no registry/],
    [["image:v1", "registry:user:canary-pw@localhost/app"], 2, /names no registry/],
    [["image:v1", "registry:localhost/App"], 2, /is not the name of/],
    [["image:v1", "registry:localhost/app@sha256:00"], 2, /a digest follows from the image/],
    [["image:v1", "registry:localhost/app:no tag"], 2, /is not/],
    [["image:v1", "registry:localhost/app", "--tag", "a/b"], 2, /not a tag that a registry/],
    [["image:v1", "oci-archive:"], 2, /it names no file/],
    [["image:v1", "oci-archive:x.tar:bad tag"], 2, /"bad tag" is not a valid tag/],
    [["image:v1", ""], 2, /it names nothing/],
    [["image:v2", "oci-archive:x.tar"], 2, /no image with the tag v2 in image\n.*has the tags v1/],
    [["absent", "oci-archive:x.tar"], 2, /there is no OCI image layout/],
    [["image:v1", "oci-archive:/dev/null"], 1, /something else than a file/],
    [["image:v1", "oci-archive:absent/x.tar"], 1, /Failed to write the archive .*absent/],
  ];
  for (const [args, code, message] of cases) {
    const result = await user.run(["push", ...args]);
    assert.equal(result.code, code, `${args}: ${result.stderr}`);
    assert.match(result.stderr, message);
    assertQuiet(result, ["canary-pw"]);
  }
});
