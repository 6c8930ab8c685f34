import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import test, { type TestContext } from "node:test";
import type { Difference } from "../../src/pipeline/diff.js";
import { blobPath, readImage } from "../support/image.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { runSuccessfully } from "../support/run.js";
import { type Contents, Scene } from "../support/scene.js";
import { tinyPackages } from "../support/tiny-distribution.js";

const CHANGELOG = [
  "* Tue Jan 02 2024 A B <a@b> - 2-1\n- Repair it\n- And more",
  "* Mon Jan 01 2024 A B <a@b> - 1-1\n- Begin",
];

const users: RpmFixture = {
  name: "users",
  files: { "/etc/passwd": "svc:x:77:77::/:/\n", "/etc/group": "svc:x:77:\n" },
};

/** Two versions with every kind of difference between them. */
const shape = (version: "1" | "2"): RpmFixture => {
  const old = version === "1";
  const file = "/usr/share/shape";
  return {
    name: "shape",
    version,
    requiresPre: ["users"],
    changelog: CHANGELOG.slice(old ? 1 : 0).join("\n\n"),
    dirs: { "/usr/share/shape": {} },
    files: {
      [`${file}/same`]: "same\n",
      [`${file}/contents`]: old ? "one\n" : "two\n",
      [`${file}/size`]: old ? "short\n" : "longer\n",
      [`${file}/mode`]: { content: "", mode: old ? 0o644 : 0o4755 },
      [`${file}/owner`]: { content: "", user: old ? "root" : "svc", group: old ? "root" : "svc" },
      [`${file}/caps`]: { content: "", mode: 0o755, ...(old ? {} : { caps: "cap_net_raw,cap_setfcap=ep" }) },
      [`${file}/target`]: { symlinkTo: old ? "same" : "contents" },
      [`${file}/type`]: old ? "" : { symlinkTo: "same" },
      [`${file}/${old ? "gone" : "come"}`]: "",
    },
  };
};

async function shapes(t: TestContext): Promise<Scene> {
  return Scene.create(t, { packages: [...Object.keys(tinyPackages), users, shape("1"), shape("2")] });
}

async function builds(scene: Scene, tag: string, contents: Contents, layers = ""): Promise<void> {
  scene.writeManifest(contents, { labels: { built: tag } });
  appendFileSync(scene.path("rpmoci.toml"), `\n[layers]\nstrategy = "package"\n${layers}`);
  rmSync(scene.lockfilePath, { force: true });
  const { code, stderr } = await scene.run(["build", "--image", "image", "--tag", tag], { reuse: true });
  assert.equal(code, 0, stderr);
  copyFileSync(scene.lockfilePath, scene.path(`${tag}.lock`));
}

async function compare(scene: Scene, from: string, to: string): Promise<Difference> {
  const { code, stdout, stderr } = await scene.run(["diff", "--json", from, to]);
  const difference: Difference = JSON.parse(stdout);
  assert.deepEqual([code, stderr], [difference.same ? 0 : 1, ""]);
  return difference;
}

test("every kind of difference between two images, and between their lockfiles", async (t) => {
  const scene = await shapes(t);
  await builds(scene, "old", { packages: ["shape-1", "tool", "capable", "app"] });
  await builds(scene, "new", { packages: ["shape", "tool-1.8.*", "app-extras", "app"] });
  const { same, packages, images } = await compare(scene, "image:old", "image:new");
  assert.equal(same, false);
  assert.deepEqual(
    packages.map(({ kind, name, arch, from, to }) => [kind, name, arch, from, to]),
    [
      ["added", "app-extras", "noarch", null, "1-1"],
      ["removed", "capable", "x86_64", "1-1", null],
      ["upgraded", "shape", "noarch", "1-1", "2-1"],
      ["downgraded", "tool", "noarch", "2.0.1-1", "1.8.0-1"],
    ],
  );
  assert.deepEqual(packages[2]?.changelog, [
    { time: 1_704_196_800, author: "A B <a@b> - 2-1", text: "- Repair it\n- And more" },
  ]);
  const share = "/usr/share/shape";
  const owned = new Map(
    images?.files
      .filter(({ path }) => path.startsWith(`${share}/`))
      .map((file) => [file.path.slice(share.length + 1), file]),
  );
  const aspects = (name: string) =>
    owned.get(name)?.aspects.map(({ aspect, from, to }) => (aspect === "contents" ? [aspect] : [aspect, from, to]));
  assert.deepEqual([...owned.keys()], ["caps", "come", "contents", "gone", "mode", "owner", "size", "target", "type"]);
  assert.deepEqual(aspects("caps"), [["capability", "", "cap_net_raw,cap_setfcap=ep"]]);
  assert.deepEqual(aspects("contents"), [["contents"]]);
  assert.deepEqual(aspects("mode"), [["mode", "0644", "4755"]]);
  assert.deepEqual(aspects("owner"), [["owner", "0:0", "77:77"]]);
  assert.deepEqual(aspects("size"), [["size", "6", "7"]]);
  assert.deepEqual(aspects("target"), [["target", "same", "contents"]]);
  assert.deepEqual(aspects("type")?.[0], ["type", "file", "symlink"]);
  assert.deepEqual([owned.get("come")?.kind, owned.get("gone")?.kind], ["added", "removed"]);
  assert.deepEqual(
    [owned.get("come")?.packages, owned.get("gone")?.packages],
    [["shape-2-1.noarch"], ["shape-1-1.noarch"]],
  );
  assert.deepEqual(images?.configuration, [{ key: "config.Labels", from: '{"built":"old"}', to: '{"built":"new"}' }]);
  const layers = (tag: string): readonly string[] =>
    readImage(scene.layout, tag).manifest.layers.map(({ digest }) => digest);
  const shared = layers("new").filter((digest) => layers("old").includes(digest)).length;
  assert.ok(shared >= 4);
  assert.equal(images?.reusedLayers, shared);

  // Lockfiles say the same of packages, with changelogs from the RPMs in the cache.
  const locked = await compare(scene, "old.lock", "new.lock");
  assert.deepEqual([locked.images, locked.packages], [null, packages]);
  assert.deepEqual((await compare(scene, "image:old", "new.lock")).packages, packages);
  const same1 = await compare(scene, "new.lock", "image:new");
  assert.deepEqual([same1.same, same1.packages], [true, []]);

  const text = await scene.run(["diff", "image:old", "image:new"]);
  assert.match(text.stdout, /^ {2}upgraded {4}shape\.noarch {2}1-1 -> 2-1$/m);
  assert.match(text.stdout, /^ {4}\* 2024-01-02 A B <a@b> - 2-1\n {6}- Repair it\n {6}- And more$/m);
  assert.match(text.stdout, /^ {2}changed {3}\/usr\/share\/shape\/mode: mode 0644 -> 4755 {2}\(shape-2-1\.noarch\)$/m);
  assert.match(text.stdout, new RegExp(`^layers: ${shared} of ${layers("new").length} are the same$`, "m"));
});

