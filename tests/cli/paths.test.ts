import assert from "node:assert/strict";
import { appendFileSync, chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { stringify, type TomlTable } from "smol-toml";
import { digestOf, layerEntries, readImage, type TarEntry } from "../support/image.js";
import { needsRoot } from "../support/needs-root.js";
import { digestByOrdinaryUser } from "../support/ordinary-user.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { type RunResult, runSuccessfully } from "../support/run.js";
import { Scene } from "../support/scene.js";

const CREATED = 1_720_000_000;

type Entries = readonly Readonly<Record<string, string | number | boolean>>[];

function writePaths(scene: Scene, paths: Entries, packages: readonly string[] = ["app"], more = ""): void {
  scene.writeManifest({ packages });
  appendFileSync(
    scene.path("rpmoci.toml"),
    `\n${paths.length === 0 ? "" : stringify({ paths } as unknown as TomlTable)}\n${more}`,
  );
}

async function builds(scene: Scene, args: readonly string[] = [], reuse = false): Promise<RunResult> {
  const result = await scene.build(args, { reuse });
  assert.equal(result.code, 0, result.stderr);
  return result;
}

function attributesOf({ type, mode, uid, gid, mtime, link, content }: Partial<TarEntry> = {}): unknown {
  return { type, mode, uid, gid, mtime, link, content };
}

const owners: RpmFixture = {
  name: "owners",
  requires: ["filesystem"],
  files: {
    "/etc/passwd": "root:x:0:0::/root:/bin/sh\ndaemon:x:2:2::/:/bin/sh\n",
    "/etc/group": "root:x:0:\nstaff:x:50:\n",
    "/opt/tree/a": "a",
    "/opt/tree/sub/b": { content: "b", mode: 0o755 },
    "/opt/tree/sub/link": { symlinkTo: "../a" },
    "/opt/tree/setuid": { content: "s", mode: 0o4755 },
    "/opt/removed/x": "x",
    "/opt/replaced": "packaged",
    "/opt/absolute": { symlinkTo: "/srv" },
    "/opt/climbing": { symlinkTo: "../../../../../../../../../srv/deep" },
    "/opt/dangling": { symlinkTo: "nowhere/yet" },
    "/opt/loop": { symlinkTo: "/opt/loop-too" },
    "/opt/loop-too": { symlinkTo: "loop" },
  },
  dirs: { "/opt": {}, "/opt/tree": {}, "/opt/tree/sub": {}, "/opt/removed": {} },
};

const EVERYTHING: Entries = [
  { type: "directory", path: "/srv/a/b", mode: "2775", uid: "daemon", gid: "staff" },
  { type: "directory", path: "/opt/tree", mode: "0700" },
  { type: "file", path: "/srv/a/text", content: "hällo\n" },
  { type: "file", path: "/srv/a/source", source: "conf/app.conf", mode: "0640", uid: 7, gid: 8 },
  { type: "file", path: "/opt/replaced", content: "REPLACED" },
  { type: "file", path: "/usr/bin/app-symlink", content: "no link any more" },
  { type: "symlink", path: "/srv/link", target: "a/../../etc/nothing" },
  { type: "symlink", path: "/opt/tree/a", target: "/opt/tree/sub/b" },
  { type: "hardlink", path: "/srv/hard", target: "/usr/bin/app" },
  { type: "permissions", path: "/opt/tree/sub", recursive: true, mode: "0750", gid: "staff" },
  { type: "permissions", path: "/opt/tree/setuid", uid: "daemon" },
  { type: "capabilities", path: "/usr/bin/tool", capabilities: "cap_net_bind_service,cap_bpf=eip" },
  { type: "remove", path: "/opt/removed" },
  { type: "file", path: "/opt/absolute/through", content: "absolute" },
  { type: "file", path: "/opt/climbing/through", content: "climbing" },
  { type: "directory", path: "/opt/dangling", mode: "0711" },
  { type: "file", path: "/var/cache/kept", content: "kept" },
];

test("every type of path, by root with both engines and by an ordinary user", { skip: needsRoot }, async (t) => {
  const scene = await Scene.create(t);
  await scene.publish([owners]);
  mkdirSync(scene.path("conf"));
  writeFileSync(scene.path("conf/app.conf"), "from a file\n");
  chmodSync(scene.path("conf/app.conf"), 0o604);
  writePaths(scene, EVERYTHING, ["app", "owners", "tool"]);
  const digests = new Set<string | null>();
  for (const engine of ["dnf", "rpm"]) {
    await builds(scene, ["--engine", engine]);
    digests.add(digestOf(scene.layout, "test"));
  }
  const byUser = await digestByOrdinaryUser(scene, t);
  if (byUser !== null) digests.add(byUser);
  assert.equal(digests.size, 1);

  const entries = await layerEntries(scene.layout, "test");
  const of = (path: string) => attributesOf(entries.get(path));
  const base = { type: "file", mode: 0o644, uid: 0, gid: 0, mtime: CREATED, link: "", content: "" };
  const directory = { ...base, type: "directory", mode: 0o755 };
  assert.deepEqual(of("srv/a"), directory);
  assert.deepEqual(of("srv/a/b"), { ...directory, mode: 0o2775, uid: 2, gid: 50 });
  assert.equal(entries.get("opt/tree")?.mode, 0o700);
  const latin1 = Buffer.from("hällo\n").toString("latin1");
  assert.deepEqual(of("srv/a/text"), { ...base, content: latin1 });
  assert.deepEqual(of("srv/a/source"), { ...base, mode: 0o640, uid: 7, gid: 8, content: "from a file\n" });
  assert.deepEqual(of("opt/replaced"), { ...base, content: "REPLACED" });
  assert.deepEqual(of("usr/bin/app-symlink"), { ...base, content: "no link any more" });
  const link = { ...base, type: "symlink", mode: 0o777 };
  assert.deepEqual(of("srv/link"), { ...link, link: "a/../../etc/nothing" });
  assert.deepEqual(of("opt/tree/a"), { ...link, link: "/opt/tree/sub/b" });
  const hard = ["srv/hard", "usr/bin/app", "usr/bin/app-link"].map((path) => entries.get(path));
  assert.deepEqual(hard.map((entry) => entry?.type).sort(), ["file", "hardlink", "hardlink"]);
  assert.deepEqual(of("opt/tree/sub/b"), { ...base, mode: 0o750, gid: 50, content: "b" });
  assert.deepEqual([entries.get("opt/tree/sub/link")?.gid, entries.get("opt/tree/sub")?.mode], [50, 0o750]);
  assert.deepEqual(of("opt/tree/setuid"), { ...base, mode: 0o4755, uid: 2, content: "s" });
  assert.ok(!entries.has("opt/removed") && !entries.has("opt/removed/x"));
  assert.equal(entries.get("srv/through")?.content, "absolute");
  assert.equal(entries.get("srv/deep/through")?.content, "climbing");
  assert.equal(entries.get("opt/dangling")?.type, "symlink");
  assert.equal(entries.get("opt/nowhere/yet")?.mode, 0o711);
  assert.equal(entries.get("var/cache/kept")?.content, "kept");

  const tree = scene.path("tree");
  mkdirSync(tree);
  const blob = readImage(scene.layout, "test").manifest.layers[0]?.digest.replace(":", "/") ?? "";
  await runSuccessfully("tar", [
    "--xattrs",
    "--xattrs-include=*",
    "-xzpf",
    scene.path("image/blobs", blob),
    "-C",
    tree,
  ]);
  const tool = join(tree, "usr/bin/tool");
  assert.equal(await runSuccessfully("getcap", [tool]), `${tool} cap_net_bind_service,cap_bpf=eip\n`);
});

test("what [[paths]] makes is in the topmost layer, and packages keep theirs", async (t) => {
  const scene = await Scene.create(t);
  await scene.publish([owners]);
  const packages = ["app", "owners", "tool", "capable"];
  const layers = '\n[layers]\nstrategy = "source"\n';
  writePaths(scene, [], packages, layers);
  await builds(scene);
  const before = readImage(scene.layout, "test").manifest.layers.map(({ digest }) => digest);
  // Of the same size as the packages' file, and at the time that the package gives it.
  const paths: Entries = [
    { type: "file", path: "/usr/share/new", content: "new" },
    { type: "file", path: "/usr/bin/tool", content: "two\n" },
    { type: "permissions", path: "/usr/bin/capable", mode: "0700" },
  ];
  writePaths(scene, paths, packages, layers);
  const created = { env: { SOURCE_DATE_EPOCH: "1704067200" } };
  assert.equal((await scene.build([], created)).code, 0);
  const top = await layerEntries(scene.layout, "test", { index: -1 });
  assert.equal(top.get("usr/share/new")?.content, "new");
  assert.equal(top.get("usr/bin/tool")?.content, "two\n");
  assert.equal(top.get("usr/bin/capable")?.mode, 0o700);
  const expected = readImage(scene.layout, "test").manifest.layers.map(({ digest }) => digest);
  const kept = expected.filter((digest) => before.includes(digest));
  assert.equal(kept.length, before.length - 3, "all but those of tool and capable, and the topmost");
  // A layer is not taken over for one with other contents.
  writePaths(scene, paths.with(1, { type: "file", path: "/usr/bin/tool", content: "TWO\n" }), packages, layers);
  assert.equal((await scene.build([], { ...created, reuse: true })).code, 0);
  assert.equal((await layerEntries(scene.layout, "test", { index: -1 })).get("usr/bin/tool")?.content, "TWO\n");
});

test("an image is unchanged as long as a source has the same contents, wherever it is", async (t) => {
  const scene = await Scene.create(t);
  writeFileSync(scene.path("one"), "1");
  writePaths(scene, [{ type: "file", path: "/srv/x", source: "one" }]);
  await builds(scene, [], true);
  const first = digestOf(scene.layout, "test");
  assert.match((await builds(scene, [], true)).stderr, /Unchanged/);
  writeFileSync(scene.path("two"), "1");
  writePaths(scene, [{ type: "file", path: "/srv/x", source: "two" }]);
  assert.match((await builds(scene, [], true)).stderr, /Unchanged/);
  writeFileSync(scene.path("two"), "2");
  assert.doesNotMatch((await builds(scene, [], true)).stderr, /Unchanged/);
  assert.notEqual(digestOf(scene.layout, "test"), first);
  assert.equal((await layerEntries(scene.layout, "test")).get("srv/x")?.content, "2");
});

test("nothing leads out of the image or out of the manifest's directory", async (t) => {
  const scene = await Scene.create(t);
  await scene.publish([owners]);
  const outside = scene.path("../outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), "secret");
  const climb = `${"../".repeat(12)}${outside.slice(1)}`;
  writePaths(
    scene,
    [
      { type: "symlink", path: "/srv/away", target: outside },
      { type: "symlink", path: "/srv/climb", target: climb },
      { type: "file", path: "/srv/away/made", content: "x" },
      { type: "file", path: "/srv/climb/made-too", content: "x" },
      { type: "permissions", path: "/srv/away", mode: "0701", recursive: true },
      { type: "remove", path: "/srv/climb/secret" },
    ],
    ["owners"],
  );
  const result = await builds(scene);
  assert.match(result.stderr, /Warning paths: \/srv\/climb\/secret: there is nothing to remove/);
  assert.deepEqual(readdirSync(outside), ["secret"]);
  assert.equal(readFileSync(join(outside, "secret"), "utf8"), "secret");
  const entries = await layerEntries(scene.layout, "test");
  assert.equal(entries.get(`${outside.slice(1)}/made`)?.mode, 0o701);
  assert.ok(entries.has(`${outside.slice(1)}/made-too`));

  symlinkSync(join(outside, "secret"), scene.path("link"));
  symlinkSync(outside, scene.path("linked"));
  mkdirSync(scene.path("folder"));
  for (const [source, message] of [
    ["link", /paths: \/x: cannot use the file .*link: it leads out of .*, the manifest's directory/],
    ["linked/secret", /it leads out of/],
    ["folder", /it is not a regular file/],
    ["missing", /there is no such file/],
    [
      "../outside/secret",
      /paths\.0\.source = "..\/outside\/secret" is not a relative path below the manifest's directory/,
    ],
    [join(outside, "secret"), /paths\.0\.source = .* is not a relative path/],
  ] as const) {
    writePaths(scene, [{ type: "file", path: "/x", source }]);
    const refused = await scene.build(["--engine", "rpm"]);
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, message);
  }
});

test("what cannot be is told with its path", async (t) => {
  const scene = await Scene.create(t);
  await scene.publish([owners]);
  const at = "paths: ";
  for (const [entry, code, message] of [
    [
      { type: "file", path: "/opt/tree", content: "" },
      1,
      `${at}/opt/tree: cannot write the file: there is a directory`,
    ],
    [
      { type: "file", path: "/opt/replaced/x", content: "" },
      1,
      `${at}/opt/replaced/x: cannot write the file: /opt/replaced is not a directory`,
    ],
    [
      { type: "directory", path: "/opt/replaced" },
      1,
      `${at}/opt/replaced: cannot make the directory: there is something else`,
    ],
    [
      { type: "hardlink", path: "/x", target: "/missing" },
      1,
      `${at}/x: cannot make the hard link: there is no /missing`,
    ],
    [
      { type: "hardlink", path: "/x", target: "/opt/tree" },
      1,
      `${at}/x: cannot make the hard link: /opt/tree is not a regular file`,
    ],
    [
      { type: "permissions", path: "/missing", mode: "0644" },
      1,
      `${at}/missing: cannot change permissions: there is no /missing`,
    ],
    [
      { type: "capabilities", path: "/opt", capabilities: "cap_chown=p" },
      1,
      `${at}/opt: cannot set capabilities: it is not a regular file`,
    ],
    [{ type: "permissions", path: "/opt", uid: "nobody-knows" }, 2, `${at}/opt: the image has no user "nobody-knows"`],
    [{ type: "file", path: "/x", content: "", gid: "nobodies" }, 2, `${at}/x: the image has no group "nobodies"`],
    [
      { type: "remove", path: "/usr/lib" },
      2,
      `${at}/usr/lib: the rpm database, /usr/lib/sysimage/rpm, cannot be removed or changed`,
    ],
    [{ type: "file", path: "/usr/lib/sysimage/rpm/x", content: "" }, 2, "the rpm database"],
    [{ type: "file", path: "/x" }, 2, "paths.0 must have either content or source"],
    [{ type: "file", path: "/x", content: "", source: "x" }, 2, "paths.0 must have either content or source"],
    [{ type: "permissions", path: "/x" }, 2, "paths.0 must have mode, uid or gid"],
    [{ type: "directory", path: "x" }, 2, 'paths.0.path = "x" is not an absolute path'],
    [{ type: "directory", path: "/a/../../x" }, 2, 'must not have ".." in it'],
    [{ type: "directory", path: "/x", mode: "0999" }, 2, 'paths.0.mode = "0999" is not a mode such as "0755"'],
    [{ type: "directory", path: "/x", mode: 755 }, 2, "paths.0.mode must be string, not 755"],
    [{ type: "directory", path: "/x/.wh.y" }, 2, "has a name that layers take for a deletion"],
    [
      { type: "file", path: "/opt/loop/x", content: "" },
      1,
      `${at}/opt/loop/x: cannot write the file: /opt/loop/x leads through too many symlinks`,
    ],
    [{ type: "device", path: "/x" }, 2, "paths.0.type must be"],
    [{ type: "directory", path: "/x", target: "y" }, 2, 'unknown key "paths.0.target"'],
    [{ type: "capabilities", path: "/x", capabilities: "cap_fly=ep" }, 2, "are not capabilities such as"],
    [{ type: "capabilities", path: "/x", capabilities: "cap_chown=p cap_kill=ep" }, 2, "are not capabilities such as"],
  ] as const) {
    writePaths(scene, [entry], ["owners"]);
    const result = await scene.build(["--engine", "rpm"]);
    assert.ok(result.stderr.includes(message), `${JSON.stringify(entry)}:\n${result.stderr}`);
    assert.equal(result.code, code, result.stderr);
  }
});
