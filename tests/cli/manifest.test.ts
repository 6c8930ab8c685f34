import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import test from "node:test";
import { layerEntries, readImage } from "../support/image.js";
import { projectRoot } from "../support/project.js";
import { buildRpms } from "../support/rpm-fixture.js";
import { run } from "../support/run.js";
import { Scene } from "../support/scene.js";

const HOST_ARCH = process.arch === "arm64" ? "aarch64" : "x86_64";

test("unknown keys are an error at every level, with their line", async (t) => {
  const scene = await Scene.create(t, { packages: ["filesystem"] });
  const cases: readonly [string, RegExp][] = [
    ["[contents]\nrepositories = []\npackages = []\nfoo = 1\n", /rpmoci\.toml:4: unknown key "contents\.foo"/],
    ["[contents]\nrepositories = []\npackages = []\n[image]\nfoo = 1\n", /rpmoci\.toml:5: unknown key "image\.foo"/],
    ["foo = 1\n[contents]\nrepositories = []\npackages = []\n", /rpmoci\.toml:1: unknown key "foo"/],
    [
      '[contents]\nrepositories = [{ url = "http://127.0.0.1/x", foo = 1 }]\npackages = []\n',
      /rpmoci\.toml:2: unknown key "contents\.repositories\.0\.foo"/,
    ],
    ["[contents]\nrepositories = []\n", /the key "contents\.packages" is missing/],
    ['[contents]\nrepositories = []\npackages = ["a"\n', /rpmoci\.toml:\d+:\d+: not valid TOML/],
  ];
  for (const [text, message] of cases) {
    writeFileSync(scene.path("rpmoci.toml"), text);
    const result = await scene.run(["update"]);
    assert.equal(result.code, 2, result.stderr);
    assert.match(result.stderr, message);
  }
});

test("a repository is given by URL, with variables and an id made of host and path", async (t) => {
  const scene = await Scene.create(t);
  const url = `${scene.server.url}/$directory`;
  const gpgkeys = [scene.keyUrl.replace("/keys/", "/$keys/")];
  scene.writeManifest({ repositories: [url], packages: ["tool"], gpgkeys });
  const result = await scene.run(["update"], { env: { DNF_VAR_directory: "repo", DNF_VAR_keys: "keys" } });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(scene.lockfile().packages[0]?.repoid, "127.0.0.1_$directory");
  const unknown = await scene.run(["update"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /the variable \$directory in .* has no value/);
});

test("contents.releasever is the release, whatever the system's is", async (t) => {
  const scene = await Scene.create(t);
  const repositories = [`${scene.server.url}/$releasever/\u0024{releasever_major}po`];
  const env = { DNF_VAR_releasever: "9" };
  scene.writeManifest({ repositories, packages: ["tool"], releasever: "re.4" });
  const missing = await scene.run(["update"], { env });
  assert.equal(missing.code, 5);
  assert.match(missing.stderr, /\/re\.4\/repo\/repodata\/repomd\.xml: not found/);
  scene.writeManifest({ repositories: [`${scene.server.url}/$releasever`], packages: ["tool"], releasever: "repo" });
  const found = await scene.run(["update"], { env });
  assert.equal(found.code, 0, found.stderr);
});

test("$basearch is the machine's architecture", async (t) => {
  const scene = await Scene.create(t);
  const server = await import("../support/http-server.js").then(({ startServer }) =>
    startServer({ folders: { [`/${HOST_ARCH}/os`]: scene.repository } }),
  );
  t.after(() => server.close());
  scene.writeManifest({ repositories: [`${server.url}/$basearch/os`], packages: ["tool"] });
  const result = await scene.run(["update"]);
  assert.equal(result.code, 0, result.stderr);
});

test("a repository is given by the id of a system repository, as dnf's configuration has it", async (t) => {
  const scene = await Scene.create(t);
  const [dnf, definitions] = [scene.path("dnf"), scene.path("definitions")];
  mkdirSync(`${dnf}/vars`, { recursive: true });
  mkdirSync(definitions);
  writeFileSync(`${dnf}/dnf.conf`, `[main]\nreposdir=${definitions}\n`);
  writeFileSync(`${dnf}/vars/directory`, "repo\n");
  const definition = `[corp-tools]\nname=Tools\nbaseurl=${scene.server.url}/$directory\ngpgkey=${scene.keyUrl}\nenabled=0\n`;
  writeFileSync(`${definitions}/corp.repo`, `${definition}\n[other]\nname=Other\nbaseurl=http://127.0.0.1:9/\n`);
  scene.writeManifest({ repositories: ["corp-tools"], packages: ["tool"], gpgkeys: [], os_release: false });
  // A mount namespace in which the system's configuration is the test's.
  const namespace = process.geteuid?.() === 0 ? ["--mount"] : ["--user", "--map-root-user", "--mount"];
  const script = 'mount --bind "$0" /etc/dnf && exec "$@"';
  const main = join(projectRoot, "dist/main.js");
  const command = ["sh", "-c", script, dnf, process.execPath, main, "update"];
  const probe = await run("unshare", [...namespace, "sh", "-c", script, dnf, "true"]);
  if (probe.code !== 0) return t.skip(`nothing can be mounted here: ${probe.stderr.trim()}`);
  const result = await run("unshare", [...namespace, ...command], {
    cwd: scene.directory,
    env: { XDG_CACHE_HOME: scene.path("cache"), NO_COLOR: "1" },
  });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(scene.lockfile().packages[0]?.repoid, "corp-tools");
  assert.deepEqual(JSON.parse(JSON.stringify(scene.lockfile().repo_gpg_config)), {
    "corp-tools": { gpgcheck: true, keys: [`${scene.key.public.trimEnd()}\n`] },
  });
});

test("the id of a system repository that is not configured is named", async (t) => {
  const scene = await Scene.create(t, { packages: ["filesystem"] });
  scene.writeManifest({ repositories: ["no-such-repository-id"] });
  const result = await scene.run(["update"]);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /Repository not found in system config, repoid: 'no-such-repository-id'/);
});

