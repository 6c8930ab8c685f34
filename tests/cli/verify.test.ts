import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { ImageVerification } from "../../src/pipeline/verify-image.js";
import { digestOf, readImage } from "../support/image.js";
import { needsRoot } from "../support/needs-root.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { runSuccessfully } from "../support/run.js";
import { Scene } from "../support/scene.js";
import { tinyPackages } from "../support/tiny-distribution.js";

/** Files that may, and that may not, be otherwise. */
const odd: RpmFixture = {
  name: "odd",
  files: {
    "/etc/machine-id": "0123456789abcdef\n",
    "/etc/odd.conf": { content: "as it was\n", config: true },
    "/etc/unverified": { content: "changes\n", unverified: ["md5", "size", "mtime"] },
    "/usr/share/odd": { content: "odd\n", user: "nobody-knows", group: "nobody-knows" },
    "/usr/share/type": "a file\n",
    "/usr/share/gone": "not for long\n",
  },
};

async function builtScene(t: TestContext): Promise<Scene> {
  const scene = await Scene.create(t, { packages: [...Object.keys(tinyPackages), odd] });
  scene.writeManifest({ packages: ["app", "capable", "odd"] });
  const { code, stderr } = await scene.build();
  assert.equal(code, 0, stderr);
  return scene;
}

async function verify(scene: Scene, args: readonly string[]): Promise<ImageVerification> {
  const { code, stdout, stderr } = await scene.run(["verify", "--json", ...args]);
  const verification: ImageVerification = JSON.parse(stdout);
  assert.equal(code, verification.good ? 0 : 6, stderr);
  return verification;
}

/** The image with another layer on top that the script fills. */
async function withLayer(scene: Scene, tag: string, script: string): Promise<void> {
  const folder = scene.path(`layer-${tag}`);
  mkdirSync(folder);
  await runSuccessfully("sh", ["-ec", script], { cwd: folder });
  const archive = `${folder}.tar`;
  const xattrs = ["--xattrs", "--xattrs-include=*", "--format=pax"];
  await runSuccessfully("tar", [...xattrs, "-C", folder, "-cf", archive, "."]);
  await runSuccessfully("umoci", ["raw", "add-layer", "--image", `${scene.layout}:test`, "--tag", tag, archive]);
}

test("an image as it was built is good, and what a build changes on purpose is explained", async (t) => {
  const scene = await builtScene(t);
  const { good, packages, deviations, lockfile, rebuilt } = await verify(scene, ["image:test", "-f", "rpmoci.toml"]);
  assert.deepEqual([good, packages, lockfile, rebuilt], [true, 6, [], null]);
  assert.deepEqual(
    deviations.map(({ path, aspect, explanation }) => [path, aspect, explanation]),
    [
      ["/etc/machine-id", "size", "emptied, as it identifies a machine"],
      ["/etc/machine-id", "digest", "emptied, as it identifies a machine"],
      ["/usr/share/odd", "owner", "the image does not know the name"],
    ],
  );
  const text = await scene.run(["verify", "image", "-f", "rpmoci.toml"]);
  assert.match(
    text.stdout,
    /^\d+ files are as their 6 packages say\nfiles of no package: 1\nthe packages are those of the lockfile$/m,
  );
});

test("whatever is not as packages say is found, and configuration may differ", { skip: needsRoot }, async (t) => {
  const scene = await builtScene(t);
  await withLayer(
    scene,
    "changed",
    `mkdir -p usr/bin usr/lib64 usr/share/type etc var/log/app
     printf '#!/bin/FALSE\\n' > usr/bin/app; chmod 4755 usr/bin/app; ln -s other usr/bin/app-symlink
     printf '#!/bin/false\\n' > usr/bin/capable; chmod 755 usr/bin/capable; setcap cap_net_admin=ep usr/bin/capable
     echo longer than before > usr/lib64/libtiny.so.1; chmod 755 usr/lib64/libtiny.so.1
     touch usr/share/.wh.gone; chown 5:6 var/log/app; chmod 750 var/log/app
     echo as it is now, and longer > etc/odd.conf; echo other > etc/unverified`,
  );
  const { good, deviations } = await verify(scene, ["image:changed"]);
  assert.equal(good, false);
  const wrong = deviations.filter(({ explanation }) => explanation === null);
  assert.deepEqual(
    wrong.map(({ path, aspect, expected, actual }) =>
      aspect === "digest" ? [path, aspect] : [path, aspect, expected, actual],
    ),
    [
      ["/usr/bin/app", "mode", "0755", "4755"],
      ["/usr/bin/app", "digest"],
      ["/usr/bin/app-symlink", "target", "app", "other"],
      ["/usr/bin/capable", "capability", "cap_net_raw=ep", "cap_net_admin=ep"],
      ["/usr/lib64/libtiny.so.1", "size", "11", "19"],
      ["/usr/lib64/libtiny.so.1", "digest"],
      ["/usr/share/gone", "missing", null, null],
      ["/usr/share/type", "type", "file", "directory"],
      ["/var/log/app", "owner", "root:root", "5:6"],
    ],
  );
  const explained = deviations.filter(({ path }) => path === "/etc/odd.conf");
  assert.deepEqual(new Set(explained.map(({ explanation }) => explanation)), new Set(["a configuration file"]));
  const { code, stdout } = await scene.run(["verify", "image:changed"]);
  assert.equal(code, 6);
  assert.match(stdout, /^wrong {6}\/usr\/bin\/app: mode 4755, should be 0755 {2}\(app-2\.0-1\.noarch\)$/m);
  assert.match(stdout, /^wrong {6}\/usr\/share\/gone: missing {2}\(odd-1-1\.noarch\)$/m);
  assert.doesNotMatch(stdout, /files are as/);
});

