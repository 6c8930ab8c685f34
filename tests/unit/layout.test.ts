import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { RpmociError } from "../../src/errors.js";
import { blobFile } from "../../src/layout/blob-file.js";
import { collectGarbage } from "../../src/layout/garbage.js";
import { inspectLayout, readIndex, withTag } from "../../src/layout/index-file.js";
import { checkTag, LayoutTransaction, type NewImage } from "../../src/layout/layout.js";
import { ANNOTATION_REF_NAME, type Descriptor, type ImageIndex } from "../../src/model/descriptor.js";
import { isAbandoned, processMark } from "../../src/processes.js";
import { randomIntegers } from "../support/random.js";

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function blobOf(text: string): { readonly bytes: Buffer; readonly descriptor: Descriptor } {
  const bytes = Buffer.from(text);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}` as const;
  return { bytes, descriptor: { mediaType: "test", digest, size: bytes.length } };
}

/** An image of three small blobs whose layer lies in the transaction's staging directory. */
function imageFor(transaction: LayoutTransaction, name: string): NewImage {
  const path = join(transaction.staging, "layer");
  const layer = blobOf(`layer of ${name}`);
  writeFileSync(path, layer.bytes);
  return {
    config: blobOf(`config of ${name}`),
    manifest: blobOf(`manifest of ${name}`),
    layers: [{ path, descriptor: layer.descriptor }],
    platform: { os: "linux", architecture: "amd64" },
  };
}

async function add(directory: string, name: string, tag: string): Promise<void> {
  const transaction = await LayoutTransaction.begin(directory);
  await transaction.commit({ images: [imageFor(transaction, name)], index: null }, tag);
  await transaction.discard();
}

function tagsIn(directory: string): Record<string, string> {
  const index: ImageIndex = JSON.parse(readFileSync(join(directory, "index.json"), "utf8"));
  return Object.fromEntries(
    index.manifests.map(({ annotations, digest }) => [annotations?.[ANNOTATION_REF_NAME] ?? "", digest]),
  );
}

function assertSound(directory: string): void {
  assert.deepEqual(readdirSync(directory).sort(), ["blobs", "index.json", "oci-layout"]);
  const blobs = join(directory, "blobs/sha256");
  for (const name of readdirSync(blobs)) {
    const digest = createHash("sha256")
      .update(readFileSync(join(blobs, name)))
      .digest("hex");
    assert.equal(digest, name);
  }
}

const layerName = (name: string): string => `blobs/${blobOf(`layer of ${name}`).descriptor.digest.replace(":", "/")}`;
const digestOf = (name: string): string => blobOf(`manifest of ${name}`).descriptor.digest;

test("a new layout", async (t) => {
  const directory = join(temporary(t), "deep", "layout");
  await add(directory, "one", "latest");
  assertSound(directory);
  assert.deepEqual(JSON.parse(readFileSync(join(directory, "oci-layout"), "utf8")), { imageLayoutVersion: "1.0.0" });
  assert.deepEqual(JSON.parse(readFileSync(join(directory, "index.json"), "utf8")), {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        ...blobOf("manifest of one").descriptor,
        platform: { os: "linux", architecture: "amd64" },
        annotations: { [ANNOTATION_REF_NAME]: "latest" },
      },
    ],
  });
});

test("an empty directory becomes a layout", async (t) => {
  const directory = temporary(t);
  writeFileSync(join(directory, ".gitignore"), "");
  assert.equal(await inspectLayout(directory), "absent");
  await add(directory, "one", "latest");
  assert.equal(await inspectLayout(directory), "present");
  assert(existsSync(join(directory, ".gitignore")));
});

test("entries of other tools stay as they were, a tag that exists is replaced", async (t) => {
  const directory = temporary(t);
  const foreign = {
    mediaType: "application/vnd.foreign",
    digest: "sha512:abc",
    size: 3,
    urls: ["https://x/"],
    annotations: { other: "kept" },
  };
  mkdirSync(join(directory, "blobs"));
  writeFileSync(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(directory, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [foreign], annotations: { own: "kept" }, subject: 1 }),
  );
  await add(directory, "one", "a");
  await add(directory, "two", "b");
  await add(directory, "three", "a");
  const index = JSON.parse(readFileSync(join(directory, "index.json"), "utf8"));
  assert.deepEqual(index.manifests[0], foreign);
  assert.deepEqual(index.annotations, { own: "kept" });
  assert.equal(index.manifests.length, 3);
  const { "": _, ...tags } = tagsIn(directory);
  assert.deepEqual(tags, { a: digestOf("three"), b: digestOf("two") });
});

test("one image may have several tags, and be added again", async (t) => {
  const directory = temporary(t);
  for (const tag of ["a", "b", "a"]) await add(directory, "one", tag);
  assert.deepEqual(tagsIn(directory), { a: digestOf("one"), b: digestOf("one") });
  assertSound(directory);
});

test("whoever gives up the layout that he made does not take it from those who begin", async (t) => {
  const parent = temporary(t);
  const random = randomIntegers(1);
  const beginAndDiscard = async (): Promise<void> => {
    await delay(random(5));
    const transaction = await LayoutTransaction.begin(join(parent, "made", "layout"));
    await delay(random(3));
    await transaction.discard();
  };
  for (let round = 0; round < 60; round += 1) {
    await Promise.all(Array.from({ length: 8 }, beginAndDiscard));
    rmSync(join(parent, "made"), { recursive: true, force: true });
  }
});

test("commits at once keep all tags", async (t) => {
  const directory = join(temporary(t), "layout");
  const names = Array.from({ length: 8 }, (_, index) => `image-${index}`);
  await Promise.all(names.map((name) => add(directory, name, name)));
  assert.deepEqual(Object.keys(tagsIn(directory)).sort(), names);
  assertSound(directory);
});

test("what is no layout is refused and not touched", async (t) => {
  const directory = temporary(t);
  writeFileSync(join(directory, "thesis.txt"), "mine");
  await assert.rejects(LayoutTransaction.begin(directory), (error: RpmociError) => {
    assert(error instanceof RpmociError);
    assert.equal(error.kind, "output");
    assert.match(error.message, /neither empty nor an OCI image layout/);
    return true;
  });
  assert.deepEqual(readdirSync(directory), ["thesis.txt"]);
  await assert.rejects(LayoutTransaction.begin(join(directory, "thesis.txt")), { kind: "output" });
});

test("a layout with a broken index is refused", async (t) => {
  for (const text of ["", "{", "[]", '{"schemaVersion":1,"manifests":[]}', '{"schemaVersion":2,"manifests":[{}]}']) {
    const directory = temporary(t);
    writeFileSync(join(directory, "oci-layout"), "{}");
    writeFileSync(join(directory, "index.json"), text);
    await assert.rejects(inspectLayout(directory), { kind: "output", code: "LAYOUT_INVALID" }, text);
  }
});

test("a layout without an index has none yet", async (t) => {
  assert.deepEqual((await readIndex(temporary(t))).manifests, []);
});

test("discard leaves nothing, and what was there before", async (t) => {
  const parent = temporary(t);
  const fresh = await LayoutTransaction.begin(join(parent, "a", "b"));
  writeFileSync(join(fresh.staging, "layer"), "x");
  await fresh.discard();
  await fresh.discard();
  assert.deepEqual(readdirSync(parent), []);

  const directory = join(parent, "layout");
  await add(directory, "one", "latest");
  const before = readdirSync(directory, { recursive: true }).sort();
  const second = await LayoutTransaction.begin(directory);
  imageFor(second, "two");
  await second.discard();
  assert.deepEqual(readdirSync(directory, { recursive: true }).sort(), before);

  mkdirSync(join(parent, "empty"));
  await (await LayoutTransaction.begin(join(parent, "empty"))).discard();
  assert.deepEqual(readdirSync(join(parent, "empty")), []);
});

test("a layout in which nothing can be staged is not created", async (t) => {
  const parent = temporary(t);
  // So long that the system takes the directory's path and not one below it.
  let directory = parent;
  while (directory.length < 4050) directory = join(directory, "x".repeat(Math.min(200, 4070 - directory.length)));
  await assert.rejects(LayoutTransaction.begin(directory), { kind: "output", message: /ENAMETOOLONG/ });
  assert.deepEqual(readdirSync(parent), []);
});

test("discard leaves what others have put in meanwhile", async (t) => {
  const parent = temporary(t);
  const first = await LayoutTransaction.begin(join(parent, "a", "layout"));
  await add(join(parent, "a", "layout"), "other", "other");
  await first.discard();
  assertSound(join(parent, "a", "layout"));
});

test("a layer that is held outlives the image that had it, and its removal as garbage", async (t) => {
  const directory = temporary(t);
  await add(directory, "one", "latest");
  const transaction = await LayoutTransaction.begin(directory);
  const { descriptor } = blobOf("layer of one");
  const layer = await transaction.hold({ path: undefined, diffId: descriptor.digest, descriptor }, "held");
  assert(layer);
  await add(directory, "two", "latest");
  assert((await collectGarbage(directory)).digests.includes(descriptor.digest));
  assert.equal(await transaction.hold(layer, "again"), null);
  const image = { ...imageFor(transaction, "three"), layers: [layer] };
  await transaction.commit({ images: [image], index: null }, "three");
  assert.deepEqual(tagsIn(directory), { latest: digestOf("two"), three: digestOf("three") });
  assert(existsSync(blobFile(directory, descriptor.digest)));
  assertSound(directory);
});

test("where nothing can be linked, a layer that vanishes is told", async (t) => {
  const directory = temporary(t);
  await add(directory, "one", "latest");
  const transaction = await LayoutTransaction.begin(directory);
  const { descriptor } = blobOf("layer of one");
  // As on a file system without links: the name is taken.
  writeFileSync(join(transaction.staging, "held"), "");
  const layer = await transaction.hold({ path: undefined, diffId: descriptor.digest, descriptor }, "held");
  assert.equal(layer?.path, undefined);
  const image = { ...imageFor(transaction, "two"), layers: [{ path: undefined, descriptor }] };
  rmSync(blobFile(directory, descriptor.digest));
  await assert.rejects(transaction.commit({ images: [image], index: null }, "two"), { code: "LAYER_VANISHED" });
  await transaction.discard();
});

test("the index names nothing that is not on the disk", async (t) => {
  const directory = join(temporary(t), "made", "layout");
  const handle = await open(import.meta.filename);
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const synced: string[] = [];
  for (const method of ["sync", "datasync"] as const) {
    const original = prototype[method];
    t.mock.method(prototype, method, async function (this: FileHandle) {
      const isNamed = existsSync(join(directory, "index.json"));
      const path = readlinkSync(`/proc/self/fd/${this.fd}`).replace(`${directory}/`, "").replace(directory, ".");
      synced.push(`${isNamed ? "after" : "before"} ${path.replace(/^\.rpmoci-[^/]*/, "staging")}`);
      return original.call(this);
    });
  }
  await add(directory, "one", "latest");
  const [layer, ...rest] = synced.filter((entry) => !/ staging\/(?!layer)/.test(entry));
  assert.equal(layer, "before staging/layer");
  assert.deepEqual(rest, [
    "before blobs/sha256",
    "before blobs",
    "after .",
    `after ${dirname(directory)}`,
    `after ${dirname(dirname(directory))}`,
  ]);
  // A layer that is there may be another tool's.
  synced.length = 0;
  await add(directory, "one", "again");
  assert(synced.some((entry) => entry.endsWith(layerName("one"))));
});

test("a commit that fails says so, and changes no tag", async (t) => {
  const directory = temporary(t);
  await add(directory, "one", "latest");
  const transaction = await LayoutTransaction.begin(directory);
  const image = imageFor(transaction, "two");
  rmSync(join(transaction.staging, "layer"));
  await assert.rejects(transaction.commit({ images: [image], index: null }, "latest"), {
    kind: "output",
    code: "LAYOUT_UNWRITABLE",
  });
  await transaction.discard();
  assert.deepEqual(tagsIn(directory), { latest: digestOf("one") });
  assertSound(directory);
});

test("what dead processes left is removed, what living ones use is not", async (t) => {
  const directory = temporary(t);
  const own = processMark();
  const [namespace] = own.split("-");
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  const dead = `${namespace}-${pid}`;
  const elsewhere = `1${namespace}-${pid}`;
  assert.deepEqual([dead, own, `${namespace}-1`, elsewhere].map(isAbandoned), [true, false, false, false]);
  const stale = `.rpmoci-${dead}-0123456789ab`;
  const living = `.rpmoci-${own}-0123456789ab`;
  const foreign = `.rpmoci-${elsewhere}-0123456789ab`;
  for (const name of [stale, living, foreign]) {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, "layer"), "x");
  }
  const transaction = await LayoutTransaction.begin(directory);
  await transaction.discard();
  assert.deepEqual(readdirSync(directory).sort(), [living, foreign].sort());
});

test("a tag moves from one entry to the next", () => {
  const { descriptor } = blobOf("x");
  const index: ImageIndex = { schemaVersion: 2, manifests: [descriptor] };
  const once = withTag(index, { ...descriptor, annotations: { kept: "yes" } }, "t");
  assert.deepEqual(once.manifests[1]?.annotations, { kept: "yes", [ANNOTATION_REF_NAME]: "t" });
  assert.deepEqual(withTag(once, { ...descriptor, annotations: { kept: "yes" } }, "t"), once);
  assert.equal(index.manifests.length, 1);
});

test("tags are reference names of the image specification", () => {
  const good = ["latest", "1.0", "a", "A_b-c.d", "example.org/app:1.2", "user@host+x", "a--b", "a/b/c"];
  for (const tag of good) assert.doesNotThrow(() => checkTag(tag), tag);
  const bad = ["", " ", "a b", "-a", "a-", "a..b", "a/", "/a", "a//b", "a---b", "ü", "a\n", "a,b", "../x"];
  for (const tag of bad) assert.throws(() => checkTag(tag), { kind: "usage", code: "TAG_INVALID" }, tag);
  const started = Date.now();
  assert.throws(() => checkTag(`${"a".repeat(50_000)}!`));
  assert(Date.now() - started < 1000, "the pattern does not blow up");
});
