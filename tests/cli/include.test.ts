import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import test from "node:test";
import { digestOf, layerEntries, readImage } from "../support/image.js";
import { buildRpms } from "../support/rpm-fixture.js";
import { Scene } from "../support/scene.js";

function write(scene: Scene, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(scene.path(name, ".."), { recursive: true });
    writeFileSync(scene.path(name), text);
  }
}

const sources = (scene: Scene): string =>
  `repositories = [{ id = "tiny", url = "${scene.repositoryUrl}" }]\ngpgkeys = ["${scene.keyUrl}"]\n`;

test("tables are merged, lists joined, values replaced, and paths are from where they are written", async (t) => {
  const scene = await Scene.create(t);
  mkdirSync(scene.path("shared/rpms"), { recursive: true });
  await buildRpms(scene.path("shared/rpms"), [{ name: "local", files: { "/usr/share/local": "l" } }]);
  write(scene, {
    "shared/base.toml": `[contents]
${sources(scene)}packages = [
  "app", "tool",
  "rpms/local-*.rpm",
]
os_release = false
docs = true
[image]
author = "base"
user = "1"
entrypoint = ["base", "base"]
exposed_ports = ["80/tcp", "81/tcp"]
[image.envs]
A = "base"
B = "base"
[accounts]
groups = [{ name = "g", gid = 5 }]
[[paths]]
path = "/srv/file"
type = "file"
source = "file"
[[paths]]
path = "/srv/dir"
type = "directory"
`,
    "shared/file": "of base\n",
    file: "of the includer\n",
    "middle.toml": 'include = ["shared/base.toml"]\n[image]\nauthor = "middle"\nworkingdir = "/middle"\n',
    "rpmoci.toml": `include = [
  "middle.toml",
  "shared/base.toml",
]
[contents]
packages = ["capable", "app"]
docs = false
[image]
author = "includer"
entrypoint = ["app"]
exposed_ports = ["81/tcp", "82/tcp"]
[image.envs]
B = "includer"
[[paths]]
path = "/srv/dir"
type = "directory"
[[paths]]
path = "/srv/other"
type = "file"
source = "file"
`,
  });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(scene.lockfile().pkg_specs, ["app", "tool", "shared/rpms/local-*.rpm", "capable"]);
  assert.ok(!existsSync(scene.path("shared/base.lock")) && !existsSync(scene.path("middle.lock")));
  assert.ok(!scene.lockedNames().includes("tiny-release"));
  const { config } = readImage(scene.layout, "test");
  assert.equal(config.author, "includer");
  // shared/base.toml comes last of the two that are included.
  assert.deepEqual([config.config.User, config.config.WorkingDir, config.config.Entrypoint], ["1", "/middle", ["app"]]);
  assert.deepEqual(Object.keys(config.config.ExposedPorts ?? {}), ["80/tcp", "81/tcp", "82/tcp"]);
  assert.deepEqual(
    config.config.Env.filter((line) => /^[AB]=/.test(line)),
    ["A=base", "B=includer"],
  );
  const entries = await layerEntries(scene.layout, "test");
  assert.equal(entries.get("srv/file")?.content, "of base\n");
  assert.equal(entries.get("srv/other")?.content, "of the includer\n");
  assert.ok(entries.has("usr/share/local") && entries.has("srv/dir"));
  assert.ok(!entries.has("usr/share/doc/app/README"));

  // The same in one file is the same image.
  const image = digestOf(scene.layout, "test");
  const lock = readFileSync(scene.lockfilePath, "utf8");
  write(scene, {
    "rpmoci.toml": `[contents]
${sources(scene)}packages = ["app", "tool", "shared/rpms/local-*.rpm", "capable"]
os_release = false
[image]
author = "includer"
user = "1"
workingdir = "/middle"
entrypoint = ["app"]
exposed_ports = ["80/tcp", "81/tcp", "82/tcp"]
envs = { A = "base", B = "includer" }
[accounts]
groups = [{ name = "g", gid = 5 }]
[[paths]]
path = "/srv/file"
type = "file"
source = "shared/file"
[[paths]]
path = "/srv/dir"
type = "directory"
[[paths]]
path = "/srv/other"
type = "file"
source = "file"
`,
  });
  const one = await scene.build(["--locked"]);
  assert.equal(one.code, 0, one.stderr);
  assert.equal(digestOf(scene.layout, "test"), image);
  assert.equal(readFileSync(scene.lockfilePath, "utf8"), lock);
});