test("what cannot be compared with packages is not good", async (t) => {
  const scene = await builtScene(t);
  await withLayer(scene, "without", "mkdir -p usr/lib/sysimage/rpm; touch usr/lib/sysimage/rpm/.wh.rpmdb.sqlite");
  const without = await scene.run(["verify", "image:without"]);
  assert.equal(without.code, 6);
  assert.match(without.stdout, /^the image has no rpm database, which would say what its files should be$/m);
  await withLayer(scene, "garbage", "mkdir -p usr/lib/sysimage/rpm; echo garbage > usr/lib/sysimage/rpm/rpmdb.sqlite");
  const garbage = await scene.run(["verify", "image:garbage"]);
  assert.deepEqual([garbage.code, garbage.stdout], [6, ""]);
  assert.match(garbage.stderr, /Error the rpm database of the image image:garbage cannot be read: /);
  await withLayer(scene, "more", "mkdir usr; touch usr/one usr/two");
  assert.equal((await verify(scene, ["image:more"])).unowned, 3);
});

test("a flipped byte in any blob is found", async (t) => {
  const scene = await builtScene(t);
  const blobs = scene.path("image/blobs/sha256");
  const index = scene.path("image/index.json");
  const [first = ""] = readdirSync(blobs);
  const paths = [...readdirSync(blobs).map((name) => join(blobs, name)), index, scene.path("image/oci-layout")];
  for (const path of paths) {
    const bytes = readFileSync(path);
    // What an index says beside digests is nobody's to vouch for.
    const start = path === index ? bytes.indexOf("sha256:") : 0;
    const end = path === index ? start + 71 : bytes.length;
    for (const position of [start, Math.floor((start + end) / 2), end - 1]) {
      const flipped = Buffer.from(bytes);
      flipped[position] = (flipped[position] ?? 0) ^ 1;
      writeFileSync(path, flipped);
      const { code, stdout, stderr } = await scene.run(["verify", "image:test"]);
      assert.equal(code, 6, `${path} ${position}: ${stdout}${stderr}`);
    }
    writeFileSync(path, bytes);
  }
  assert.equal((await scene.run(["verify", "image:test"])).code, 0);
  rmSync(join(blobs, first));
  assert.match((await scene.run(["verify", "image:test"])).stdout, /the blob is missing \[BLOB_MISSING\]/);
});

test("the packages must be those of the lockfile", async (t) => {
  const scene = await builtScene(t);
  const lock = readFileSync(scene.lockfilePath, "utf8");
  writeFileSync(
    scene.lockfilePath,
    lock.replace('evr = "2.0-1"', 'evr = "2.1-1"').replace('name = "capable"', 'name = "cap"'),
  );
  const { good, lockfile } = await verify(scene, ["image", "-f", "rpmoci.toml"]);
  assert.equal(good, false);
  assert.deepEqual(
    lockfile?.map(({ kind, name, from, to }) => [kind, name, from, to]),
    [
      ["downgraded", "app", "2.1-1", "2.0-1"],
      ["removed", "cap", "1-1", null],
      ["added", "capable", null, "1-1"],
    ],
  );
  scene.writeManifest({ packages: ["tool"] });
  const outdated = await scene.run(["verify", "image", "-f", "rpmoci.toml"]);
  assert.deepEqual([outdated.code, outdated.stdout], [3, ""]);
});

