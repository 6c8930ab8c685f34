import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { collectGarbage } from "../../src/layout/garbage.js";
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
}

const sha256 = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

function makeLayout(t: TestContext, { layout, index, manifest, config }: Parts = {}): string {
  const directory = join(temporaryDirectory(t), "layout");
  mkdirSync(join(directory, "blobs/sha256"), { recursive: true });
  const put = (bytes: Buffer, mediaType: string): Json & { digest: string } => {
    const digest = sha256(bytes);
    writeFileSync(join(directory, "blobs/sha256", digest.slice(7)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const putJson = (value: Json, mediaType: string) => put(Buffer.from(JSON.stringify(value)), mediaType);
  const tars = [Buffer.alloc(10_240, 1), Buffer.alloc(300_000, 2)];
  const layers = [
    put(gzipSync(tars[0] ?? ""), LAYER_MEDIA_TYPE.gzip),
    put(tars[1] ?? Buffer.alloc(0), LAYER_MEDIA_TYPE.none),
  ];
  const image: Json = {
    architecture: "amd64",
    os: "linux",
    created: "2024-01-01T00:00:00Z",
    rootfs: { type: "layers", diff_ids: tars.map(sha256) },
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
  ["history of another number of layers", { config: (config) => ({ ...config, history: [{}] }) }, ["HISTORY"]],
];

for (const [what, parts, expected] of faults) {
  test(`found: ${what}`, async (t) => {
    assert.deepEqual(await codesOf(makeLayout(t, parts)), expected);
  });
}

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
  const result = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  assert.equal(result.status, 0, result.stderr);
  for (const name of ["made", "copied"]) {
    assert.deepEqual(await validateLayout(join(directory, name)), []);
  }
  assert.deepEqual((await collectGarbage(join(directory, "copied"))).digests, []);
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