test("repository options are honoured: includepkgs, excludepkgs, priority, cost", async (t) => {
  const scene = await Scene.create(t);
  const repository = (id: string, options: Record<string, string>): unknown => ({
    id,
    url: scene.repositoryUrl,
    options,
  });
  const locks = async (contents: { repositories: unknown[]; packages: string[] }): Promise<readonly string[]> => {
    scene.writeManifest({ ...contents, os_release: false });
    const result = await scene.run(["update"]);
    assert.equal(result.code, 0, result.stderr);
    return scene.lockfile().packages.map(({ name, evr, repoid }) => `${name} ${evr} ${repoid}`);
  };
  const packages = ["tool"];
  assert.deepEqual(await locks({ repositories: [repository("a", { excludepkgs: "tool-2*" })], packages }), [
    "tool 1.9.2-1 a",
  ]);
  assert.deepEqual(
    await locks({ repositories: [repository("a", { includepkgs: "tool-1.8*,filesystem" })], packages }),
    ["tool 1.8.0-1 a"],
  );
  const priorities = [repository("a", {}), repository("b", { priority: "1", excludepkgs: "tool-2*" })];
  assert.deepEqual(await locks({ repositories: priorities, packages }), ["tool 1.9.2-1 b"]);
  const costs = [repository("a", {}), repository("b", { cost: "1" })];
  assert.deepEqual(await locks({ repositories: costs, packages }), ["tool 2.0.1-1 b"]);
});

test("a repository option that is not supported, or not well-formed, is refused by name", async (t) => {
  const scene = await Scene.create(t, { packages: ["filesystem"] });
  for (const [name, value] of [
    ["frobnicate", "1"],
    ["gpgcheck", "perhaps"],
    ["priority", "high"],
  ] as const) {
    scene.writeManifest({ repositories: [{ id: "tiny", url: scene.repositoryUrl, options: { [name]: value } }] });
    const result = await scene.run(["update"]);
    assert.equal(result.code, 2, result.stderr);
    assert.match(result.stderr, new RegExp(`repository "tiny": the option "?${name}`));
  }
});

