import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { RpmociError } from "../../src/errors.js";
import { openImage } from "../../src/layout/open-image.js";
import { digestFiles, type ReadTree, readTopmost, readTree } from "../../src/layout/read-tree.js";
import type { Descriptor } from "../../src/model/descriptor.js";
import { needsRoot } from "../support/needs-root.js";
import { type Packing, type RawLayer, writeRawLayout } from "../support/raw-layout.js";
import { runSuccessfully } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { listTree, type Tree, type TreeEntry } from "../support/tree-listing.js";

const env = { LC_ALL: "C" };

async function read(path: string, isWanted: (path: string) => boolean = () => false): Promise<ReadTree> {
  const directory = join(path, "..", "extracted");
  mkdirSync(directory, { recursive: true });
  return readTree(await openImage({ path, tag: undefined }), { directory, isWanted, signal: undefined });
}

async function archiveOf(folder: string, args: readonly string[]): Promise<Buffer> {
  const path = join(folder, "..", "archive.tar");
  await runSuccessfully("tar", ["-C", folder, ...args, "-cf", path, "."], { env });
  return readFileSync(path);
}

const CAPABILITY = Buffer.from("security.capability").toString("hex");

/** What both sides know. */
function comparable(tree: Tree, { capabilities }: { readonly capabilities: boolean }): unknown {
  const fields = ([path, entry]: readonly [string, TreeEntry]) => {
    const mode = entry.kind === "symlink" ? 0o777 : entry.mode;
    const { kind, uid, gid, size, target = "", device = "", xattrs } = entry;
    const times = kind === "directory" ? {} : { mtime: entry.mtime };
    const capability = capabilities ? (xattrs[CAPABILITY] ?? "") : "";
    return [path, { kind, mode, uid, gid, size, target, device, capability, ...times }];
  };
  return Object.fromEntries([...tree].map(fields).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)));
}

