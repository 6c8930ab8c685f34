import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { run } from "../support/run.js";
import { Scene } from "../support/scene.js";

const TOOL = { name: "tool", files: { "/usr/bin/tool": "1\n", "/usr/share/tool": "data\n" } };

async function toolScene(t: TestContext, repository = {}): Promise<Scene> {
  const scene = await Scene.create(t, { packages: [TOOL], repository });
  // The path is in filelists only.
  scene.writeManifest({ packages: ["tool", "/usr/share/tool"], os_release: false });
  return scene;
}

/** Changes the element of one type in repomd.xml. */
function editRepomd(scene: Scene, type: string, change: (element: string) => string): void {
  const text = readFileSync(scene.repomd, "utf8");
  const edited = text.replace(new RegExp(`<data type="${type}">[\\s\\S]*?</data>`), (element) => change(element));
  assert.notEqual(edited, text);
  writeFileSync(scene.repomd, edited);
}

/** Puts other contents in the place of a metadata file, with checksum and size to match; what it unpacks to stays said. */
function replaceFile(scene: Scene, type: string, change: (contents: Buffer) => Buffer): void {
  const folder = join(scene.repository, "repodata");
  const name = readdirSync(folder).find((entry) => entry.endsWith(`-${type}.xml.gz`)) ?? "";
  const compressed = gzipSync(change(gunzipSync(readFileSync(join(folder, name)))));
  writeFileSync(join(folder, name), compressed);
  const checksum = createHash("sha256").update(compressed).digest("hex");
  editRepomd(scene, type, (element) =>
    element
      .replace(/(<checksum type="sha256">)[0-9a-f]+/, `$1${checksum}`)
      .replace(/<size>\d+/, `<size>${compressed.length}`),
  );
}

async function assertRefused(scene: Scene, message: RegExp, code: number): Promise<void> {
  const result = await scene.run(["update"]);
  assert.equal(result.code, code, result.stderr);
  assert.match(result.stderr, message);
  assert.ok(!scene.hasLockfile());
}

for (const type of ["primary", "filelists"]) {
  test(`${type}: a wrong size, checksum, open-size or open-checksum names repository and file`, async (t) => {
    const cases: readonly [(element: string) => string, RegExp, number][] = [
      [(text) => text.replace(/<size>/, "<size>1"), /has the wrong size: expected 1\d+ bytes, got \d+/, 6],
      [(text) => text.replace(/<size>\d+/, "<size>7"), /has the wrong size: .*expected 7 bytes, got more/, 6],
      [(text) => text.replace(/<size>\d+/, "<size>many"), /the size of (primary|filelists) is not a number/, 5],
      [(text) => text.replace(/(<checksum.*>)[0-9a-f]{8}/, "$100000000"), /has the wrong checksum/, 6],
      [(text) => text.replace("<open-size>", "<open-size>1"), /unpacks to \d+ bytes, not to its open-size of 1\d+/, 5],
      [(text) => text.replace(/<open-size>\d+/, "<open-size>99"), /unpacks to more than its open-size of 99 bytes/, 5],
      [(text) => text.replace(/(<open-checksum.*>)[0-9a-f]{8}/, "$100000000"), /has the wrong open-checksum/, 5],
      [
        (text) => text.replace(/(<open-checksum type=)"sha256"/, '$1"crc"'),
        /the open-checksum of .* is of an unknown/,
        5,
      ],
    ];
    const scene = await toolScene(t);
    const original = readFileSync(scene.repomd);
    for (const [change, message, code] of cases) {
      writeFileSync(scene.repomd, original);
      editRepomd(scene, type, change);
      rmSync(join(scene.directory, "..", "cache"), { recursive: true, force: true });
      await assertRefused(scene, message, code);
      await assertRefused(
        scene,
        new RegExp(`repository "?tiny[\\s\\S]*${type}|${type}[\\s\\S]*repository "tiny`),
        code,
      );
    }
  });

  test(`${type}: other contents under a right checksum are found out`, async (t) => {
    const scene = await toolScene(t);
    replaceFile(scene, type, (contents) => Buffer.from(contents.toString().replaceAll("tool", "loot")));
    await assertRefused(scene, new RegExp(`repository tiny.*${type}\\.xml\\.gz has the wrong open-checksum`), 5);
  });
}

test("metadata that says less of itself is taken as it is", async (t) => {
  const scene = await toolScene(t);
  for (const type of ["primary", "filelists"]) {
    editRepomd(scene, type, (text) => text.replace(/\s*<(open-checksum|open-size|size)\b.*/g, ""));
  }
  const result = await scene.run(["update"]);
  assert.equal(result.code, 0, result.stderr);
});

