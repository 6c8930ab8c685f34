import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import test, { type TestContext } from "node:test";
import type { ListedFile } from "../../src/inspect/files.js";
import type { Removal, SizeReport } from "../../src/inspect/size.js";
import type { Descriptor } from "../../src/model/descriptor.js";
import { digestOf, readImage, readIndex } from "../support/image.js";
import { writeRawLayout } from "../support/raw-layout.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { runSuccessfully } from "../support/run.js";
import { Scene } from "../support/scene.js";
import { tinyPackages } from "../support/tiny-distribution.js";
import { WrittenLayout } from "../support/written-image.js";

const bytes = (count: number): string => "x".repeat(count);

interface SpdxPackage {
  readonly name: string;
}

/** `top` → `middle` ↔ `ring` → `deep`; `shared` is what `other` requires, too. */
const packages: readonly RpmFixture[] = [
  {
    name: "top",
    requires: ["middle", "/usr/share/by-path", "libshared.so.1()(64bit) >= 0"],
    files: { "/opt/top": bytes(1) },
  },
  { name: "middle", requires: ["ring >= 1"], files: { "/opt/middle": bytes(10) } },
  { name: "ring", requires: ["(deep or nothing)", "middle"], files: { "/opt/ring": bytes(100) } },
  { name: "deep", requires: ["shared"], files: { "/opt/deep": bytes(1000), "/opt/same": { hardlinkTo: "/opt/deep" } } },
  { name: "paths", files: { "/usr/share/by-path": bytes(10_000) } },
  { name: "shared", provides: ["libshared.so.1()(64bit) = 1"], files: { "/opt/shared": bytes(100_000) } },
  { name: "other", source: { name: "others", version: "7", release: "1" }, requires: ["shared"] },
  { name: "another", source: { name: "others", version: "7", release: "1" }, files: { "/opt/another": bytes(5) } },
];

async function built(
  t: TestContext,
  more: readonly RpmFixture[],
  names: readonly string[],
  layers = "",
): Promise<Scene> {
  const scene = await Scene.create(t, { packages: [...Object.keys(tinyPackages), ...more] });
  scene.writeManifest({ packages: names });
  appendFileSync(scene.path("rpmoci.toml"), `\n[layers]\n${layers}\n`);
  const { code, stderr } = await scene.build();
  assert.equal(code, 0, stderr);
  return scene;
}

async function json<T>(scene: Scene, args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await scene.run([...args, "--json"]);
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

test("the files of an image, with their packages and layers", async (t) => {
  const scene = await built(t, [], ["app", "capable"], 'strategy = "package"\ncompression = "zstd"');
  const files = await json<readonly ListedFile[]>(scene, ["files", "image:test"]);
  const at = (path: string): ListedFile | undefined => files.find((file) => file.path === path);
  const app = at("/usr/bin/app");
  assert.deepEqual([app?.type, app?.mode, app?.size, app?.packages], ["file", 0o755, 13, ["app-2.0-1.noarch"]]);
  assert.equal(app?.layer, at("/usr/bin/app-link")?.layer);
  assert.equal(at("/usr/bin/app-symlink")?.linkTarget, "app");
  assert.deepEqual(at("/usr/lib/sysimage/rpm/rpmdb.sqlite")?.packages, []);
  assert.equal(
    at("/usr/lib/sysimage/rpm/rpmdb.sqlite")?.layer,
    readImage(scene.layout, "test").manifest.layers.length - 1,
  );
  assert.equal(at("/usr/share/doc/app/README"), undefined);
  const found = await json<readonly ListedFile[]>(scene, ["files", "image", "*.conf", "/usr/bin/*", "--digest"]);
  assert.deepEqual(
    found.map(({ path }) => path),
    ["/etc/app.conf", "/usr/bin/app", "/usr/bin/app-link", "/usr/bin/app-symlink", "/usr/bin/capable"],
  );
  assert.equal(found[0]?.digest, "sha256:d5c5f09b69f25bf5059606bc891a4bdaac96e4ba058fc001cab9a8a4b9ee7c39");
  const [first] = (await scene.run(["files", "image", "app*"])).stdout.split("\n");
  assert.match(first ?? "", /^-rw-r--r-- {2}0:0 +10 +\d +app-2\.0-1\.noarch +\/etc\/app\.conf$/);
});

test("names of files cannot forge lines", async (t) => {
  const scene = await Scene.create(t, { packages: [] });
  await runSuccessfully("sh", ["-c", 'mkdir tree && touch "tree/a\nb" "$(printf "tree/\\033[1mbold")"'], {
    cwd: scene.directory,
  });
  await runSuccessfully("tar", ["-C", scene.path("tree"), "-cf", scene.path("tree.tar"), "."]);
  const archive = Buffer.from(await runSuccessfully("base64", [scene.path("tree.tar")]), "base64");
  await writeRawLayout(scene.layout, [{ archive }]);
  const { stdout, stderr } = await scene.run(["files", "image"]);
  assert.match(stderr, /Warning the image image has no rpm database/);
  assert.deepEqual(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("  ").at(-1)),
    ["/", "/\\x1b[1mbold", "/a\\nb"],
  );
});

