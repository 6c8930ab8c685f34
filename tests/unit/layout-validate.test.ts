import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { collectGarbage } from "../../src/layout/garbage.js";
import { inspectLayout } from "../../src/layout/index-file.js";
import { type LayoutProblemCode, validateLayout } from "../../src/layout/validate.js";
import { LAYER_MEDIA_TYPE, MEDIA_TYPE } from "../../src/model/descriptor.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

type Json = Record<string, unknown>;

/** A layout with one image of two layers, each part of which may be changed before it is written. */
interface Parts {
  readonly layout?: Json;
  readonly index?: (index: Json) => Json;
  readonly manifest?: (manifest: Json) => Json;
  readonly config?: (config: Json) => Json;
  /** Of all blobs and diffIDs; sha256 if absent. */
  readonly algorithm?: "sha256" | "sha512";
  /** The second layer as it is stored; not compressed if absent. */
  readonly layer?: (tar: Buffer) => Buffer;
  readonly layerType?: string;
}

const sha256 = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

function makeLayout(t: TestContext, parts: Parts = {}): string {
  const { layout, index, manifest, config, algorithm = "sha256" } = parts;
  const { layer = (tar) => tar, layerType = LAYER_MEDIA_TYPE.none } = parts;
  const directory = join(temporaryDirectory(t), "layout");
  mkdirSync(join(directory, "blobs", algorithm), { recursive: true });
  const digestOf = (bytes: Buffer): string => `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
  const put = (bytes: Buffer, mediaType: string): Json & { digest: string } => {
    const digest = digestOf(bytes);
    writeFileSync(join(directory, "blobs", digest.replace(":", "/")), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const putJson = (value: Json, mediaType: string) => put(Buffer.from(JSON.stringify(value)), mediaType);
  const tars = [Buffer.alloc(10_240, 1), Buffer.alloc(300_000, 2)];
  const layers = [
    put(gzipSync(tars[0] ?? ""), LAYER_MEDIA_TYPE.gzip),
    put(layer(tars[1] ?? Buffer.alloc(0)), layerType),
  ];
  const image: Json = {
    architecture: "amd64",
    os: "linux",
    created: "2024-01-01T00:00:00Z",
    rootfs: { type: "layers", diff_ids: tars.map(digestOf) },
    history: [{}, { empty_layer: true }, {}],
  };
  const configDescriptor = putJson(config?.(image) ?? image, MEDIA_TYPE.config);
  const imageManifest: Json = { schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config: configDescriptor, layers };
  const descriptor = putJson(manifest?.(imageManifest) ?? imageManifest, MEDIA_TYPE.manifest);
  const annotations = { "org.opencontainers.image.ref.name": "latest" };
  const imageIndex: Json = { schemaVersion: 2, manifests: [{ ...descriptor, annotations }] };
  writeFileSync(join(directory, "index.json"), JSON.stringify(index?.(imageIndex) ?? imageIndex));
  writeFileSync(join(directory, "oci-layout"), JSON.stringify(layout ?? { imageLayoutVersion: "1.0.0" }));
  return directory;
}

const codesOf = async (directory: string): Promise<readonly LayoutProblemCode[]> =>
  (await validateLayout(directory)).map(({ code }) => code);

test("a valid layout has no problems", async (t) => {
  assert.deepEqual(await validateLayout(makeLayout(t)), []);
});

const zstdFrame = (bytes: Buffer): Buffer => {
  const { status, stdout, stderr } = spawnSync("zstd", ["-q", "-c"], { input: bytes });
  assert.equal(status, 0, String(stderr));
  return stdout;
};
/** Two frames; the second unpacks to a multiple of what zstd unpacks at a time. */
const zstd = (tar: Buffer): Buffer =>
  Buffer.concat([tar.subarray(0, -(1 << 18)), tar.subarray(-(1 << 18))].map(zstdFrame));
const ZSTD = { layer: zstd, layerType: LAYER_MEDIA_TYPE.zstd };

const without = (...keys: readonly string[]): Json => Object.fromEntries(keys.map((key) => [key, null]));

const valid: readonly (readonly [string, Parts])[] = [
  ["a history without steps", { config: (config) => ({ ...config, history: [] }) }],
  ["blobs and diffIDs of SHA-512", { algorithm: "sha512" }],
  ["a zstd layer", ZSTD],
  ["a zstd layer of SHA-512", { ...ZSTD, algorithm: "sha512" }],
  ["a gzip layer of two members", { layerType: LAYER_MEDIA_TYPE.gzip, layer: twoMembers }],
  [
    "null for what is optional",
    {
      index: (index) => ({
        ...index,
        ...without("mediaType", "artifactType", "subject", "annotations"),
        manifests: [{ ...first(index.manifests), ...without("urls", "platform", "annotations", "data") }],
      }),
      manifest: (manifest) => ({
        ...manifest,
        ...without("mediaType", "artifactType", "subject", "annotations"),
      }),
      config: (config) => ({
        ...config,
        ...without("created", "author", "variant", "os.version", "os.features"),
        history: [without("created", "author", "created_by", "comment", "empty_layer"), {}],
        config: without("User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels"),
      }),
    },
  ],
  ["no execution parameters and no history", { config: (config) => ({ ...config, ...without("config", "history") }) }],
  [
    "null for lists without entries",
    {
      manifest: (manifest) => ({ ...manifest, layers: null }),
      config: (config) => ({ ...config, ...without("history"), rootfs: { type: "layers", diff_ids: null } }),
    },
  ],
  ["an index without images", { index: (index) => ({ ...index, manifests: null }) }],
  ["times of Go", { config: (config) => ({ ...config, created: "2015-10-31T22:22:56.015925234+01:00", history: [] }) }],
];

function twoMembers(tar: Buffer): Buffer {
  return Buffer.concat([gzipSync(tar.subarray(0, 1000)), gzipSync(tar.subarray(1000))]);
}

for (const [what, parts] of valid) {
  test(`valid: ${what}`, async (t) => {
    assert.deepEqual(await validateLayout(makeLayout(t, parts)), []);
  });
}

const first = (list: unknown): Json => (list as Json[])[0] ?? {};

const faults: readonly (readonly [string, Parts, readonly LayoutProblemCode[]])[] = [
  ["another version", { layout: { imageLayoutVersion: "2.0.0" } }, ["LAYOUT_FILE"]],
  ["an index of another version", { index: (index) => ({ ...index, schemaVersion: 1 }) }, ["INDEX"]],
  ["an index without manifests", { index: ({ manifests: _, ...index }) => index }, ["INDEX"]],
  [
    "a digest that is none",
    { index: (index) => ({ ...index, manifests: [{ ...first(index.manifests), digest: "sha256:12" }] }) },
    ["INDEX"],
  ],
  [
    "a wrong size",
    { index: (index) => ({ ...index, manifests: [{ ...first(index.manifests), size: 1 }] }) },
    ["BLOB_SIZE"],
  ],
  [
    "a tag on two images",
    { index: (index) => ({ ...index, manifests: [first(index.manifests), first(index.manifests)] }) },
    ["TAG_TWICE"],
  ],
  ["an image manifest without a configuration", { manifest: ({ config: _, ...rest }) => rest }, ["BLOB_CONTENTS"]],
  [
    "a blob that is not there",
    {
      manifest: (manifest) => ({
        ...manifest,
        layers: [{ ...first(manifest.layers), digest: `sha256:${"0".repeat(64)}` }],
      }),
    },
    ["BLOB_MISSING", "DIFF_IDS"],
  ],
  ["a configuration without a root", { config: ({ rootfs: _, ...config }) => config }, ["BLOB_CONTENTS"]],
  ["too few diffIDs", { config: (config) => ({ ...config, rootfs: { type: "layers", diff_ids: [] } }) }, ["DIFF_IDS"]],
  [
    "wrong diffIDs",
    {
      config: (config) => ({
        ...config,
        rootfs: { type: "layers", diff_ids: ["1", "2"].map((c) => `sha256:${c.repeat(64)}`) },
      }),
    },
    ["DIFF_ID", "DIFF_ID"],
  ],
  ["a time that is none", { config: (config) => ({ ...config, created: "2024-01-01 00:00:00" }) }, ["BLOB_CONTENTS"]],
  ["an entry point that is no list", { config: (c) => ({ ...c, config: { Entrypoint: "sh" } }) }, ["BLOB_CONTENTS"]],
  [
    "diffIDs of SHA-512 that are wrong",
    {
      config: (config) => ({
        ...config,
        rootfs: { type: "layers", diff_ids: ["1", "2"].map((c) => `sha512:${c.repeat(128)}`) },
      }),
    },
    ["DIFF_ID", "DIFF_ID"],
  ],
  ["a zstd layer that unpacks to something else", { ...ZSTD, layer: (tar) => zstd(tar.subarray(1)) }, ["DIFF_ID"]],
  ["a zstd layer that ends too early", { ...ZSTD, layer: (tar) => zstd(tar).subarray(0, -1) }, ["BLOB_CONTENTS"]],
  ["a zstd layer that is none", { ...ZSTD, layer: (tar) => tar }, ["BLOB_CONTENTS"]],
  ["a gzip layer that ends too early", { layerType: LAYER_MEDIA_TYPE.gzip, layer: cut }, ["BLOB_CONTENTS"]],
  [
    "a configuration of more than 4 MiB",
    { config: (config) => ({ ...config, author: "x".repeat(4 << 20) }) },
    ["BLOB_CONTENTS"],
  ],
  ["history of another number of layers", { config: (config) => ({ ...config, history: [{}] }) }, ["HISTORY"]],
];

for (const [what, parts, expected] of faults) {
  test(`found: ${what}`, async (t) => {
    assert.deepEqual(await codesOf(makeLayout(t, parts)), expected);
  });
}

function cut(tar: Buffer): Buffer {
  return gzipSync(tar).subarray(0, -9);
}

test("found: files of SHA-512 that are not what their names say, and what is no file", async (t) => {
  const directory = makeLayout(t, { algorithm: "sha512" });
  writeFileSync(join(directory, "blobs/sha512", "f".repeat(128)), "something else");
  mkdirSync(join(directory, "blobs/sha256"));
  spawnSync("mkfifo", [join(directory, "blobs/sha256", "f".repeat(64))]);
  assert.deepEqual(await codesOf(directory), ["BLOB_DIGEST", "BLOB_DIGEST"]);
});

test("found: an index of more than 64 MiB, and a FIFO in place of a document", async (t) => {
  const directory = makeLayout(t);
  writeFileSync(join(directory, "index.json"), Buffer.alloc((64 << 20) + 1, " "));
  rmSync(join(directory, "oci-layout"));
  spawnSync("mkfifo", [join(directory, "oci-layout")]);
  assert.deepEqual(await codesOf(directory), ["LAYOUT_FILE", "INDEX"]);
  await assert.rejects(collectGarbage(directory), { code: "LAYOUT_INVALID", message: /longer than 64 MiB/ });
});

test("a digest that nobody here can verify is not wrong, but its size is", async (t) => {
  const digest = "blake3:f0e4c2f76c58916ec258f246851bea091d14d4247a2fc3e18694461b1816e13b";
  const manifest = (size: number) => (value: Json) => {
    const layers = value.layers as Json[];
    return { ...value, layers: [layers[0], { ...layers[1], digest, size }] };
  };
  for (const [size, expected] of [
    [3, []],
    [4, ["BLOB_SIZE"]],
  ] as const) {
    const directory = makeLayout(t, { manifest: manifest(size) });
    mkdirSync(join(directory, "blobs/blake3"));
    writeFileSync(join(directory, "blobs", digest.replace(":", "/")), "any");
    assert.deepEqual(await codesOf(directory), expected);
  }
});

test("found: a damaged layer, and a file that is not what its name says", async (t) => {
  const directory = makeLayout(t);
  const manifest = JSON.parse(readFileSync(join(directory, "index.json"), "utf8")).manifests[0].digest.slice(7);
  const [layer] = JSON.parse(readFileSync(join(directory, "blobs/sha256", manifest), "utf8")).layers;
  const path = join(directory, "blobs/sha256", layer.digest.slice(7));
  const bytes = readFileSync(path);
  bytes[20] = 0x55 ^ (bytes[20] ?? 0);
  writeFileSync(path, bytes);
  writeFileSync(join(directory, "blobs/sha256", "f".repeat(64)), "something else");
  assert.deepEqual(await codesOf(directory), ["BLOB_DIGEST", "BLOB_DIGEST"]);
});

test("found: what is missing altogether", async (t) => {
  assert.deepEqual(await codesOf(join(temporaryDirectory(t), "none")), ["LAYOUT_FILE", "INDEX"]);
});

const has = (command: string): boolean => spawnSync(command, ["--version"]).error === undefined;

test("what other tools write is valid, and nothing of it garbage", {
  skip: has("umoci") && has("skopeo") ? false : "needs umoci and skopeo",
}, async (t) => {
  const directory = temporaryDirectory(t);
  const script = `set -e; cd ${directory}; mkdir -p tree/etc; echo x > tree/etc/x; umoci init --layout made
    umoci new --image made:one; umoci insert --rootless --image made:one tree/etc /etc
    skopeo copy -q oci:made:one oci:copied:two`;
  const result = spawnSync("bash", ["-c", `${script}; umoci init --layout empty`], { encoding: "utf8" });
  assert.equal(result.status, 0, result.stderr);
  assert.equal(await inspectLayout(join(directory, "empty")), "present");
  for (const name of ["made", "copied", "empty"]) {
    assert.deepEqual(await validateLayout(join(directory, name)), []);
  }
  assert.deepEqual((await collectGarbage(join(directory, "copied"))).digests, []);
});

test("garbage of SHA-512 goes, and what images need of it stays", async (t) => {
  const directory = makeLayout(t, { algorithm: "sha512" });
  const bytes = Buffer.from("nobody needs this");
  const value = createHash("sha512").update(bytes).digest("hex");
  writeFileSync(join(directory, "blobs/sha512", value), bytes);
  assert.deepEqual(await collectGarbage(directory), { digests: [`sha512:${value}`], size: bytes.length });
  assert.deepEqual(await validateLayout(directory), []);
});

test("garbage is what nothing in the index leads to; a dry run leaves it", async (t) => {
  const directory = makeLayout(t);
  const bytes = Buffer.from("nobody needs this");
  const digest = sha256(bytes);
  writeFileSync(join(directory, "blobs/sha256", digest.slice(7)), bytes);
  const expected = { digests: [digest], size: bytes.length };
  assert.deepEqual(await collectGarbage(directory, { dryRun: true }), expected);
  assert.deepEqual(await collectGarbage(directory), expected);
  assert.deepEqual(await collectGarbage(directory), { digests: [], size: 0 });
  assert.deepEqual(await validateLayout(directory), []);
  await assert.rejects(collectGarbage(join(directory, "none")), { code: "LAYOUT_INVALID" });
  writeFileSync(join(directory, "index.json"), "{}");
  await assert.rejects(collectGarbage(directory), { code: "LAYOUT_INVALID" });
  rmSync(join(directory, "index.json"));
});