test("metadata that unpacks to a thousand times its size is given up", async (t) => {
  const scene = await toolScene(t);
  const entries = Buffer.from(`<package>${"<name>a</name>".repeat(1 << 10)}</package>`.repeat(1 << 6));
  const bomb = (contents: Buffer): Buffer =>
    Buffer.concat([contents.subarray(0, contents.indexOf("<package type")), ...Array(500).fill(entries)]);
  replaceFile(scene, "primary", bomb);
  // Whether or not repomd.xml admits it.
  for (const size of ["", `<open-size>${5e8}</open-size>`]) {
    const withoutOpen = (text: string): string => text.replace(/\s*<open-(checksum|size)\b.*/g, "");
    editRepomd(scene, "primary", (text) => withoutOpen(text).replace("</data>", `${size} </data>`));
    await assertRefused(scene, /unpacks to more than \d+ MiB, which is too much/, 5);
  }
});

for (const [name, markup] of [
  ["tag", "<package type='"],
  ["comment", "<!-- > < "],
  ["instruction", "<?php > < "],
] as const) {
  test(`a ${name} without an end, for which parsers take quadratic time, is given up`, async (t) => {
    const scene = await toolScene(t);
    const start = (contents: Buffer): Buffer => contents.subarray(0, contents.indexOf("<package type"));
    const endless = Buffer.alloc(32 << 20, name === "tag" ? "a" : "<a ");
    replaceFile(scene, "primary", (contents) => Buffer.concat([start(contents), Buffer.from(markup), endless]));
    editRepomd(scene, "primary", (text) => text.replace(/\s*<open-(checksum|size)\b.*/g, ""));
    const started = performance.now();
    await assertRefused(scene, /repository tiny: .*a tag or comment of more than 64 KiB/, 5);
    assert.ok(performance.now() - started < 20_000);
  });
}

test("definitions of entities are refused, comments are not", async (t) => {
  const scene = await toolScene(t);
  const inserting = (text: string) => (contents: Buffer) =>
    Buffer.from(contents.toString().replace("<metadata", `${text}<metadata`));
  replaceFile(scene, "primary", inserting("<!-- <a> - ><! ? --><?some > thing?>"));
  editRepomd(scene, "primary", (text) => text.replace(/\s*<open-(checksum|size)\b.*/g, ""));
  const result = await scene.run(["update"]);
  assert.equal(result.code, 0, result.stderr);
  rmSync(scene.lockfilePath);
  replaceFile(scene, "primary", inserting('<!DOCTYPE metadata [<!ENTITY a "b">]>'));
  await assertRefused(scene, /a document type declaration/, 5);
});

const FORMATS = ["gz", "xz", "bz2", "zstd", "none"] as const;
for (const compression of FORMATS) {
  test(`metadata in the format ${compression} is read and verified`, async (t) => {
    const scene = await toolScene(t);
    if (!(await recompress(scene, compression))) return t.skip(`this createrepo_c cannot write ${compression}`);
    const result = await scene.run(["update"]);
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(scene.lockedNames(), ["tool"]);
    editRepomd(scene, "filelists", (text) => text.replace(/(<open-checksum.*>)[0-9a-f]{8}/, "$100000000"));
    rmSync(scene.lockfilePath);
    const damaged = await scene.run(["update"]);
    assert.equal(damaged.code, 5, damaged.stderr);
    assert.match(damaged.stderr, /has the wrong open-checksum/);
  });
}

/** Writes the repository's metadata in another format, with the extra files that createrepo_c makes for it. */
async function recompress(scene: Scene, compression: (typeof FORMATS)[number]): Promise<boolean> {
  const args = ["--quiet", "--general-compress-type", compression === "none" ? "gz" : compression, "--zck"];
  let result = await run("createrepo_c", [...args, scene.repository]);
  if (result.code !== 0) result = await run("createrepo_c", [...args.slice(0, -1), scene.repository]);
  if (result.code !== 0) return false;
  if (compression !== "none") return true;
  const folder = join(scene.repository, "repodata");
  for (const type of ["primary", "filelists", "other"]) {
    const name = readdirSync(folder).find((entry) => entry.endsWith(`-${type}.xml.gz`)) ?? "";
    const contents = gunzipSync(readFileSync(join(folder, name)));
    writeFileSync(join(folder, `${type}.xml`), contents);
    const checksum = createHash("sha256").update(contents).digest("hex");
    editRepomd(scene, type, (text) =>
      text
        .replace(/(<checksum type="sha256">)[0-9a-f]+/, `$1${checksum}`)
        .replace(/<size>\d+/, `<size>${contents.length}`)
        .replace(/href="[^"]+"/, `href="repodata/${type}.xml"`),
    );
  }
  return true;
}

test("zchunk files beside the others are passed over", async (t) => {
  const scene = await toolScene(t);
  const text = readFileSync(scene.repomd, "utf8");
  const zchunk = `<data type="primary_zck"><checksum type="sha256">${"0".repeat(64)}</checksum><location href="repodata/primary.xml.zck"/><size>5</size></data>`;
  writeFileSync(scene.repomd, text.replace("</repomd>", `${zchunk}</repomd>`));
  const result = await scene.run(["update"]);
  assert.equal(result.code, 0, result.stderr);
});
