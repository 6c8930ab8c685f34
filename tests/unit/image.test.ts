import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { imageConfig } from "../../src/image/config.js";
import { assembleImage } from "../../src/image/manifest.js";
import { parseManifest } from "../../src/manifest/load.js";
import { baseArchitecture, hostArchitecture, platformOf } from "../../src/model/architecture.js";
import type { ImageConfig, Layer } from "../../src/model/descriptor.js";
import type { ImageSection } from "../../src/model/manifest.js";
import { packageRoot } from "../../src/package-root.js";

const LAYER: Layer = {
  path: "/nowhere/layer",
  diffId: `sha256:${"d".repeat(64)}`,
  descriptor: {
    mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
    digest: `sha256:${"b".repeat(64)}`,
    size: 12345,
  },
};
const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function sectionOf(text: string): ImageSection {
  return parseManifest(`contents = { repositories = [], packages = [] }\n[image]\n${text}`, "rpmoci.toml").image;
}

function configOf(text: string, labels: Readonly<Record<string, string>> = {}, arch = "x86_64"): ImageConfig {
  return imageConfig({
    image: sectionOf(text),
    labels,
    platform: platformOf(arch),
    layers: [LAYER],
    created: 1_700_000_000,
  });
}

test("without an [image] table the configuration has what it must have", () => {
  assert.deepEqual(configOf(""), {
    created: "2023-11-14T22:13:20Z",
    os: "linux",
    architecture: "amd64",
    config: { Env: [PATH] },
    rootfs: { type: "layers", diff_ids: [LAYER.diffId] },
    history: [{ created: "2023-11-14T22:13:20Z", created_by: "Created by rpmoci" }],
  });
});

const keys: readonly (readonly [string, Partial<ImageConfig["config"]>])[] = [
  ['user = "1000:1000"', { User: "1000:1000" }],
  ['workingdir = "/w"', { WorkingDir: "/w" }],
  ['stopsignal = "SIGINT"', { StopSignal: "SIGINT" }],
  ['entrypoint = ["sh", "-c"]', { Entrypoint: ["sh", "-c"] }],
  ['cmd = ["", "a"]', { Cmd: ["", "a"] }],
  ['volumes = ["/b", "/a", "/b"]', { Volumes: { "/a": {}, "/b": {} } }],
  ['exposed_ports = ["80/tcp", "443"]', { ExposedPorts: { "443": {}, "80/tcp": {} } }],
  ['envs = { Z = "1", A = "x=y" }', { Env: ["A=x=y", PATH, "Z=1"] }],
  ['envs = { PATH = "/bin" }', { Env: ["PATH=/bin"] }],
  ['labels = { b = "2", a = "" }', { Labels: { a: "", b: "2" } }],
  ["entrypoint = []\ncmd = []\nvolumes = []\nexposed_ports = []\n[image.labels]", {}],
];
for (const [text, expected] of keys) {
  test(`the manifest's ${text.replaceAll("\n", " ")}`, () => {
    assert.deepEqual(configOf(text).config, { Env: [PATH], ...expected });
  });
}

test("the author stands beside the configuration", () => {
  assert.equal(configOf('author = "A B <a@b>"').author, "A B <a@b>");
  assert.equal("author" in configOf(""), false);
});

test("labels of the command line win", () => {
  const { Labels } = configOf('labels = { a = "manifest", b = "manifest" }', { b: "command", c: "command" }).config;
  assert.deepEqual(Labels, { a: "manifest", b: "command", c: "command" });
  assert.deepEqual(Object.keys(Labels ?? {}), ["a", "b", "c"]);
});

test("the order of maps in the manifest does not show in the bytes", () => {
  const a = configOf('envs = { B = "1", A = "2" }\nlabels = { y = "1", x = "2" }\nvolumes = ["/2", "/1"]');
  const b = configOf('envs = { A = "2", B = "1" }\nlabels = { x = "2", y = "1" }\nvolumes = ["/1", "/2"]');
  assert.equal(JSON.stringify(a), JSON.stringify(b));
});

test("times are RFC 3339 in UTC, from the epoch to the end of 32 bits", () => {
  const created = (seconds: number): string =>
    imageConfig({ image: sectionOf(""), labels: {}, platform: platformOf("x86_64"), layers: [], created: seconds })
      .created;
  assert.equal(created(0), "1970-01-01T00:00:00Z");
  assert.equal(created(0xffffffff), "2106-02-07T06:28:15Z");
});

test("every architecture has its platform", () => {
  const platforms = {
    x86_64: ["amd64", undefined],
    x86_64_v3: ["amd64", undefined],
    aarch64: ["arm64", "v8"],
    armv7hl: ["arm", "v7"],
    i686: ["386", undefined],
    ppc64le: ["ppc64le", undefined],
    s390x: ["s390x", undefined],
    riscv64: ["riscv64", undefined],
    loongarch64: ["loong64", undefined],
    future: ["future", undefined],
  };
  for (const [arch, [architecture, variant]] of Object.entries(platforms)) {
    const config = configOf("", {}, arch);
    assert.deepEqual([config.os, config.architecture, config.variant], ["linux", architecture, variant], arch);
  }
  assert.deepEqual(["i586", "armv7hnl", "x86_64", "noarch"].map(baseArchitecture), [
    "i386",
    "armhfp",
    "x86_64",
    "noarch",
  ]);
  assert.match(hostArchitecture(), /^(x86_64|aarch64|i686|ppc64le|s390x|riscv64|loongarch64)$/);
});

test("descriptors say what the blobs are", () => {
  const image = assembleImage(configOf('user = "ü"'), [LAYER], platformOf("x86_64"));
  for (const { bytes, descriptor } of [image.config, image.manifest]) {
    assert.equal(descriptor.size, bytes.length);
    assert.equal(descriptor.digest, `sha256:${createHash("sha256").update(bytes).digest("hex")}`);
  }
  const manifest = JSON.parse(image.manifest.bytes.toString("utf8"));
  assert.deepEqual(manifest.config, image.config.descriptor);
  assert.deepEqual(manifest.layers, [LAYER.descriptor]);
  assert.equal(manifest.mediaType, image.manifest.descriptor.mediaType);
});

/** Bytes of images must not change unnoticed. `UPDATE_GOLDEN=1 node --test …` writes the file anew; read its diff. */
test("the bytes of configuration and image manifest are the golden ones", () => {
  const config = configOf(
    `user = "1000"
    workingdir = "/srv"
    stopsignal = "SIGTERM"
    author = "Somebody"
    entrypoint = ["/usr/bin/server"]
    cmd = ["--listen", "0.0.0.0"]
    exposed_ports = ["8080/tcp", "53/udp"]
    volumes = ["/data"]
    envs = { LANG = "C.UTF-8" }
    labels = { "org.opencontainers.image.title" = "server" }`,
    { build: "7" },
    "aarch64",
  );
  const image = assembleImage(config, [LAYER], platformOf("aarch64"));
  const text = `${JSON.stringify(
    { config: image.config.bytes.toString("utf8"), manifest: image.manifest.bytes.toString("utf8") },
    null,
    2,
  )}\n`;
  const golden = join(packageRoot(), "tests", "golden", "image.json");
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(golden, text);
  assert.equal(text, readFileSync(golden, "utf8"));
});