test("an image that is built again is identical, or it is said what differs", { skip: needsRoot }, async (t) => {
  const scene = await builtScene(t);
  const again = await verify(scene, ["image:test", "--rebuild"]);
  assert.deepEqual([again.good, again.rebuilt?.digest], [true, digestOf(scene.layout, "test")]);
  // Without the repository, from what was vendored.
  assert.equal((await scene.run(["vendor", "--out-dir", "vendored"])).code, 0);
  await scene.server.close();
  const fresh = { env: { XDG_CACHE_HOME: scene.path("empty-cache") } };
  const vendored = await scene.run(["verify", "image:test", "--rebuild", "--vendor-dir", "vendored"], fresh);
  assert.deepEqual([vendored.code, vendored.stderr.match(/Error.*/)], [0, null]);
  // Another time than that of the environment.
  const labelled = ["build", "--image", "image", "--tag", "late", "--label", "a=b"];
  assert.equal((await scene.run(labelled, { env: { SOURCE_DATE_EPOCH: "1730000000" } })).code, 0);
  assert.match(readImage(scene.layout, "late").config.created, /^2024-10-27/);
  const text = await scene.run(["verify", "image:late", "--rebuild", "--label", "a=b"]);
  assert.deepEqual([text.code, text.stderr.match(/Error.*/)], [0, null]);
  assert.match(text.stdout, /^built again, it is identical: sha256:/m);
  const other = await scene.run(["verify", "image:late", "--rebuild"]);
  assert.equal(other.code, 6);
  assert.match(other.stdout, /^built again, it differs: .*\nconfiguration\n {2}config\.Labels: \{"a":"b"\} -> none$/m);
  // One that somebody has changed, with all digests as they should be.
  await withLayer(scene, "changed", "mkdir -p usr/local; echo intruder > usr/local/file");
  const { good, deviations, rebuilt } = await verify(scene, ["image:changed", "--rebuild"]);
  assert.deepEqual([good, deviations.filter(({ explanation }) => explanation === null)], [false, []]);
  assert.deepEqual(
    rebuilt?.difference.images?.files.map(({ kind, path, aspects }) => [
      kind,
      path,
      ...aspects.map(({ aspect }) => aspect),
    ]),
    [
      ["changed", "/", "mtime"],
      ["changed", "/usr", "mtime"],
      ["removed", "/usr/local"],
      ["removed", "/usr/local/file"],
    ],
  );
});

test("what the manifest changes of packages' files is told from the rest by building again", async (t) => {
  const scene = await builtScene(t);
  appendFileSync(
    scene.path("rpmoci.toml"),
    '[[paths]]\npath = "/usr/bin/app"\ntype = "permissions"\nmode = "0700"\n[[paths]]\npath = "/usr/share/gone"\ntype = "remove"\n',
  );
  assert.equal((await scene.build()).code, 0);
  const alone = await scene.run(["verify", "image:test", "-f", "rpmoci.toml"]);
  assert.equal(alone.code, 6);
  assert.match(alone.stdout, /^wrong {6}\/usr\/bin\/app: mode 0700, should be 0755/m);
  assert.match(alone.stdout, /^what the manifest itself changes is told from the rest by --rebuild$/m);
  const again = await scene.run(["verify", "image:test", "--rebuild"]);
  assert.equal(again.code, 0, again.stdout);
  assert.match(
    again.stdout,
    /^explained {2}\/usr\/share\/gone: missing {2}\(odd-1-1\.noarch\): built again, it is the same$/m,
  );
  await withLayer(scene, "changed", "mkdir -p usr/bin; echo > usr/bin/app; chmod 700 usr/bin/app");
  assert.equal((await scene.run(["verify", "image:changed", "--rebuild"])).code, 6);
});

test("an archive is verified as a layout is; what is no image is told", async (t) => {
  const scene = await builtScene(t);
  await runSuccessfully("skopeo", ["copy", `oci:${scene.layout}:test`, `oci-archive:${scene.path("image.tar")}:test`]);
  assert.equal((await verify(scene, ["image.tar", "-f", "rpmoci.toml"])).good, true);
  cpSync(scene.path("image.tar"), scene.path("damaged.tar"));
  const bytes = readFileSync(scene.path("image.tar"));
  const position = bytes.indexOf(Buffer.from([0x1f, 0x8b])) + 100;
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  writeFileSync(scene.path("damaged.tar"), bytes);
  const damaged = await scene.run(["verify", "damaged.tar"]);
  assert.equal(damaged.code, 6);
  assert.match(damaged.stderr, /Error the image damaged\.tar is damaged: sha256:/);
  mkdirSync(scene.path("empty"));
  const empty = await scene.run(["verify", "empty"]);
  assert.deepEqual([empty.code, empty.stdout], [2, ""]);
  assert.match(empty.stderr, /there is no OCI image layout at empty/);
});