test("what does not differ, or in its bytes only, and archives", async (t) => {
  const scene = await shapes(t);
  await builds(scene, "one", { packages: ["app"] });
  assert.equal((await scene.run(["diff", "image:one", "image:one"])).stdout, "no difference\n");
  await runSuccessfully("skopeo", ["copy", `oci:${scene.layout}:one`, `oci-archive:${scene.path("one.tar")}:one`]);
  assert.equal((await compare(scene, "image:one", "one.tar")).same, true);
  scene.writeManifest({ packages: ["app"] }, { labels: { built: "one" } });
  appendFileSync(scene.path("rpmoci.toml"), '\n[layers]\nstrategy = "package"\ncompression = "zstd"\n');
  assert.equal((await scene.run(["build", "--image", "image", "--tag", "two"])).code, 0);
  const { same, packages, images } = await compare(scene, "image:one", "image:two");
  assert.deepEqual(
    [same, packages, images?.files, images?.configuration, images?.reusedLayers],
    [false, [], [], [], 0],
  );
  assert.match(
    (await scene.run(["diff", "image:one", "image:two"])).stdout,
    /^what differs is how the layers are written$/m,
  );
  // Times differ where what was built says when.
  const later = { env: { SOURCE_DATE_EPOCH: "1730000000" } };
  assert.equal((await scene.run(["build", "--image", "image", "--tag", "later"], later)).code, 0);
  const [brief, whole] = await Promise.all(
    [[], ["--times"]].map((args) => scene.run(["diff", "image:two", "image:later", ...args])),
  );
  assert.doesNotMatch(brief?.stdout ?? "", /^ {2}changed {3}\/usr: mtime/m);
  assert.match(whole?.stdout ?? "", /^ {2}changed {3}\/usr: mtime 2024-07-03T\S+ -> 2024-10-27T/m);
  // A checksum alone, or a key.
  const text = readFileSync(scene.path("one.lock"), "utf8");
  writeFileSync(
    scene.path("rebuilt.lock"),
    text.replace(/checksum = "[0-9a-f]{64}"/, `checksum = "${"0".repeat(64)}"`),
  );
  assert.deepEqual(
    (await compare(scene, "one.lock", "rebuilt.lock")).packages.map(({ kind, name }) => [kind, name]),
    [["rebuilt", "app"]],
  );
  writeFileSync(scene.path("keys.lock"), text.replace("gpgcheck = true", "gpgcheck = false"));
  assert.deepEqual([(await compare(scene, "one.lock", "keys.lock")).same], [false]);
});

test("trouble has the exit code 2, and one message", async (t) => {
  const scene = await shapes(t);
  await builds(scene, "one", { packages: ["app"] });
  writeFileSync(scene.path("text"), "not a lockfile");
  const layer = blobPath(scene.layout, readImage(scene.layout, "one").manifest.layers[0]?.digest ?? "");
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["image:one", "nowhere"], /there is no OCI image layout at nowhere: nothing is there/],
    [["image:one", "image:two"], /no image with the tag two in image\n +Hint image has the tags one/],
    [["text", "one.lock"], /failed to parse existing lock file text/],
    [["one.lock"], /diff needs a NEW\n +Hint it is: rpmoci diff <OLD> <NEW>/],
    [["image:one", "user"], /there is no OCI image layout at user: /],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await scene.run(["diff", ...args]);
    assert.equal(code, 2, stderr);
    assert.match(`${stdout}${stderr}`, message);
  }
  const bytes = readFileSync(layer);
  writeFileSync(layer, bytes.subarray(0, bytes.length - 5));
  const cut = await scene.run(["diff", "image:one", "one.lock"]);
  assert.equal(cut.code, 2);
  assert.match(cut.stderr, /Error the image image:one is damaged: sha256:/);
});
