/** The transaction by librpm itself: the same images as dnf's, without dnf. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import test from "node:test";
import { isRpm6 } from "../native/support/rpm-addon.js";
import { digestOf } from "../support/image.js";
import { linkNamespacePrograms } from "../support/ordinary-user.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { Scene } from "../support/scene.js";

const write = (path: string): string => `local f = io.open("${path}", "a")\nf:write("x")\nf:close()`;

/** Scriptlets of every kind, which leave their traces in one file in the order in which they run. */
const scripted: readonly RpmFixture[] = [
  {
    name: "first",
    requires: ["filesystem"],
    files: { "/usr/lib/first/a": "a\n", "/usr/lib/first/b": { hardlinkTo: "/usr/lib/first/a" } },
    scriptlets: (["pretrans", "pre", "post", "posttrans"] as const).map((section) => ({
      section,
      interpreter: "<lua>",
      // There is no directory before the first package.
      body: section === "pretrans" ? 'print("before all")' : write("/var/lib/order"),
    })),
  },
  {
    name: "second",
    requires: ["first"],
    files: { "/usr/lib/second/a": "a\n" },
    scriptlets: [{ section: "post", interpreter: "<lua>", body: 'print("hello from second")' }],
  },
];

const contents = { packages: ["app", "capable", "chatty", "tool", "first", "second"] };

test("librpm and dnf make the same image", async (t) => {
  const scene = await Scene.create(t);
  await scene.publish(scripted);
  scene.writeManifest(contents);
  for (const engine of ["dnf", "rpm"]) {
    const options = ["--engine", engine, "-v", "--image", "image", "--tag", engine];
    const result = await scene.run(["build", ...options]);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, /hello from second/);
  }
  assert.equal(digestOf(scene.layout, "rpm"), digestOf(scene.layout, "dnf"));
});

test("documentation and excluded packages are the same by either", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["app", "tool"], docs: true, exclude: ["tool"] });
  for (const engine of ["dnf", "rpm"]) {
    const result = await scene.run(["build", "--engine", engine, "--image", "image", "--tag", engine]);
    assert.equal(result.code, 0, result.stderr);
  }
  assert.equal(digestOf(scene.layout, "rpm"), digestOf(scene.layout, "dnf"));
});

const lua = (section: "pre" | "post", body: string) => ({ section, interpreter: "<lua>", body });
const append = (path: string, text: string): string => `f = io.open("${path}", "a") f:write("${text}\\n") f:close()`;

/** What may be in packages, in every way that makes a difference to who puts it into a root, and how. */
const ofEveryKind: readonly RpmFixture[] = [
  {
    name: "accounts",
    requires: ["filesystem"],
    scriptlets: [lua("pre", `${append("/etc/passwd", "someone:x:41:42::/:")} ${append("/etc/group", "some:x:42:")}`)],
  },
  {
    name: "kinds",
    requires: ["accounts"],
    requiresPre: ["accounts"],
    payload: "w3.zstdio",
    dirs: {
      "/usr/share/kinds": { mode: 0o2775, user: "someone", group: "some" },
      "/usr/share/kinds/empty": { mode: 0o700 },
      "/usr/share/doc/kinds": {},
      "/usr/share/doc/kinds/inner": {},
      "/usr/share/doc/mixed": {},
    },
    files: {
      "/usr/share/kinds/nothing": "",
      "/usr/share/kinds/large": { content: Buffer.alloc(700_000, "large") },
      "/usr/share/kinds/owned": { content: "owned", user: "someone", group: "some", mode: 0o4750 },
      "/usr/share/kinds/nobody's": { content: "x", user: "nowhere", group: "neither", mode: 0o6755 },
      "/usr/share/kinds/link": { symlinkTo: "nothing" },
      "/usr/share/kinds/owned-link": { symlinkTo: "large", user: "someone", group: "some" },
      "/usr/share/kinds/a": { content: "three names", mtime: 1_600_000_000 },
      "/usr/share/kinds/b": { hardlinkTo: "/usr/share/kinds/a" },
      "/usr/lib/kinds/c": { hardlinkTo: "/usr/share/kinds/a" },
      "/etc/kinds.conf": { content: "configuration", config: "noreplace" },
      "/var/log/kinds.log": { ghost: true, content: "" },
      "/usr/share/doc/kinds/README": { content: "read me", doc: true },
      "/usr/share/doc/kinds/inner/more": { content: "read more", doc: true },
      "/usr/share/doc/mixed/README": { content: "read me", doc: true },
      "/usr/share/doc/mixed/LICENSE": { content: "terms", license: true },
      "/usr/share/doc/no-directory/README": { content: "read me", doc: true },
    },
  },
  // The same directories, by one, two and three packages, and the same file by two.
  ...["one", "two", "three"].map((name, index): RpmFixture => {
    const previous = ["filesystem", "one", "two"][index] ?? "";
    return {
      name,
      requires: [previous],
      payload: ["w.ufdio", "w6.xzdio", "w9.gzdio"][index] ?? "",
      dirs: { "/usr/share/common": { mode: 0o711 }, "/usr/share/common/deep": {} },
      files: {
        [`/usr/share/common/deep/${name}`]: name,
        ...(index < 2 ? { "/usr/share/common/same": "same" } : {}),
        "/usr/share/common/README": { content: "read me", doc: true },
      },
    };
  }),
  // A directory that is a symlink, and packages whose paths lead through it.
  { name: "merged", requires: ["filesystem"], files: { "/opt/lib": { symlinkTo: "/usr/lib" } } },
  {
    name: "through",
    requires: ["merged"],
    requiresPre: ["merged"],
    dirs: { "/opt/lib/through": {} },
    files: { "/opt/lib/through/file": "file", "/opt/lib/through/other": { hardlinkTo: "/opt/lib/through/file" } },
  },
  // Files that are there before their package comes.
  {
    name: "early",
    requires: ["filesystem"],
    scriptlets: [
      lua(
        "post",
        `posix.mkdir("/usr/share/late") ${append("/etc/late.conf", "early")} ${append("/usr/share/late/file", "early")}`,
      ),
    ],
  },
  {
    name: "late",
    requires: ["early"],
    requiresPre: ["early"],
    dirs: { "/usr/share/late": { mode: 0o750 } },
    files: {
      "/etc/late.conf": { content: "late", config: "noreplace" },
      "/usr/share/late/before": "before",
      "/usr/share/late/file": "late",
      "/usr/share/late/same": { hardlinkTo: "/usr/share/late/before" },
    },
  },
];