async function listed(path: string, tree: ReadTree): Promise<Tree> {
  const files = tree.files.filter(({ inode }) => inode.type === "file");
  const wanted = new Map(files.map(({ inode }) => [inode, "sha256"]));
  const digests = await digestFiles(await openImage({ path, tag: undefined }), wanted, undefined);
  return new Map(
    tree.files.map(({ path: name, inode }): [string, TreeEntry] => [
      Buffer.from(name.replace(/^\//, ""), "latin1").toString("hex"),
      {
        kind: inode.type,
        mode: inode.mode,
        uid: inode.uid,
        gid: inode.gid,
        size: inode.size,
        mtime: inode.mtime,
        xattrs: inode.capability === "" ? {} : { [CAPABILITY]: inode.capability },
        target: Buffer.from(inode.linkTarget, "latin1").toString("hex"),
        device: inode.device,
        digest: digests.get(inode) ?? "",
      },
    ]),
  );
}

const MAKE_TREE = String.raw`
set -e
long=$(printf 'n%.0s' $(seq 250))
mkdir -p usr/bin "deep/$long/$long" empty
echo content > usr/bin/program; ln usr/bin/program usr/bin/other; chmod 4755 usr/bin/program
setcap cap_setfcap,cap_net_raw+ep usr/bin/program
echo long > "deep/$long/$long/file"; ln -s "$long/$long/$long" "deep/link"
ln "deep/$long/$long/file" "deep/$long/$long/hard-$(printf 'h%.0s' $(seq 120))"
printf 'bytes' > "$(printf 'caf\351\nline')"; mkfifo pipe; mknod device c 10 200; mknod block b 7 3
: > nothing; head -c 70000 /dev/zero > block-and-more; chmod 1777 empty; chown 123:4567890 usr/bin/program nothing
touch -d @-5 nothing; touch -d @8589934593 block-and-more
`;

for (const [format, packing] of [
  ["gnu", "none"],
  ["pax", "gzip"],
  ["pax", "zstd"],
] as const satisfies readonly (readonly [string, Packing])[]) {
  test(`GNU tar's ${format} archives, packed with ${packing}, are read as they are`, { skip: needsRoot }, async (t) => {
    const base = temporaryDirectory(t);
    const source = join(base, "tree");
    mkdirSync(source);
    await runSuccessfully("sh", ["-c", MAKE_TREE], { cwd: source, env });
    const xattrs = format === "pax" ? ["--xattrs", "--xattrs-include=*"] : [];
    const archive = await archiveOf(source, [`--format=${format}`, ...xattrs]);
    await writeRawLayout(join(base, "layout"), [{ archive, packing }]);
    const tree = await read(join(base, "layout"), (path) => path === "/block-and-more");
    const options = { capabilities: format === "pax" };
    const original = await listTree(source);
    const found = await listed(join(base, "layout"), tree);
    assert.deepEqual(comparable(found, options), comparable(original, options));
    for (const [path, { digest = "" }] of original) assert.equal(found.get(path)?.digest, digest, path);
    const program = tree.byPath.get("/usr/bin/program")?.inode;
    assert.ok(program !== undefined && program === tree.byPath.get("/usr/bin/other")?.inode);
    const [extracted = ""] = tree.extracted.values();
    assert.equal(tree.extracted.size, 1);
    assert.deepEqual(readFileSync(extracted), Buffer.alloc(70_000));
  });
}

/** Each layer is a script that fills its folder. */
async function layersOf(t: TestContext, scripts: readonly string[]): Promise<{ base: string; layers: RawLayer[] }> {
  const base = temporaryDirectory(t);
  const layers = [];
  for (const [index, script] of scripts.entries()) {
    const folder = join(base, `layer-${index}`);
    mkdirSync(folder);
    await runSuccessfully("sh", ["-ec", script], { cwd: folder, env });
    layers.push({ archive: await archiveOf(folder, ["--format=pax", "--sort=name"]) });
  }
  return { base, layers };
}

test("layers lie on each other as umoci unpacks them, whiteouts and all", { skip: needsRoot }, async (t) => {
  const { base, layers } = await layersOf(t, [
    `mkdir -p kept gone/deep opaque again file-to-directory-not dir-to-file/sub usr/lib
     touch kept/a kept/b gone/deep/x opaque/old again/old dir-to-file/sub/x file-to-dir; echo 1 > changed; ln -s usr/lib lib`,
    `mkdir -p kept opaque again file-to-dir; touch kept/.wh.b .wh.gone opaque/.wh..wh..opq opaque/new
     touch .wh.again again/new dir-to-file file-to-dir/x; echo two > changed; chmod 700 kept`,
    `mkdir gone; touch gone/back .wh.never; echo three > three; ln three four`,
    `touch .wh.three`,
  ]);
  const layout = join(base, "layout");
  await writeRawLayout(layout, layers);
  await runSuccessfully("umoci", ["raw", "unpack", "--image", `${layout}:test`, join(base, "unpacked")], { env });
  const options = { capabilities: true };
  const found = await listed(layout, await read(layout));
  const expected = await listTree(join(base, "unpacked"));
  assert.deepEqual(comparable(found, options), comparable(expected, options));
  for (const [path, { digest = "" }] of expected) assert.equal(found.get(path)?.digest, digest, path);
  const names = [...found.keys()].map((path) => Buffer.from(path, "hex").toString());
  assert.ok(names.includes("opaque/new") && names.includes("again/new") && names.includes("gone/back"));
  assert.ok(names.includes("four") && !names.includes("three") && !names.includes("gone/deep"));
});

test("directories need no entry, and not before what is in them", async (t) => {
  const { base, layers } = await layersOf(t, ["mkdir -p a/b; touch a/b/c", "mkdir -p a/b; touch a/new", "mkdir a"]);
  const folder = (index: number): string => join(base, `layer-${index}`);
  const layout = join(base, "layout");
  const first = { archive: await archiveOf(folder(0), ["--no-recursion", "./a/b/c"]) };
  const second = { archive: await archiveOf(folder(1), ["--no-recursion", "./a/new", "./a"]) };
  await writeRawLayout(layout, [first, second, layers[2] as RawLayer]);
  const tree = await read(layout);
  assert.deepEqual(
    tree.files.map(({ path }) => path),
    ["/", "/a", "/a/b/c", "/a/new"],
  );
});

test("of the topmost layers, as many are read as it takes, and links lead into those below", async (t) => {
  const { base, layers } = await layersOf(t, [
    "mkdir objects other; echo database > objects/1; echo old > wanted; echo low > other/wanted",
    "mkdir other; ln -s /wanted other/link; touch other/.wh.wanted; echo new > wanted",
    "mkdir objects; echo two > objects/2; ln objects/2 z; touch nothing",
    "touch last",
  ]);
  const layout = join(base, "layout");
  // A link into the lowest layer, as of rpm-ostree's files into its repository.
  const script =
    "mkdir objects; echo x > objects/1; ln objects/1 far; tar --format=pax -cf ../far.tar ./objects/1 ./far";
  mkdirSync(join(base, "far"));
  await runSuccessfully("sh", ["-ec", script], { cwd: join(base, "far"), env });
  await runSuccessfully("tar", ["--delete", "-f", "far.tar", "./objects/1"], { cwd: base });
  await writeRawLayout(layout, [
    ...layers.slice(0, 2),
    { archive: readFileSync(join(base, "far.tar")) },
    ...layers.slice(2),
  ]);
  const opened: number[] = [];
  const image = await openImage({ path: layout });
  const source = {
    ...image,
    openBlob: (descriptor: Descriptor) => {
      opened.push(image.layers.indexOf(descriptor));
      return image.openBlob(descriptor);
    },
  };
  const reading = async (wanted: readonly string[]): Promise<readonly (string | undefined)[]> => {
    opened.length = 0;
    const directory = mkdtempSync(join(base, "extracted-"));
    const textAt = ({ byPath, extracted }: ReadTree, path: string): string | undefined => {
      const inode = byPath.get(path)?.inode;
      const file = inode && extracted.get(inode);
      return file && readFileSync(file, "utf8");
    };
    const tree = await readTopmost(source, {
      directory,
      isWanted: (path) => wanted.includes(path),
      isEnough: (read) => wanted.every((path) => textAt(read, path) !== undefined),
      signal: undefined,
    });
    return wanted.map((path) => textAt(tree, path));
  };
  assert.deepEqual(await reading(["/nothing"]), [""]);
  assert.deepEqual(opened, [4, 3]);
  assert.deepEqual(await reading(["/wanted"]), ["new\n"]);
  assert.deepEqual(opened, [4, 3, 2, 1]);
  assert.deepEqual(await reading(["/z"]), ["two\n"]);
  assert.deepEqual(opened, [4, 3, 3]);
  assert.deepEqual(await reading(["/wanted", "/other/wanted"]), ["new\n", undefined]);
  assert.deepEqual(opened, [4, 3, 2, 1, 0]);
  assert.deepEqual(await reading(["/far"]), ["database\n"]);
  assert.deepEqual(opened, [4, 3, 2, 1, 0, 0]);
});

test("an archive of a layout is read as the layout is", async (t) => {
  const { base, layers } = await layersOf(t, ["mkdir a; echo 1 > a/b"]);
  await writeRawLayout(join(base, "layout"), layers);
  const archive = join(base, "image.tar");
  await runSuccessfully("skopeo", ["copy", `oci:${base}/layout:test`, `oci-archive:${archive}:named`]);
  for (const tag of [undefined, "named"]) {
    const source = await openImage({ path: archive, tag });
    const tree = await readTree(source, { directory: base, isWanted: () => false, signal: undefined });
    assert.deepEqual(
      tree.files.map(({ path }) => path),
      ["/", "/a", "/a/b"],
    );
  }
  await assert.rejects(openImage({ path: archive, tag: "other" }), /no image with the tag other/);
  writeFileSync(archive, readFileSync(archive).subarray(0, 2000));
  await assert.rejects(openImage({ path: archive, tag: undefined }), { kind: "usage", code: "IMAGE_UNKNOWN" });
});

async function refused(t: TestContext, archive: Buffer, reason: RegExp, packing: Packing = "none"): Promise<void> {
  const layout = join(temporaryDirectory(t), "layout");
  await writeRawLayout(layout, [{ archive, packing }]);
  await assert.rejects(read(layout), (error) => {
    assert.ok(error instanceof RpmociError, String(error));
    assert.deepEqual([error.kind, error.code], ["verify", "IMAGE_DAMAGED"]);
    assert.match(error.message, reason);
    assert.equal(error.message.split("\n").length, 1);
    return true;
  });
}

test("what is no archive, or a hostile one, is refused with a reason", async (t) => {
  const { base, layers } = await layersOf(t, [
    "mkdir a; echo 1 > a/b; ln a/b a/c; truncate -s 1M sparse; echo 1 >> sparse",
  ]);
  const [{ archive } = { archive: Buffer.alloc(0) }] = layers;
  await refused(t, Buffer.alloc(2048, "x"), /not a tar archive/);
  await refused(t, archive.subarray(0, 1200), /ends too early/);
  await refused(t, archive.subarray(0, 1024 + 20), /ends too early/, "gzip");
  await refused(t, archive.subarray(0, 1024 + 20), /ends too early/, "zstd");
  const folder = join(base, "layer-0");
  await refused(t, await archiveOf(folder, ["--sparse", "--format=gnu"]), /are not known/);
  await refused(t, await archiveOf(folder, ["--sparse", "--format=pax"]), /are not known/);
  await refused(t, await archiveOf(folder, ["--transform", "s,^,a/../../,", "-P"]), /leads out of the root/);
  await refused(t, withField(archive, "./a/c", 157, "./a/z"), /"\/a\/z", which is not there/);
  await refused(t, withField(archive, "./a/b", 124, "\u00ff".repeat(12)), /negative/);
  await refused(t, withField(archive, "./a/b", 156, "?"), /are not known/);
});

/** The archive with other bytes at an offset in an entry's header. */
function withField(archive: Buffer, name: string, offset: number, value: string): Buffer {
  const changed = Buffer.from(archive);
  const start = changed.indexOf(`${name}\0`, 0, "latin1");
  changed.write(value, start + offset, "latin1");
  changed.fill(" ", start + 148, start + 156);
  const sum = changed.subarray(start, start + 512).reduce((total, byte) => total + byte, 0);
  changed.write(`${sum.toString(8).padStart(6, "0")}\0 `, start + 148, "latin1");
  return changed;
}

test("a blob with other bytes is found, whatever they unpack to", async (t) => {
  const { base, layers } = await layersOf(t, ["mkdir a; echo 1 > a/b"]);
  for (const packing of ["none", "gzip", "zstd"] as const) {
    const layout = join(base, packing);
    await writeRawLayout(layout, [{ archive: layers[0]?.archive ?? Buffer.alloc(0), packing }]);
    const source = await openImage({ path: layout, tag: "test" });
    const path = join(layout, "blobs", source.layers[0]?.digest.replace(":", "/") ?? "");
    const bytes = readFileSync(path);
    for (let position = 0; position < bytes.length; position += Math.ceil(bytes.length / 40)) {
      const other = Buffer.from(bytes);
      other[position] = (other[position] ?? 0) ^ 0x10;
      writeFileSync(path, other);
      await assert.rejects(read(layout), { kind: "verify", code: "IMAGE_DAMAGED" }, `${packing} ${position}`);
    }
  }
});