test("skip_if_unavailable lets a repository be missing, with a warning", async (t) => {
  const scene = await Scene.create(t);
  const missing = { id: "gone", url: `${scene.server.url}/gone`, options: { skip_if_unavailable: "1" } };
  scene.writeManifest({ repositories: [missing, { id: "tiny", url: scene.repositoryUrl }], packages: ["tool"] });
  const result = await scene.run(["update"]);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /Warning repository "gone" is skipped/);
});

test("credentials come from the environment by the repository's id, and are never shown", async (t) => {
  const scene = await Scene.create(t, { server: { basicAuth: { user: "alice", password: "s3cret" } } });
  scene.writeManifest({ packages: ["tool"], gpgkeys: [scene.keyUrl] });
  const denied = await scene.run(["update", "-vv"]);
  assert.equal(denied.code, 5);
  assert.match(denied.stderr, /access denied/);
  const env = { RPMOCI_TINY_HTTP_USERNAME: "alice", RPMOCI_TINY_HTTP_PASSWORD: "s3cret" };
  const allowed = await scene.build(["-vv"], { env });
  assert.equal(allowed.code, 0, allowed.stderr);
  assert.doesNotMatch(allowed.stderr, /s3cret|YWxpY2U6czNjcmV0/);
});

test("TLS is verified unless sslverify is off; sslcacert names another authority", async (t) => {
  const scene = await Scene.create(t, { server: { tls: true } });
  const update = async (options: Record<string, string>): Promise<{ code: number | null; stderr: string }> => {
    scene.writeManifest({
      repositories: [{ id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: "false", ...options } }],
      gpgkeys: [],
    });
    return scene.run(["update"], { env: { NODE_EXTRA_CA_CERTS: undefined } });
  };
  const untrusted = await update({});
  assert.equal(untrusted.code, 5);
  assert.match(untrusted.stderr, /certificate/);
  assert.equal((await update({ sslverify: "false" })).code, 0);
  assert.equal((await update({ sslcacert: scene.server.tls?.caFile ?? "" })).code, 0);
});

test("every kind of package specification", async (t) => {
  const scene = await Scene.create(t);
  const [local = ""] = await buildRpms(scene.directory, [
    { name: "local-thing", files: { "/usr/share/local": "here\n" } },
  ]);
  const cases: readonly [string, readonly string[]][] = [
    ["tool", ["tool-2.0.1-1"]],
    ["tool-1.9.*", ["tool-1.9.2-1"]],
    ["tool-1.8.0-1.noarch", ["tool-1.8.0-1"]],
    ["tool < 2", ["tool-1.9.2-1"]],
    ["app-*", ["app-extras-1-1"]],
    ["libtiny.so.1(TINY_1.0)(64bit)", ["libtiny-1:1.2-1"]],
    ["virtual-thing >= 5", ["libtiny-1:1.2-1"]],
    ["/usr/bin/capable", ["capable-1-1"]],
    ["/usr/share/extras", ["app-extras-1-1"]],
    [basename(local), []],
    ["local-*.rpm", []],
  ];
  for (const [spec, expected] of cases) {
    scene.writeManifest({ packages: [spec], os_release: false });
    const result = await scene.run(["update"]);
    assert.equal(result.code, 0, `${spec}: ${result.stderr}`);
    assert.deepEqual(
      scene.lockfile().packages.map(({ name, evr }) => `${name}-${evr}`),
      expected,
      spec,
    );
  }
  for (const spec of ["tool > 9", "none-*.rpm", "/usr/bin/nothing", "too"]) {
    scene.writeManifest({ packages: [spec], os_release: false });
    const result = await scene.run(["update"]);
    assert.ok(result.code === 4 || result.code === 2, `${spec}: ${result.code}`);
    assert.ok(result.stderr.includes(`'${spec}'`), result.stderr);
  }
});

