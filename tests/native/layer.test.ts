/** The layer writer of the addon, read back by other people's tools. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { gunzipSync } from "node:zlib";

import type { Binding, LayerBlob } from "../../src/native/binding.js";

const { RPMOCI_ADDON } = process.env;
const addonPath = RPMOCI_ADDON ?? path.resolve(import.meta.dirname, "../../../Release/rpmoci.node");
const addon = createRequire(import.meta.url)(addonPath) as Binding;

const isRoot = process.getuid?.() === 0;
const needsRoot = isRoot ? false : "needs root";
const has = (command: string) => spawnSync(command, ["--version"]).error === undefined;
const needsPython = has("python3") ? false : "needs python3";
const needsBsdtar = has("bsdtar") ? false : "needs bsdtar";

const second = 1_700_000_000;

interface LayerRequest {
  readonly root: string;
  readonly output: string;
  readonly compression: "gzip" | "none";
  readonly level: number;
  readonly maxMtime: number;
  readonly buildStart: number;
  readonly threads: number;
}

interface Written extends LayerBlob {
  readonly entries: number;
  readonly tarSize: number;
  readonly skippedSockets: readonly string[];
  readonly blob: Buffer;
  readonly tar: Buffer;
}

/** A folder that is gone after the test, whatever its depth. */
function temporary(t: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "rpmoci-layer-"));
  t.after(() => execFileSync("rm", ["-rf", folder]));
  return folder;
}

function newRoot(t: TestContext): string {
  const root = path.join(temporary(t), "root");
  fs.mkdirSync(root);
  return root;
}

function request(root: string, options: Partial<LayerRequest> = {}): LayerRequest {
  const output = path.join(path.dirname(root), "blob");
  return {
    root,
    output,
    compression: "gzip",
    level: 6,
    maxMtime: second + 1000,
    buildStart: Number.MAX_SAFE_INTEGER,
    threads: 2,
    ...options,
  };
}

const ignoreProgress = () => undefined;

/** The whole root as one layer, as of a root without a package database. */
async function writeLayer(what: LayerRequest, onProgress: (bytes: number) => void = ignoreProgress) {
  const { root, maxMtime, buildStart, threads, output, compression, level } = what;
  const cancellation = addon.newCancellation();
  const tree = await addon.readTree(root, threads, cancellation);
  const listed = await addon.listLayers({
    tree,
    ownership: null,
    groups: [],
    maxMtime,
    buildStart,
    threads,
    cancellation,
  });
  const outputs = [{ layer: 0, path: output }];
  const listings = listed.handle;
  const [blob] = await addon.writeLayers({ listings, outputs, compression, level, threads, cancellation }, onProgress);
  const [layer] = listed.layers;
  assert.ok(blob !== undefined && layer !== undefined && listed.layers.length === 1);
  return { ...layer, ...blob, skippedSockets: listed.skippedSockets };
}

async function write(root: string, options: Partial<LayerRequest> = {}): Promise<Written> {
  const what = request(root, options);
  const result = await writeLayer(what);
  const blob = fs.readFileSync(what.output);
  return { ...result, blob, tar: what.compression === "gzip" ? gunzipSync(blob) : blob };
}

const sha256 = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