test("an included manifest that changes makes the lockfile outdated; relative paths need no certain directory", async (t) => {
  const scene = await Scene.create(t);
  write(scene, {
    "base.toml": `[contents]\n${sources(scene)}packages = ["app"]\n`,
    "sub/rpmoci.toml": 'include = ["../base.toml"]\n[contents]\npackages = ["tool"]\n',
  });
  const build = (cwd: string, file: string) =>
    scene.run(["build", "-f", file, "--image", scene.layout, "--tag", "test"], { cwd: scene.path(cwd) });
  const first = await build(".", "sub/rpmoci.toml");
  assert.equal(first.code, 0, first.stderr);
  assert.ok(existsSync(scene.path("sub/rpmoci.lock")));
  const locked = await scene.run(["build", "-f", "rpmoci.toml", "--locked", "--image", "x", "--tag", "y"], {
    cwd: scene.path("sub"),
  });
  assert.equal(locked.code, 0, locked.stderr);
  write(scene, { "base.toml": `[contents]\n${sources(scene)}packages = ["capable"]\n` });
  assert.match((await build("sub", "rpmoci.toml")).stderr, /Generating new lock file\./);
});

test("why and errors name the file and the line that say it", async (t) => {
  const scene = await Scene.create(t);
  const base = `[contents]\n${sources(scene)}packages = [\n  "app",\n  "nothing-has-this",\n]\n`;
  const includer = 'include = ["sub/base.toml"]\n[contents]\npackages = [\n  "tool",\n  "nor-this",\n]\n';
  write(scene, { "sub/base.toml": base, "rpmoci.toml": includer });
  const unresolved = await scene.run(["update"]);
  assert.equal(unresolved.code, 4, unresolved.stderr);
  assert.match(unresolved.stderr, /base\.toml:6: packages: "nothing-has-this"/);
  assert.match(unresolved.stderr, /rpmoci\.toml:5: packages: "nor-this"/);
  write(scene, {
    "sub/base.toml": base.replace('  "nothing-has-this",\n', "").replace("[contents]", "[contents]\nos_release = true"),
    "rpmoci.toml": includer.replace('  "nor-this",\n', ""),
  });
  assert.equal((await scene.run(["update"])).code, 0);
  for (const [name, place] of [
    ["libtiny", /base\.toml:6: packages: "app"/],
    ["tool", /rpmoci\.toml:4: packages: "tool"/],
    ["tiny-release", /base\.toml:2: /],
  ] as const) {
    const { stdout, stderr } = await scene.run(["why", name]);
    assert.match(stdout, place, stderr);
  }

  const contents = "[contents]\nrepositories = []\npackages = []\n";
  for (const [files, message] of [
    [{ "sub/base.toml": `${contents}typo = 1\n` }, /sub\/base\.toml:4: unknown key "contents\.typo"/],
    [
      {
        "sub/base.toml": `${contents}[[paths]]\npath = "/x"\ntype = "remove"\n[[paths]]\npath = "x"\ntype = "remove"\n`,
      },
      /sub\/base\.toml:8: paths\.1\.path = "x" is not an absolute path/,
    ],
    [{ "sub/base.toml": "[contents]\npackages = [\n" }, /sub\/base\.toml:\d+:\d+: not valid TOML/],
    [{ "sub/base.toml": "[image]\n" }, /rpmoci\.toml: the key "contents" is missing/],
    [
      { "rpmoci.toml": 'include = [\n"nowhere.toml",\n]\n' },
      /rpmoci\.toml:2: include: cannot read nowhere\.toml: there is no such file/,
    ],
    [{ "rpmoci.toml": 'include = ["sub"]\n' }, /rpmoci\.toml:1: include: cannot read sub: it is not a regular file/],
    [{ "rpmoci.toml": 'include = ["/dev/zero"]\n' }, /include: cannot read \/dev\/zero: it is not a regular file/],
    [
      { "rpmoci.toml": 'include = ["https://example.org/base.toml"]\n' },
      /rpmoci\.toml:1: include: "https:\/\/example\.org\/base\.toml" is not on this machine/,
    ],
    [{ "rpmoci.toml": 'include = "base.toml"\n' }, /rpmoci\.toml:1: include must be an array, not "base\.toml"/],
    [{ "rpmoci.toml": "include = [1]\n" }, /rpmoci\.toml:1: include\.0 must be string, not 1/],
    [{ "rpmoci.toml": 'include = ["rpmoci.toml"]\n' }, /rpmoci\.toml:1: include: rpmoci\.toml includes itself/],
    [
      { "sub/base.toml": 'include = ["../rpmoci.toml"]\n' },
      /sub\/base\.toml:1: include: rpmoci\.toml includes itself, directly or by others/,
    ],
    [{ "sub/base.toml": 'include = ["again/base.toml"]\n' }, /include: sub\/again\/base\.toml includes itself/],
    [
      { "sub/base.toml": `${contents}[certificates]\nadditional = ["../x"]\n` },
      /sub\/base\.toml:5: certificates\.additional\.0 = "..\/x" is not a relative path/,
    ],
  ] as const) {
    write(scene, { "sub/base.toml": contents, "rpmoci.toml": 'include = ["sub/base.toml"]\n' });
    if (!existsSync(scene.path("sub/again"))) symlinkSync(".", scene.path("sub/again"));
    write(scene, files);
    const result = await scene.run(["update"]);
    assert.match(result.stderr, message);
    assert.equal(result.code, 2, result.stderr);
  }
});