for (const docs of [false, true]) {
  test(`files of every kind are the same by either, ${docs ? "with" : "without"} documentation`, async (t) => {
    const scene = await Scene.create(t);
    await scene.publish(ofEveryKind);
    scene.writeManifest({ packages: ["capable", ...ofEveryKind.map(({ name }) => name)], docs });
    for (const engine of ["dnf", "rpm"]) {
      const options = ["--engine", engine, "--image", "image", "--tag", engine];
      const result = await scene.run(["build", ...options]);
      assert.equal(result.code, 0, result.stderr);
    }
    assert.equal(digestOf(scene.layout, "rpm"), digestOf(scene.layout, "dnf"));
  });
}

test("without dnf, or any other program, a build goes on with librpm, and says so", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest(contents);
  await scene.publish(scripted);
  mkdirSync(scene.path("bin"));
  linkNamespacePrograms(scene.path("bin"));
  const result = await scene.build([], { env: { PATH: scene.path("bin") } });
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /Using librpm to install packages, as dnf was not found on PATH/);
  const byDnf = await scene.run(["build", "--image", "image", "--tag", "dnf"]);
  assert.equal(byDnf.code, 0, byDnf.stderr);
  assert.equal(digestOf(scene.layout, "test"), digestOf(scene.layout, "dnf"));
});

test("-v shows each package and scriptlet, how long it ran and what it printed", async (t) => {
  const scene = await Scene.create(t);
  await scene.publish(scripted);
  scene.writeManifest({ packages: ["second"] });
  const { code, stderr } = await scene.build(["--engine", "rpm", "-v"]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Installing second-1-1\.noarch \(\d\/\d\)/);
  assert.match(stderr, /Running %post of second-1-1\.noarch\nhello from second\nIt ran for \d+\.\d\d s/);
  assert.match(stderr, /Running %pretrans of first-1-1\.noarch\nbefore all/);
});

test("a scriptlet that fails its package fails the build, by name; another one is warned of", async (t) => {
  const scene = await Scene.create(t);
  const warning = { section: "post", interpreter: "<lua>", body: 'error("not so bad")' } as const;
  await scene.publish([{ name: "warning", scriptlets: [warning] }]);
  scene.writeManifest({ packages: ["warning"] });
  const warned = await scene.build(["--engine", "rpm"]);
  if (isRpm6) {
    assert.equal(warned.code, 1, warned.stderr);
    assert.match(warned.stderr, /%post of warning-1-1\.noarch failed/);
  } else {
    assert.equal(warned.code, 0, warned.stderr);
    assert.match(warned.stderr, /Warning %post of warning-1-1\.noarch failed; the package is installed all the same/);
  }
  scene.writeManifest({ packages: ["failing"] });
  const failed = await scene.build(["--engine", "rpm"]);
  assert.equal(failed.code, 1, failed.stderr);
  assert.match(failed.stderr, /failed to install packages[\s\S]*%pre of failing-1-1\.noarch failed/);
  assert.match(failed.stderr, /failing on purpose/);
});

test("packages whose files conflict are named", async (t) => {
  const scene = await Scene.create(t);
  const file = (content: string) => ({ "/usr/share/conflict": content });
  await scene.publish([
    { name: "one", files: file("1\n") },
    { name: "other", files: file("2\n") },
  ]);
  scene.writeManifest({ packages: ["one", "other"] });
  const result = await scene.build(["--engine", "rpm"]);
  assert.equal(result.code, 1, result.stderr);
  assert.match(result.stderr, /file \/usr\/share\/conflict conflicts between attempted installs of/);
});

test("an engine that is none is refused", async (t) => {
  const scene = await Scene.create(t, { packages: ["filesystem"] });
  scene.writeManifest();
  const result = await scene.build(["--engine", "apt"]);
  assert.equal(result.code, 2, result.stderr);
  assert.match(result.stderr, /--engine: `apt` is neither dnf nor rpm/);
});