test("what takes the space, and what would go with a package", async (t) => {
  const scene = await built(t, packages, ["top", "other", "another"], 'strategy = "package"');
  const report = await json<SizeReport>(scene, ["size", "image"]);
  const row = (name: string | null, from = report) => from.rows.find((entry) => entry.name === name);
  const facts = (name: string): unknown => {
    const entry = row(`${name}-1-1.noarch`);
    return [entry?.size, entry?.files, entry?.saves];
  };
  assert.deepEqual(facts("top"), [1, 1, 11_111]);
  assert.deepEqual(facts("middle"), [10, 1, 1110]);
  assert.deepEqual(facts("ring"), [100, 1, 1100]);
  assert.deepEqual(facts("deep"), [1000, 1, 1000]);
  assert.deepEqual(facts("shared"), [100_000, 1, 100_000]);
  assert.deepEqual(facts("other"), [0, 0, 0]);
  assert.equal(
    report.size,
    report.rows.reduce((sum, { size }) => sum + size, 0),
  );
  assert.ok((row(null)?.size ?? 0) > 10_000);
  const sorted = report.rows.map(({ size }) => size);
  assert.deepEqual(
    sorted,
    sorted.toSorted((a, b) => b - a),
  );

  const sources = await json<SizeReport>(scene, ["size", "image", "--by", "source"]);
  assert.equal(row("others-7-1.src.rpm", sources)?.size, 5);
  const directories = await json<SizeReport>(scene, ["size", "image", "--by", "directory", "--depth", "1"]);
  assert.deepEqual([row("/opt", directories)?.size, row("/opt", directories)?.files], [101_116, 6]);
  const layers = await json<SizeReport>(scene, ["size", "image", "--by", "layer"]);
  const { manifest } = readImage(scene.layout, "test");
  assert.deepEqual(
    new Map(layers.rows.map(({ name, blobSize }) => [name, blobSize])),
    new Map(manifest.layers.map(({ digest, size }) => [digest, size])),
  );
  for (const one of [sources, directories, layers]) assert.equal(one.size, report.size);

  const without = await json<Removal>(scene, ["size", "image", "--without", "m*e"]);
  assert.deepEqual(without, {
    packages: ["middle-1-1.noarch", "deep-1-1.noarch", "ring-1-1.noarch"],
    requiredBy: ["top-1-1.noarch"],
    saves: 1110,
  });
  const both = await json<Removal>(scene, ["size", "image", "--without", "top", "--without", "other"]);
  assert.deepEqual([both.saves, both.requiredBy], [111_111, []]);
  // What the manifest asks for stays.
  const own = await json<Removal>(scene, ["size", "image", "--without", "top", "-f", "rpmoci.toml"]);
  assert.deepEqual(own, await json<Removal>(scene, ["size", "image", "--without", "top"]));
  scene.writeManifest({ packages: ["top", "ring >= 1", "/usr/share/by-path"] });
  const asked = await json<Removal>(scene, ["size", "image", "--without", "top", "-f", "rpmoci.toml"]);
  assert.deepEqual([asked.packages, asked.saves], [["top-1-1.noarch"], 1]);
  const text = await scene.run(["size", "image", "--without", "deep"]);
  assert.equal(text.stdout, "without:\n  deep-1-1.noarch\n\nstill required by:\n  ring-1-1.noarch\n\n1.0 kB less\n");
  assert.match((await scene.run(["size", "image"])).stdout, /^ +1 B +0\.0 % +1 +11\.1 kB {2}top-1-1\.noarch$/m);
});