function python(script: string, ...args: string[]): string {
  return execFileSync("python3", ["-c", script, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
}

/** Sets an extended attribute; false where the file system has none. */
function setXattr(file: string, name: string, value: Buffer): boolean {
  const script = "import os,sys; os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]))";
  return spawnSync("python3", ["-c", script, file, name, value.toString("hex")]).status === 0;
}

interface Member {
  /** Hexadecimal bytes. */
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly size: number;
  readonly mtime: number;
  readonly link: string;
  readonly devmajor: number;
  readonly devminor: number;
  /** Key to hexadecimal value. */
  readonly pax: ReadonlyMap<string, string>;
  readonly contents: string | null;
}

const listScript = `
import hashlib, json, os, sys, tarfile
members = []
with tarfile.open(sys.argv[1], encoding="utf-8", errors="surrogateescape") as archive:
    for m in archive:
        contents = hashlib.sha256(archive.extractfile(m).read()).hexdigest() if m.isreg() else None
        pax = {k: v.encode("utf-8", "surrogateescape").hex() for k, v in m.pax_headers.items()}
        members.append(dict(name=os.fsencode(m.name).hex(), type=m.type.decode(), mode=m.mode, uid=m.uid, size=m.size,
                            mtime=m.mtime, link=os.fsencode(m.linkname).hex(), devmajor=m.devmajor,
                            devminor=m.devminor, pax=pax, contents=contents))
json.dump(members, sys.stdout)
`;

/** What python's tarfile finds in the blob. */
function list(root: string): Member[] {
  const members: (Omit<Member, "pax"> & { pax: object })[] = JSON.parse(python(listScript, request(root).output));
  return members.map((member) => ({ ...member, pax: new Map<string, string>(Object.entries(member.pax)) }));
}

const hex = (text: string | Buffer) => Buffer.from(text).toString("hex");

function find(members: readonly Member[], name: string | Buffer): Member {
  const found = members.find((member) => member.name === hex(name));
  assert.ok(found, `no member ${name}`);
  return found;
}

/** The type flags of all headers, in order. */
function typeFlags(tar: Buffer): string {
  let flags = "";
  for (let offset = 0; tar[offset] !== 0; ) {
    flags += String.fromCharCode(tar[offset + 156] ?? 0);
    const size = Number.parseInt(tar.toString("latin1", offset + 124, offset + 135), 8);
    offset += 512 + Math.ceil(size / 512) * 512;
  }
  return flags;
}

const invalidName = Buffer.from([0x66, 0xff, 0x6f]);

/** One of everything that needs no privileges but sockets. All times are before `second`. */
function makeTree(root: string): void {
  const at = (name: string) => path.join(root, name);
  fs.chmodSync(root, 0o755);
  for (const folder of ["etc", "usr", "usr/bin", "empty", "tmp"]) fs.mkdirSync(at(folder));
  fs.writeFileSync(at("etc/passwd"), "root:x:0:0::/root:/bin/sh\n");
  fs.writeFileSync(at("etc-extra"), "");
  fs.writeFileSync(at("usr/bin/su"), randomBytes(3_000_000));
  fs.chmodSync(at("usr/bin/su"), 0o4755);
  fs.chmodSync(at("tmp"), 0o1777);
  fs.writeFileSync(at("new\nline"), "newline");
  fs.writeFileSync(at("größe"), "size");
  fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/`), invalidName]), "latin");
  fs.symlinkSync(invalidName, at("invalid-target"));
  fs.symlinkSync("etc", at("to-directory"));
  fs.symlinkSync("x".repeat(100), at("target-100"));
  fs.symlinkSync("x".repeat(101), at("target-101"));
  fs.symlinkSync("y/".repeat(1500), at("target-3000"));
  fs.linkSync(at("usr/bin/su"), at("usr/bin/zz"));
  fs.linkSync(at("usr/bin/su"), at("etc/aa"));
  execFileSync("mkfifo", [at("fifo")]);
  const long = at(`${"d".repeat(120)}/${"e".repeat(100)}`);
  fs.mkdirSync(long, { recursive: true });
  fs.writeFileSync(path.join(long, "f".repeat(100)), "too long for ustar");
  fs.writeFileSync(at("n".repeat(255)), "does not split");
  fs.writeFileSync(at(`usr/${"p".repeat(96)}`), "100 bytes");
  fs.writeFileSync(at(`usr/${"p".repeat(97)}`), "101 bytes, splits");
  setXattr(at("etc/passwd"), "user.colour", Buffer.from("a=b\n\0c"));
  setXattr(at("etc"), "user.directory", randomBytes(1000));
  execFileSync("find", [root, "-exec", "touch", "-h", "-d", `@${second}.123456789`, "{}", "+"]);
}

test("a tree that GNU tar extracts from the layer is the tree again", async (t) => {
  const root = newRoot(t);
  makeTree(root);
  const first = await write(root);
  const copy = path.join(temporary(t), "copy");
  fs.mkdirSync(copy);
  const args = ["--xattrs", "--xattrs-include=*", "-xpzf", request(root).output, "-C", copy];
  const extracted = spawnSync("tar", args, { encoding: "utf8" });
  assert.equal(extracted.status, 0, extracted.stderr);
  // GNU tar does not know the record, and keeps the bytes of names in any case.
  assert.equal(extracted.stderr.replaceAll("tar: Ignoring unknown extended header keyword 'hdrcharset'\n", ""), "");
  const again = await write(copy);
  assert.equal(again.diffId, first.diffId);
  assert.ok(again.blob.equals(first.blob));
  assert.ok(fs.existsSync(path.join(copy, "new\nline")));
  assert.equal(fs.statSync(path.join(copy, "usr/bin/su")).nlink, 3);
});

test("a tree that bsdtar extracts from the layer is the tree again", { skip: needsBsdtar }, async (t) => {
  const root = newRoot(t);
  makeTree(root);
  const first = await write(root);
  const copy = path.join(temporary(t), "copy");
  fs.mkdirSync(copy);
  const env = { ...process.env, LC_ALL: "C.UTF-8" };
  execFileSync("bsdtar", ["-xpf", request(root).output, "-C", copy], { env });
  // It does not set the time of the folder that it was started in.
  fs.utimesSync(copy, second, second);
  assert.equal((await write(copy)).diffId, first.diffId);
});

test("python's tarfile finds every entry with its type, size, mode and link", { skip: needsPython }, async (t) => {
  const root = newRoot(t);
  makeTree(root);
  const { entries, tar } = await write(root);
  const members = list(root);
  assert.equal(members.length, entries);
  assert.equal(tar.length % 512, 0);
  assert.ok(tar.subarray(-1024).equals(Buffer.alloc(1024)));

  assert.equal(members[0]?.name, hex("."));
  assert.equal(members[0]?.mode, 0o755);
  assert.equal(find(members, "usr/bin/su").type, "1");
  assert.equal(find(members, "usr/bin/su").size, 0);
  assert.equal(find(members, "usr/bin/su").link, hex("etc/aa"));
  assert.equal(find(members, "usr/bin/zz").link, hex("etc/aa"));
  assert.equal(find(members, "etc/aa").type, "0");
  assert.equal(find(members, "etc/aa").mode, 0o4755);
  assert.equal(find(members, "etc/aa").size, 3_000_000);
  const contents = fs.readFileSync(path.join(root, "usr/bin/su"));
  assert.equal(`sha256:${find(members, "etc/aa").contents}`, sha256(contents));
  assert.equal(find(members, "tmp").mode, 0o1777);
  assert.equal(find(members, "fifo").type, "6");
  assert.equal(find(members, "target-101").link, hex("x".repeat(101)));
  assert.equal(find(members, "target-3000").link, hex("y/".repeat(1500)));
  assert.equal(find(members, "invalid-target").link, hex(invalidName));
  assert.equal(find(members, "invalid-target").pax.get("hdrcharset"), hex("BINARY"));
  assert.equal(find(members, invalidName).pax.get("hdrcharset"), hex("BINARY"));
  assert.equal(find(members, "größe").pax.get("path"), hex("größe"));
  assert.equal(find(members, "größe").pax.get("hdrcharset"), undefined);
  find(members, "new\nline");
  for (const member of members) {
    assert.equal(member.mtime, second);
    assert.equal(member.uid, process.getuid?.());
  }
});

test("a pax header is written only where ustar is not enough", { skip: needsPython }, async (t) => {
  const root = newRoot(t);
  makeTree(root);
  await write(root);
  const members = list(root);
  const extended = members.filter((member) => member.pax.size > 0).map((member) => member.name);
  const long = `${"d".repeat(120)}/${"e".repeat(100)}`;
  const expected = [
    "größe",
    invalidName,
    "invalid-target",
    "target-101",
    "target-3000",
    `${long}/${"f".repeat(100)}`,
    "n".repeat(255),
    ...(setXattr(path.join(root, "etc"), "user.directory", Buffer.from("probe")) ? ["etc", "etc/passwd"] : []),
  ].map(hex);
  // The name field would be 121 and 101 bytes long with the slash.
  expected.push(hex("d".repeat(120)), hex(long));
  assert.deepEqual(extended.sort(), expected.sort());
});

test("entries come in the order of their names, directories before what they hold", async (t) => {
  const root = newRoot(t);
  for (const folder of ["b", "a", "a/z"]) fs.mkdirSync(path.join(root, folder));
  for (const file of ["a-b", "a.b", "a/z/1", "a/b", "b/1", "B", "ab"]) fs.writeFileSync(path.join(root, file), file);
  const { tar } = await write(root);
  assert.equal(typeFlags(tar), "50505000050");
  const names = execFileSync("tar", ["-tf", request(root).output], { encoding: "utf8" })
    .trimEnd()
    .split("\n");
  assert.deepEqual(names, ["./", "B", "a/", "a/b", "a/z/", "a/z/1", "a-b", "a.b", "ab", "b/", "b/1"].toSorted(byName));
});

function byName(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => (name === "./" ? "" : name.replace(/\/$/, "").replaceAll("/", "\0")));
  return Buffer.compare(Buffer.from(left ?? ""), Buffer.from(right ?? ""));
}

test("the headers name no user, no group, no device and no time but the file's", async (t) => {
  const root = newRoot(t);
  fs.writeFileSync(path.join(root, "file"), "contents");
  fs.chmodSync(path.join(root, "file"), 0o640);
  const { tar } = await write(root, { maxMtime: 8 });
  const header = tar.subarray(512, 1024);
  assert.equal(header.toString("latin1", 0, 100), "file".padEnd(100, "\0"));
  assert.equal(header.toString("latin1", 100, 108), "0000640\0");
  assert.equal(header.toString("latin1", 124, 148), "00000000010\x0000000000010\0");
  assert.equal(header.toString("latin1", 257, 265), "ustar\x0000");
  assert.ok(header.subarray(265, 512).equals(Buffer.alloc(247)));
});

test("times are cut to whole seconds, bounded, and those of the build replaced", { skip: needsPython }, async (t) => {
  const root = newRoot(t);
  const set = (name: string, time: number) => {
    fs.writeFileSync(path.join(root, name), name);
    execFileSync("touch", ["-d", `@${time}`, path.join(root, name)]);
  };
  set("old", 1000.9);
  set("late", 5000);
  set("just-before-build", 1999);
  set("at-build", 2000);
  set("before-1970", -5);
  await write(root, { maxMtime: 1500, buildStart: 2000 });
  const bounded = list(root);
  assert.equal(find(bounded, "old").mtime, 1000);
  assert.equal(find(bounded, "late").mtime, 1500);
  assert.equal(find(bounded, "before-1970").mtime, -5);
  await write(root, { maxMtime: 3000, buildStart: 2000 });
  const replaced = list(root);
  assert.equal(find(replaced, "just-before-build").mtime, 1999);
  assert.equal(find(replaced, "at-build").mtime, 3000);
  assert.equal(find(replaced, "late").mtime, 3000);
});

test("digests and sizes are those of the file and of the tar in it", async (t) => {
  const root = newRoot(t);
  makeTree(root);
  const zipped = await write(root);
  assert.equal(zipped.digest, sha256(zipped.blob));
  assert.equal(zipped.diffId, sha256(zipped.tar));
  assert.equal(zipped.size, zipped.blob.length);
  assert.equal(zipped.tarSize, zipped.tar.length);
  const plain = await write(root, { compression: "none" });
  assert.equal(plain.diffId, zipped.diffId);
  assert.equal(plain.digest, plain.diffId);
  assert.equal(plain.digest, sha256(plain.blob));
  assert.equal(plain.size, plain.tarSize);
  assert.ok(plain.blob.equals(zipped.tar));
});

test("gzip and python read the blob, which is one member", { skip: needsPython }, async (t) => {
  const root = newRoot(t);
  makeTree(root);
  const { blob, diffId } = await write(root);
  assert.deepEqual([...blob.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  const { output } = request(root);
  assert.equal(sha256(execFileSync("gzip", ["-dc"], { input: blob, maxBuffer: 1 << 28 })), diffId);
  execFileSync("gzip", ["-t"], { input: blob });
  const script = "import gzip,hashlib,sys; print(hashlib.sha256(gzip.open(sys.argv[1]).read()).hexdigest())";
  assert.equal(`sha256:${python(script, output).trim()}`, diffId);
});

test("the bytes do not depend on the number of threads", async (t) => {
  const root = newRoot(t);
  makeTree(root);
  // More than the ring holds, of changing kinds, so that compressors meet blocks in another order.
  const program = fs.readFileSync(process.execPath).subarray(0, 4_000_000);
  for (let i = 0; i < 4; ++i) {
    fs.writeFileSync(
      path.join(root, `big-${i}`),
      Buffer.concat([program.subarray(i * 5e5, i * 5e5 + 15e5), randomBytes(5e5)]),
    );
  }
  for (const level of [1, 6, 9]) {
    const blobs = [];
    for (const threads of [1, 2, 7]) blobs.push((await write(root, { threads, level })).blob);
    assert.ok(blobs[0]?.equals(blobs[1] ?? Buffer.alloc(0)), `level ${level}`);
    assert.ok(blobs[0]?.equals(blobs[2] ?? Buffer.alloc(0)), `level ${level}`);
  }
});

test("the bytes do not depend on where the tree is or in which order it was made", async (t) => {
  const make = (names: readonly string[]) => {
    const root = newRoot(t);
    for (const name of names) fs.writeFileSync(path.join(root, name), name);
    execFileSync("find", [root, "-exec", "touch", "-h", "-d", `@${second}`, "{}", "+"]);
    return root;
  };
  const names = Array.from({ length: 500 }, (_, index) => `file-${index}`);
  const first = await write(make(names));
  const second_ = await write(make(names.toReversed()));
  assert.ok(first.blob.equals(second_.blob));
});

test("an empty root gives a layer with the root's entry", async (t) => {
  const root = newRoot(t);
  const { entries, tar } = await write(root);
  assert.equal(entries, 1);
  assert.equal(tar.length, 1536);
});

test("sockets are left out and named", async (t) => {
  const root = newRoot(t);
  fs.mkdirSync(path.join(root, "run"));
  const servers = ["run/b.sock", "run/a.sock"].map((name) => net.createServer().listen(path.join(root, name)));
  t.after(() => {
    for (const server of servers) server.close();
  });
  await Promise.all(servers.map((server) => server.listening || new Promise((done) => server.once("listening", done))));
  const { skippedSockets, entries, tar } = await write(root);
  assert.deepEqual(skippedSockets, ["run/a.sock", "run/b.sock"]);
  assert.equal(entries, 2);
  assert.equal(typeFlags(tar), "55");
});

test("a tree deeper than PATH_MAX and than any number of open files", { skip: needsPython }, async (t) => {
  const root = newRoot(t);
  const script = `
import os, sys
os.chdir(sys.argv[1])
for level in range(300):
    open("a-file", "w").close()
    os.mkdir("z" * 19)
    open("zzz-last" + "z" * 40, "w").close()
    os.chdir("z" * 19)
open("bottom", "w").close()
`;
  python(script, root);
  const { entries } = await write(root);
  assert.equal(entries, 1 + 3 * 300 + 1);
  const members = list(root);
  assert.equal(find(members, `${`${"z".repeat(19)}/`.repeat(300)}bottom`).type, "0");
});

test("extended attributes of users are kept with all their bytes", { skip: needsPython }, async (t) => {
  const root = newRoot(t);
  const file = path.join(root, "file");
  fs.writeFileSync(file, "");
  const value = Buffer.concat([randomBytes(2000), Buffer.from("\n=\0\n")]);
  if (!setXattr(file, "user.größe", value)) return t.skip("the file system has no extended attributes");
  setXattr(file, "user.empty", Buffer.alloc(0));
  python('import os, sys; [os.setxattr(sys.argv[1], f"user.many-{i}", b"x") for i in range(60)]', file);
  await write(root);
  const { pax } = find(list(root), "file");
  assert.equal(pax.get("SCHILY.xattr.user.größe"), value.toString("hex"));
  assert.equal(pax.get("SCHILY.xattr.user.empty"), "");
  assert.equal(pax.size, 62);
  setXattr(file, "user.a=b", Buffer.from("x"));
  await assert.rejects(write(root), { code: "LAYER_READ", message: /file" cannot be stored: .*user\.a=b/ });
});

test("file capabilities are kept without the namespace they were set in", {
  skip: needsRoot || needsPython,
}, async (t) => {
  const root = newRoot(t);
  const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
  const inNamespace = Buffer.from("0100000300040000000000000000000000000000a0860100", "hex");
  for (const [name, value] of Object.entries({ plain: capability, namespaced: inNamespace })) {
    fs.writeFileSync(path.join(root, name), name);
    if (!setXattr(path.join(root, name), "security.capability", value))
      return t.skip("capabilities cannot be set here");
  }
  setXattr(path.join(root, "plain"), "trusted.secret", Buffer.from("host"));
  await write(root);
  const members = list(root);
  for (const name of ["plain", "namespaced"]) {
    assert.deepEqual([...find(members, name).pax], [["SCHILY.xattr.security.capability", capability.toString("hex")]]);
  }
});

test("devices and large owner numbers", { skip: needsRoot || needsPython }, async (t) => {
  const root = newRoot(t);
  const made = spawnSync("mknod", [path.join(root, "null"), "c", "1", "3"]);
  if (made.status !== 0) return t.skip("devices cannot be made here");
  execFileSync("mknod", [path.join(root, "loop"), "b", "7", "300"]);
  fs.writeFileSync(path.join(root, "far"), "");
  fs.chownSync(path.join(root, "far"), 3_000_000, 2_097_151);
  await write(root);
  const members = list(root);
  assert.deepEqual([find(members, "null").type, find(members, "null").devminor], ["3", 3]);
  assert.deepEqual([find(members, "loop").type, find(members, "loop").devmajor], ["4", 7]);
  assert.equal(find(members, "loop").devminor, 300);
  assert.equal(find(members, "far").uid, 3_000_000);
  assert.deepEqual([...find(members, "far").pax.keys()], ["uid"]);
});

test("what cannot be read is named", async (t) => {
  const root = newRoot(t);
  await assert.rejects(write(`${root}/none`), {
    code: "LAYER_READ",
    message: `cannot read "${root}/none": No such file or directory`,
  });
  fs.mkdirSync(path.join(root, "etc"));
  fs.writeFileSync(path.join(root, "etc/sh\nadow"), "contents", { mode: 0o000 });
  if (isRoot) {
    execFileSync("chmod", ["755", path.dirname(root)]);
    process.seteuid?.(65534);
  }
  try {
    await assert.rejects(writeLayer(request(root, { output: "/dev/null" })), {
      code: "LAYER_READ",
      message: `cannot read "${root}/etc/sh\\nadow": Permission denied`,
    });
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test("names that mean deletions are refused", async (t) => {
  const root = newRoot(t);
  fs.mkdirSync(path.join(root, "etc"));
  fs.writeFileSync(path.join(root, "etc/.wh.passwd"), "");
  await assert.rejects(write(root), { code: "LAYER_READ", message: /etc\/\.wh\.passwd" has a name that/ });
});

test("mount points below the root are refused", { skip: needsRoot }, async (t) => {
  const root = newRoot(t);
  for (const folder of ["proc", "same"]) fs.mkdirSync(path.join(root, folder));
  fs.writeFileSync(path.join(root, "resolv.conf"), "");
  const mounts = [
    ["proc", "-t", "tmpfs", "none"],
    ["same", "--bind", os.tmpdir()],
    ["resolv.conf", "--bind", "/dev/null"],
  ] as const;
  for (const [name, ...args] of mounts) {
    const target = path.join(root, name);
    if (spawnSync("mount", [...args, target]).status !== 0) return t.skip("nothing can be mounted here");
    try {
      const expected = { code: "LAYER_READ", message: new RegExp(`"${target}" is a mount point`) };
      await assert.rejects(write(root), expected);
    } finally {
      execFileSync("umount", [target]);
    }
  }
  await write(root);
});

test("what cannot be written is named", async (t) => {
  const root = newRoot(t);
  fs.writeFileSync(path.join(root, "file"), randomBytes(5_000_000));
  await assert.rejects(write(root, { output: `${root}/none/blob` }), {
    code: "LAYER_WRITE",
    message: `cannot write "${root}/none/blob": No such file or directory`,
  });
  for (const compression of ["gzip", "none"] as const) {
    await assert.rejects(write(root, { output: "/dev/full", compression }), {
      code: "LAYER_WRITE",
      message: 'cannot write "/dev/full": No space left on device',
    });
  }
});

test("a full file system is named", { skip: needsRoot }, async (t) => {
  const root = newRoot(t);
  fs.writeFileSync(path.join(root, "file"), randomBytes(30_000_000));
  const small = temporary(t);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=10m", "none", small]);
  if (mounted.status !== 0) return t.skip("nothing can be mounted here");
  try {
    await assert.rejects(write(root, { output: `${small}/blob` }), {
      code: "LAYER_WRITE",
      message: `cannot write "${small}/blob": No space left on device`,
    });
  } finally {
    execFileSync("umount", [small]);
  }
});

test("progress grows, is rare, and ends with the promise", async (t) => {
  const root = newRoot(t);
  fs.writeFileSync(`${root}/a`, "");
  fs.truncateSync(`${root}/a`, 700_000_000);
  const seen: number[] = [];
  let settled = false;
  const started = performance.now();
  const { tarSize } = await writeLayer(request(root, { output: "/dev/null", level: 1 }), (bytes) => {
    assert.ok(!settled);
    seen.push(bytes);
  });
  settled = true;
  const seconds = (performance.now() - started) / 1000;
  assert.ok(seen.length > 0 && seen.length <= seconds * 10, `${seen.length} calls in ${seconds} s`);
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
  assert.ok((seen.at(-1) ?? 0) <= tarSize);
  await sleep(150);
});

const endlessWork = `
const addon = require(${JSON.stringify(addonPath)});
const { ROOT } = process.env;
const cancellation = addon.newCancellation();
const listing = { ownership: null, groups: [], maxMtime: 1, buildStart: 1, threads: 3, cancellation };
addon.readTree(ROOT, 3, cancellation).then((tree) => addon.listLayers({ tree, ...listing })).then(({ handle }) => addon.writeLayers(
  { listings: handle, outputs: [{ layer: 0, path: "/dev/null" }], compression: "gzip", level: 9, threads: 3, cancellation },
  () => globalThis.onProgress())).then(() => globalThis.onEnd("end"), (error) => globalThis.onEnd(error.message));
addon.readTree("/", 3, cancellation).catch(() => undefined);
`;

function endlessRoot(t: TestContext): string {
  const root = newRoot(t);
  fs.writeFileSync(`${root}/a`, "");
  fs.truncateSync(`${root}/a`, 200_000_000_000);
  return root;
}

test("a worker can be terminated in the middle", async (t) => {
  const root = endlessRoot(t);
  for (let round = 0; round < 5; ++round) {
    const worker = new Worker(
      `const { parentPort } = require("node:worker_threads");
       globalThis.onProgress = () => parentPort.postMessage("progress");
       globalThis.onEnd = (what) => parentPort.postMessage(what);
       ${endlessWork}`,
      { eval: true, env: { ...process.env, ROOT: root } },
    );
    const message = await new Promise((done, fail) => worker.once("message", done).once("error", fail));
    assert.equal(message, "progress");
    const started = performance.now();
    await worker.terminate();
    assert.ok(performance.now() - started < 1000);
  }
});

test("the process can exit in the middle", async (t) => {
  const root = endlessRoot(t);
  const script = `globalThis.onProgress = () => process.exit(7); globalThis.onEnd = console.log; ${endlessWork}`;
  const started = performance.now();
  const child = spawnSync(process.execPath, ["-e", script], {
    env: { ...process.env, ROOT: root },
    encoding: "utf8",
    timeout: 20_000,
  });
  assert.equal(child.stderr, "");
  assert.equal(child.stdout, "");
  assert.equal(child.status, 7);
  assert.ok(performance.now() - started < 5000);
});

test("what the progress function throws is an uncaught exception", (t) => {
  const root = endlessRoot(t);
  const script = `
    globalThis.onProgress = () => { throw new Error("from the callback"); };
    globalThis.onEnd = console.log;
    process.on("uncaughtException", (error) => { console.log(error.message); process.exit(8); });
    ${endlessWork}`;
  const env = { ...process.env, ROOT: root };
  const child = spawnSync(process.execPath, ["-e", script], { env, encoding: "utf8", timeout: 20_000 });
  assert.equal(child.stdout, "from the callback\n");
  assert.equal(child.status, 8);
});
