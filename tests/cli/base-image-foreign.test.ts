/** Bases that other tools made, without an rpm database. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { unpackedTree, withoutDirectoryTimes, writeBased } from "../support/based-scene.js";
import { differences } from "../support/compare-trees.js";
import { digestOf, layerEntries, readImage } from "../support/image.js";
import { needsRoot } from "../support/needs-root.js";
import { digestByOrdinaryUser } from "../support/ordinary-user.js";
import { writeRawLayout } from "../support/raw-layout.js";
import { runSuccessfully } from "../support/run.js";
import { Scene } from "../support/scene.js";
import type { Tree } from "../support/tree-listing.js";

const env = { LC_ALL: "C" };

/** Some of everything, as a container build leaves it. */
const MAKE_TREE = String.raw`
set -e
mkdir -p usr/bin usr/lib64 deep/er etc var/log var/cache/tool tmp dev srv
echo content > usr/bin/program; ln usr/bin/program usr/bin/other; chown 123:12345 usr/bin/program; chmod 4755 usr/bin/program
setcap cap_net_raw+ep usr/bin/program
python3 -c 'import os; os.setxattr("etc", "user.colour", b"blue")'
echo a > deep/er/file; ln deep/er/file deep/hard; ln -s er deep/link; printf 'bytes' > "$(printf 'caf\351')"
mkfifo pipe; mknod device c 10 200; mknod dev/null c 1 3; echo console > dev/console
echo log > var/log/base.log; echo cached > var/cache/tool/data; echo other > var/cache/tool/other; echo left > tmp/left
echo 1234 > etc/machine-id; echo conf > etc/app.conf; echo root:x:0:0::/root:/bin/sh > etc/passwd; echo root:x:0: > etc/group
find . -exec touch -h -d '2021-03-04 05:06:07.123456789 UTC' {} +
chmod 0555 .; chmod 0700 srv
`;

async function foreignBase(scene: Scene, script = MAKE_TREE): Promise<void> {
  const made = scene.path("made");
  mkdirSync(made);
  await runSuccessfully("sh", ["-c", script], { cwd: made, env });
  const archive = scene.path("made.tar");
  await runSuccessfully("tar", ["-C", made, "--format=pax", "--xattrs", "--xattrs-include=*", "-cf", archive, "."], {
    env,
  });
  const second = scene.path("second");
  mkdirSync(join(second, "deep"), { recursive: true });
  writeFileSync(join(second, "deep/.wh.link"), "");
  const upper = scene.path("second.tar");
  await runSuccessfully("tar", ["-C", second, "-cf", upper, "deep/.wh.link"], { env });
  const layers = [
    { archive: readFileSync(archive), packing: "gzip" as const },
    { archive: readFileSync(upper), packing: "none" as const },
  ];
  await writeRawLayout(scene.path("base"), layers);
}

test("a base without an rpm database counts as nothing installed, and stays as it is", {
  skip: needsRoot,
}, async (t) => {
  const scene = await Scene.create(t);
  await foreignBase(scene);
  const paths = [
    { type: "remove", path: "/deep/er" },
    { type: "remove", path: "/var/cache/tool/other" },
    { type: "permissions", path: "/srv", mode: "0711" },
    { type: "file", path: "/new", content: "new" },
    { type: "hardlink", path: "/usr/bin/third", target: "/usr/bin/program" },
  ];
  writeBased(scene, { packages: ["app", "chatty"], contents: { os_release: false }, more: { paths } });
  for (const engine of ["dnf", "rpm"]) {
    const result = await scene.run(["build", "--image", "image", "--tag", engine, "--engine", engine]);
    assert.equal(result.code, 0, result.stderr);
  }
  assert.deepEqual(scene.lockedNames(), ["app", "chatty", "filesystem", "libtiny"]);
  assert.equal(digestOf(scene.layout, "rpm"), digestOf(scene.layout, "dnf"));
  const entries = await layerEntries(scene.layout, "rpm", { index: -1 });
  assert.deepEqual(
    [...entries.values()].filter(({ type }) => type !== "directory").map(({ name }) => name.replace(/^\.\//, "")),
    [
      "deep/.wh.er",
      "etc/app.conf.rpmnew",
      "etc/machine-id",
      "new",
      "usr/bin/app",
      "usr/bin/app-link",
      "usr/bin/app-symlink",
      "usr/bin/other",
      "usr/bin/program",
      "usr/bin/third",
      "usr/lib/sysimage/rpm/rpmdb.sqlite",
      "usr/lib64/libtiny.so.1",
      "var/cache/tool/.wh.other",
    ],
  );
  const [base, image] = [
    await unpackedTree(t, scene.path("base"), "test"),
    await unpackedTree(t, scene.layout, "rpm"),
  ].map(withoutDirectoryTimes) as [Tree, Tree];
  const isOurs =
    /^(deep\/(er|er\/file)$|etc\/(app\.conf\.rpmnew|machine-id)$|new$|usr\/bin\/(app|third)|usr\/lib|usr\/share|var\/lib|var\/log\/app|var\/tmp|var\/cache\/tool\/other$)/;
  const lines = differences(base, image, { except: (path) => isOurs.test(path.toString("latin1")) });
  assert.deepEqual(lines, [
    '"deep/hard": sameAs is undefined, not "deep/er/file"',
    '"srv": mode is 711, not 700',
    '"tmp": mode is 1777, not 755',
  ]);
  assert.deepEqual(
    readImage(scene.layout, "rpm").manifest.layers.slice(0, 2),
    readImage(scene.path("base"), "test").manifest.layers,
  );
  const user = await digestByOrdinaryUser(scene, t);
  if (user !== null) assert.equal(user, digestOf(scene.layout, "rpm"));
});

test("an image may add files alone to a base without an rpm database", { skip: needsRoot }, async (t) => {
  const scene = await Scene.create(t);
  await foreignBase(scene);
  const paths = [{ type: "file", path: "/srv/hello", content: "hello" }];
  writeBased(scene, { packages: [], contents: { os_release: false, repositories: [] }, more: { paths } });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
  const entries = await layerEntries(scene.layout, "test", { index: -1 });
  assert.deepEqual([...entries.keys()], [".", "etc", "etc/machine-id", "srv", "srv/hello"]);
  assert.equal(entries.get("srv")?.mode, 0o700);
  assert.equal(entries.get("etc")?.mtime, 1_614_834_367);
  const again = await scene.run(["build", "--image", "again", "--tag", "test"]);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(digestOf(scene.path("again"), "test"), digestOf(scene.layout, "test"));
});