test("weak dependencies are not installed", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["app"] });
  assert.equal((await scene.run(["update"])).code, 0);
  assert.ok(!scene.lockedNames().includes("app-extras"));
});

test("docs = true installs documentation, which is left out by default", async (t) => {
  const scene = await Scene.create(t);
  const readme = "usr/share/doc/app/README";
  for (const docs of [false, true]) {
    scene.writeManifest({ docs });
    const result = await scene.build();
    assert.equal(result.code, 0, result.stderr);
    assert.equal((await layerEntries(scene.layout, "test")).has(readme), docs);
  }
});

test("os_release = false does not require /etc/os-release", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["tool"], os_release: false });
  assert.equal((await scene.run(["update"])).code, 0);
  assert.deepEqual(scene.lockedNames(), ["tool"]);
  scene.writeManifest({ packages: ["tool", "/etc/os-release"] });
  assert.equal((await scene.run(["update"])).code, 0);
  assert.deepEqual(scene.lockedNames(), ["filesystem", "tiny-release", "tool"]);
});

test("exclude removes packages whatever depends on them, and warns about those that are not there", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["app"], exclude: ["libtiny", "not-installed"] });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /Excluded libtiny-1:1\.2-1/);
  assert.match(result.stderr, /Warning contents\.exclude: the package not-installed is not in the image/);
  const entries = await layerEntries(scene.layout, "test");
  assert.ok(entries.has("usr/bin/app"));
  assert.ok(!entries.has("usr/lib64/libtiny.so.1"));
  assert.ok(scene.lockedNames().includes("libtiny"));
});

test("every key of [image] is in the image configuration", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest(
    { packages: ["tool"] },
    {
      user: "app:app",
      workingdir: "/srv",
      stopsignal: "SIGQUIT",
      author: "An Author",
      entrypoint: ["app", "--flag"],
      cmd: ["run"],
      exposed_ports: ["8080/tcp", "53/udp"],
      volumes: ["/data"],
      envs: { RUST_LOG: "info" },
      labels: { one: "1" },
    },
  );
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
  const { config, manifest } = readImage(scene.layout, "test");
  assert.deepEqual(config.config, {
    User: "app:app",
    ExposedPorts: { "53/udp": {}, "8080/tcp": {} },
    Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "RUST_LOG=info"],
    Entrypoint: ["app", "--flag"],
    Cmd: ["run"],
    Volumes: { "/data": {} },
    WorkingDir: "/srv",
    Labels: { one: "1" },
    StopSignal: "SIGQUIT",
  });
  assert.equal(config.author, "An Author");
  assert.equal(config.created, "2024-07-03T09:46:40Z");
  assert.deepEqual([config.os, config.architecture], ["linux", process.arch === "arm64" ? "arm64" : "amd64"]);
  assert.equal(config.rootfs.diff_ids.length, manifest.layers.length);
});

test("a local RPM is taken from the current directory, or from the manifest's", async (t) => {
  const scene = await Scene.create(t);
  mkdirSync(scene.path("sub/rpms"), { recursive: true });
  await buildRpms(scene.path("sub/rpms"), [
    { name: "mine", requires: ["tool"], files: { "/usr/share/mine": "mine\n" } },
  ]);
  scene.writeManifest({ packages: ["rpms/mine-*.rpm"] }, {}, "sub/rpmoci.toml");
  for (const [cwd, file] of [
    [scene.path("sub"), "rpmoci.toml"],
    [scene.directory, "sub/rpmoci.toml"],
  ] as const) {
    const result = await scene.run(["build", "--image", scene.layout, "--tag", "test", "-f", file], { cwd });
    assert.equal(result.code, 0, result.stderr);
    assert.equal((await layerEntries(scene.layout, "test")).get("usr/share/mine")?.content, "mine\n");
  }
});