test("a page with a treemap, whose areas are the sizes", async (t) => {
  const fixtures = ["one", "two", "three"].map(
    (name, index): RpmFixture => ({
      name,
      files: { [`/opt/${name}`]: bytes(1_000_000 * (index + 1)) },
    }),
  );
  const scene = await built(t, fixtures, ["one", "two", "three"]);
  const { code, stderr } = await scene.run(["size", "image:test", "--html", "size.html"]);
  assert.equal(code, 0, stderr);
  const page = readFileSync(scene.path("size.html"), "utf8");
  // Well-formed but for the elements that HTML leaves open, and nothing from elsewhere.
  await runSuccessfully("python3", [
    "-c",
    "import sys, xml.dom.minidom as d; d.parseString(open(sys.argv[1]).read().replace('<!DOCTYPE html>', '').replace('device-width\">', 'device-width\"/>').replace('utf-8\">', 'utf-8\"/>'))",
    scene.path("size.html"),
  ]);
  assert.doesNotMatch(page, /(?:href|src)="(?!#)|https?:|<script/);
  const areas = [...page.matchAll(/<title>(\w+)-1-1\.noarch: .*?width="(\d+)" height="(\d+)"/g)].map(
    ([, name, width, height]): [string, number] => [name ?? "", (Number(width) * Number(height)) / (1200 * 720)],
  );
  const share = new Map(areas);
  const { size } = await json<SizeReport>(scene, ["size", "image"]);
  for (const [index, name] of ["one", "two", "three"].entries()) {
    assert.ok(Math.abs((share.get(name) ?? 0) - (1_000_000 * (index + 1)) / size) < 0.005, name);
  }
  assert.match(page, /<tr id="row-1"><td>3\.0 MB<\/td>.*<td>three-1-1\.noarch<\/td><\/tr>/);
  const again = await scene.run(["size", "image:test", "--html", "again.html"]);
  assert.equal(again.code, 0);
  assert.equal(readFileSync(scene.path("again.html"), "utf8"), page);
  const unwritable = await scene.run(["size", "image", "--html", "no/such/folder.html"]);
  assert.deepEqual([unwritable.code, unwritable.stdout], [1, ""]);
  assert.deepEqual(
    readdirSync(scene.directory).filter((name) => name.endsWith(".part")),
    [],
  );
});

test("of an image of several platforms, the one is looked into that is asked for", async (t) => {
  const scene = await built(t, packages, ["app"]);
  const own = digestOf(scene.layout, "test");
  scene.writeManifest({ packages: ["app", "another"] });
  assert.equal((await scene.run(["build", "--image", "image", "--tag", "foreign"])).code, 0);
  const { manifest, config } = readImage(scene.layout, "foreign");
  const index = readIndex(scene.layout);
  const layout = new WrittenLayout(scene.layout);
  const [host = "", other = ""] = process.arch === "arm64" ? ["arm64", "amd64"] : ["amd64", "arm64"];
  const foreign = layout.blob(manifest.mediaType, {
    ...manifest,
    config: layout.blob(manifest.config.mediaType, { ...config, architecture: other }),
  });
  const [first] = index.manifests.filter(({ digest }) => digest === own);
  const platforms = [
    { ...foreign, platform: { os: "linux", architecture: other } },
    { ...first, annotations: undefined },
  ];
  layout.add(layout.index(platforms as unknown as readonly Descriptor[]), "all");
  for (const [args, count] of [
    [[], 0],
    [["--arch", host], 0],
    [["--arch", other], 1],
    [["--arch", other === "arm64" ? "aarch64" : "x86_64"], 1],
  ] as const) {
    const files = await json<readonly ListedFile[]>(scene, ["files", "image:all", "/opt/another", ...args]);
    assert.equal(files.length, count, args.join(" "));
    const { rows } = await json<SizeReport>(scene, ["size", "image:all", ...args]);
    assert.equal(rows.filter(({ name }) => name === "another-1-1.noarch").length, count);
    const bill = await scene.run(["sbom", "--image", "image:all", "--format", "spdx", ...args]);
    assert.equal(JSON.parse(bill.stdout).packages.filter(({ name }: SpdxPackage) => name === "another").length, count);
    const same = await scene.run(["diff", "image:all", `image@${count === 0 ? own : foreign.digest}`, ...args]);
    assert.deepEqual([same.code, same.stderr], [0, ""]);
    assert.equal((await scene.run(["verify", "image:all", ...args])).code, 0);
  }
  for (const command of [["files"], ["size"], ["verify"], ["sbom", "--format", "spdx", "--image"]]) {
    const { code, stderr } = await scene.run([...command, "image", "--arch", "s390x"]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      new RegExp(`the image image is not for s390x\n +Hint --arch chooses: it is for ${other}, ${host}`),
    );
  }
});

test("what is wrong with the command line is one message", async (t) => {
  const scene = await built(t, [], ["app"]);
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["size", "image", "--without", "ap"], /'ap' names no package of the image image\n +Hint did you mean app\?/],
    [["size", "image", "--by", "colour"], /--by: 'colour' is none of package, source, directory, layer/],
    [["size", "image", "--depth", "deep"], /--depth: 'deep' is not a number/],
    [["files", "nowhere"], /there is no OCI image layout at nowhere: nothing is there/],
    [["files", "image:other"], /there is no image with the tag other in image\n +Hint image has the tags test/],
    [["files", "rpmoci.toml"], /neither the directory of an OCI image layout nor an archive of one/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await scene.run(args);
    assert.deepEqual([code, stdout], [2, ""], stderr);
    assert.match(stderr, message);
  }
  assert.equal((await scene.build(["--label", "a=b"])).code, 0);
  assert.equal((await scene.run(["build", "--image", "image", "--tag", "second"])).code, 0);
  assert.match(
    (await scene.run(["files", "image"])).stderr,
    /more than one image in image\n.*: image:test, image:second\n/,
  );
  writeFileSync(scene.path("image/index.json"), "{");
  assert.equal((await scene.run(["files", "image"])).code, 6);
});
