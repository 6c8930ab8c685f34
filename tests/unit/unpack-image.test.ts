import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { openImage } from "../../src/layout/open-image.js";
import { readTree } from "../../src/layout/read-tree.js";
import { unpackImage } from "../../src/layout/unpack-image.js";
import { differences } from "../support/compare-trees.js";
import { needsRoot } from "../support/needs-root.js";
import { type RawLayer, writeRawLayout } from "../support/raw-layout.js";
import { runSuccessfully } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { listTrees } from "../support/tree-listing.js";

const env = { LC_ALL: "C" };

const MAKE_TREE = String.raw`
set -e
long=$(printf 'n%.0s' $(seq 200))
mkdir -p usr/bin "deep/$long/$long" empty closed
echo content > usr/bin/program; ln usr/bin/program usr/bin/other; ln usr/bin/program closed/third
echo long > "deep/$long/$long/file"; ln -s "$long/$long" "deep/link"; ln -s /nowhere usr/dangling
printf 'bytes' > "$(printf 'caf\351\nline')"; mkfifo pipe; mknod device c 10 200; mknod block b 7 3
: > nothing; head -c 700000 /dev/urandom > large; chmod 1777 empty; chown -h 123:456 usr/bin/program nothing usr/dangling
chmod 4755 usr/bin/program; setcap cap_setfcap,cap_net_raw+ep usr/bin/program
python3 -c 'import os; os.setxattr("large", "user.colour", b"blue"); os.setxattr("empty", "user.of", b"directory")'
touch -d '1969-12-31 23:59:50.25 UTC' nothing; touch -d '2021-03-04 05:06:07.123456789 UTC' large
touch -h -d '2022-03-04 05:06:07.000000001 UTC' usr/dangling; touch -d '2020-01-01 UTC' device pipe
chmod 0500 closed; touch -d '2019-01-01 00:00:00.5 UTC' closed usr/bin usr deep . 
`;

async function archiveOf(folder: string): Promise<Buffer> {
  const path = `${folder}.tar`;
  await runSuccessfully("tar", ["-C", folder, "--format=pax", "--xattrs", "--xattrs-include=*", "-cf", path, "."], {
    env,
  });
  return readFileSync(path);
}

async function unpacked(folder: string, layers: readonly RawLayer[]): Promise<string> {
  const [layout, root, scratch] = ["layout", "root", "scratch"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeRawLayout(layout, layers);
  mkdirSync(root);
  mkdirSync(scratch);
  const source = await openImage({ path: layout, tag: undefined });
  const tree = await readTree(source, { directory: scratch, isWanted: () => false, signal: undefined });
  await unpackImage(source, tree, root, undefined);
  return root;
}

for (const packing of ["gzip", "zstd", "none"] as const) {
  test(`an image of ${packing} is unpacked with all that its archive has`, { skip: needsRoot }, async (t) => {
    const folder = temporaryDirectory(t);
    const made = join(folder, "made");
    mkdirSync(made);
    await runSuccessfully("sh", ["-c", MAKE_TREE], { cwd: made, env });
    const root = await unpacked(folder, [{ archive: await archiveOf(made), packing }]);
    const [expected, actual] = await listTrees([made, root]);
    assert.deepEqual(differences(expected ?? new Map(), actual ?? new Map()), []);
    for (const path of ["large", "usr/dangling", "closed", "usr/bin", ".", "nothing", "device"]) {
      const [was, is] = [made, root].map((top) => lstatSync(join(top, path), { bigint: true }).mtimeNs);
      assert.equal(is, was, path);
    }
  });
}

test("what upper layers hide is not unpacked, and directories that no layer has are made", {
  skip: needsRoot,
}, async (t) => {
  const folder = temporaryDirectory(t);
  const layer = async (name: string, script: string, tar: readonly string[] = ["."]): Promise<RawLayer> => {
    const made = join(folder, name);
    mkdirSync(made);
    await runSuccessfully("sh", ["-ec", script], { cwd: made, env });
    await runSuccessfully("tar", ["-C", made, "--format=pax", "--no-recursion", "-cf", `${made}.tar`, ...tar], { env });
    return { archive: readFileSync(`${made}.tar`) };
  };
  const all = (...paths: readonly string[]): readonly string[] => paths;
  const root = await unpacked(folder, [
    await layer(
      "one",
      "mkdir a b; touch a/x a/y b/z; echo old > c; ln -s a d; echo one > e; ln e f",
      all("a", "a/x", "a/y", "b", "b/z", "c", "d", "e", "f"),
    ),
    await layer(
      "two",
      "mkdir -p a b g/h; touch a/.wh.x b/.wh..wh..opq b/new .wh.c g/h/i; mkdir d; touch d/k; echo two > e",
      all("a/.wh.x", "b", "b/.wh..wh..opq", "b/new", ".wh.c", "g/h/i", "d", "d/k", "e"),
    ),
  ]);
  assert.deepEqual(readdirSync(root, { recursive: true }).sort(), [
    "a",
    "a/y",
    "b",
    "b/new",
    "d",
    "d/k",
    "e",
    "f",
    "g",
    "g/h",
    "g/h/i",
  ]);
  assert.equal(readFileSync(join(root, "e"), "utf8"), "two\n");
  assert.equal(readFileSync(join(root, "f"), "utf8"), "one\n");
  const { mode, mtimeMs } = lstatSync(join(root, "g/h"));
  assert.deepEqual([mode & 0o7777, mtimeMs], [0o755, 0]);
});

test("an entry below what is no directory is refused, and nothing is written outside", async (t) => {
  const folder = temporaryDirectory(t);
  const outside = join(folder, "outside");
  mkdirSync(outside);
  const make = `ln -s ${outside} way; mkdir under; touch under/file`;
  const made = join(folder, "made");
  mkdirSync(made);
  await runSuccessfully("sh", ["-ec", make], { cwd: made, env });
  const tar = ["-C", made, "-cf", `${made}.tar`, "--transform", "s,^under/,way/,", "way", "under/file"];
  await runSuccessfully("tar", tar, { env });
  await assert.rejects(unpacked(folder, [{ archive: readFileSync(`${made}.tar`) }]), {
    kind: "verify",
    code: "IMAGE_DAMAGED",
    message: /"\/way\/file": what it is in is not a directory/,
  });
  assert.deepEqual(readdirSync(outside), []);
});
