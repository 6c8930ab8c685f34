import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import test from "node:test";
import { gzipSync } from "node:zlib";
import type { Descriptor, ImageIndex } from "../../src/model/descriptor.js";
import { assertCycloneDx, assertSpdx, referrersOf } from "../support/bills.js";
import { blobPath, digestOf, readImage, readIndex } from "../support/image.js";
import { runSuccessfully } from "../support/run.js";
import { Scene } from "../support/scene.js";

const SPDX = "application/spdx+json";

function put(layout: string, mediaType: string, value: string | Buffer | object): Descriptor {
  const bytes = typeof value === "string" || Buffer.isBuffer(value) ? Buffer.from(value) : JSON.stringify(value);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}` as const;
  writeFileSync(blobPath(layout, digest), bytes);
  return { mediaType, digest, size: Buffer.byteLength(bytes) };
}

function changeIndex(layout: string, change: (index: ImageIndex) => ImageIndex): void {
  writeFileSync(`${layout}/index.json`, JSON.stringify(change(readIndex(layout))));
}

/** An artifact of another tool about something, in the index. */
function attachForeign(layout: string, subject: Descriptor, extra: object = {}): Descriptor {
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const config = put(layout, "application/vnd.oci.empty.v1+json", "{}");
  const layers = [put(layout, SPDX, `{"about": "${subject.digest}"}`)];
  const { digest, size } = subject;
  const manifest = {
    schemaVersion: 2,
    mediaType,
    artifactType: SPDX,
    config,
    layers,
    subject: { mediaType, digest, size },
  };
  const entry = { ...put(layout, mediaType, { ...manifest, ...extra }), artifactType: SPDX };
  changeIndex(layout, (index) => ({ ...index, manifests: [...index.manifests, entry] }));
  return entry;
}

const entryOf = (layout: string, tag: string) =>
  readIndex(layout).manifests.find(({ digest }) => digest === digestOf(layout, tag)) as Descriptor;

test("documents are replaced by newer ones of their type, and go with their image; others' stay as they are", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  const { layout } = scene;
  assert.equal((await scene.build(["--sbom", "spdx,cyclonedx"])).code, 0);
  const image = digestOf(layout, "test");
  const [spdx, cyclonedx] = referrersOf(layout, image);
  assert.deepEqual([spdx?.type, cyclonedx?.type], [SPDX, "application/vnd.cyclonedx+json"]);
  const foreign = attachForeign(layout, entryOf(layout, "test"));
  const signature = attachForeign(layout, foreign);

  assert.equal((await scene.build(["--sbom", "cyclonedx", "--sbom-files"])).code, 0);
  const replaced = referrersOf(layout, image);
  assert.deepEqual(replaced.map(({ digest }) => digest).slice(0, 2), [spdx?.digest, foreign.digest]);
  assert.equal(replaced.length, 3);
  assert.notEqual(replaced[2]?.digest, cyclonedx?.digest);
  assert.equal((await scene.build()).code, 0);
  assert.deepEqual(referrersOf(layout, image), replaced);

  // What nobody refers to any more is the first CycloneDX document.
  const gc = await scene.run(["layout", "gc", "image"]);
  assert.match(gc.stdout, /removed 2 blobs/);
  assert.deepEqual(referrersOf(layout, image), replaced);
  const valid = await scene.run(["layout", "validate", "image"]);
  assert.equal(valid.code, 0, valid.stdout);
  await runSuccessfully("umoci", ["gc", "--layout", layout]);
  assert.deepEqual(
    referrersOf(layout, image)
      .map(({ digest }) => digest)
      .sort(),
    replaced.map(({ digest }) => digest).sort(),
  );
  const copy = ["copy", "-q", "--insecure-policy", `oci:${layout}:test`, `oci:${scene.path("copy")}:test`];
  await runSuccessfully("skopeo", copy);
  assert.equal(digestOf(scene.path("copy"), "test"), image);

  // The tag goes to another image.
  scene.writeManifest({}, { author: "somebody" });
  assert.equal((await scene.build(["--sbom", "spdx"])).code, 0);
  const entries = readIndex(layout).manifests.map(({ digest }) => digest);
  assert.ok(!entries.includes(spdx?.digest as Descriptor["digest"]), "ours went with the image");
  assert.ok(entries.includes(foreign.digest) && entries.includes(signature.digest));
  const dry = await scene.run(["layout", "gc", "--dry-run", "image"]);
  const data = JSON.parse((await scene.run(["layout", "gc", "--dry-run", "--json", "image"])).stdout);
  assert.ok(data.digests.includes(image) && data.size > 0);
  assert.ok(
    dry.stdout.includes(image ?? "") && dry.stdout.includes(foreign.digest) && dry.stdout.includes(signature.digest),
  );
  assert.ok(readIndex(layout).manifests.length === 4);
  assert.equal((await scene.run(["layout", "gc", "image"])).code, 0);
  assert.deepEqual(
    readIndex(layout).manifests.map(({ artifactType = "image" }) => artifactType),
    ["image", SPDX],
  );
  assert.ok(!existsSync(blobPath(layout, foreign.digest)) && !existsSync(blobPath(layout, image ?? "")));
  assert.equal(referrersOf(layout, digestOf(layout, "test")).length, 1);
  assert.equal((await scene.run(["layout", "validate", "image"])).code, 0);
});

test("an artifact with a tag stays, and keeps what it is about", async (t) => {
  const scene = await Scene.built(t);
  const { layout } = scene;
  const foreign = attachForeign(layout, entryOf(layout, "test"));
  const name = { "org.opencontainers.image.ref.name": "kept" };
  changeIndex(layout, (index) => ({
    ...index,
    manifests: index.manifests.flatMap((entry) =>
      entry.digest === foreign.digest ? [{ ...entry, annotations: name }] : [],
    ),
  }));
  assert.match((await scene.run(["layout", "gc", "image"])).stdout, /removed 0 blobs/);
});

test("validate checks artifacts", async (t) => {
  const scene = await Scene.built(t);
  const image = entryOf(scene.layout, "test");
  const cases: readonly (readonly [string, Descriptor, object, object])[] = [
    ["an artifact without a configuration must have an artifactType", image, { artifactType: undefined }, {}],
    [
      "its artifactType is application/spdx\\+json, and its descriptor says text/plain",
      image,
      {},
      { artifactType: "text/plain" },
    ],
    ["its subject has \\d+ bytes, and it says 1", { ...image, size: 1 }, {}, {}],
  ];
  for (const [message, subject, manifest, descriptor] of cases) {
    const layout = scene.path("broken");
    rmSync(layout, { recursive: true, force: true });
    cpSync(scene.layout, layout, { recursive: true });
    const entry = attachForeign(layout, subject, manifest);
    changeIndex(layout, (index) => ({
      ...index,
      manifests: index.manifests.map((other) => (other.digest === entry.digest ? { ...other, ...descriptor } : other)),
    }));
    const { code, stdout } = await scene.run(["layout", "validate", "broken"]);
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`^${entry.digest}: ${message} \\[(ARTIFACT|SUBJECT)\\]\\n$`));
    const data = await scene.run(["layout", "validate", "--json", "broken"]);
    assert.equal(data.code, 1);
    const [problem, ...others] = JSON.parse(data.stdout);
    assert.deepEqual([problem.subject, others], [entry.digest, []]);
  }
});

test("documents that cannot be written leave everything as it was", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  writeFileSync(scene.path("file"), "");
  const failed = await scene.build(["--sbom", "spdx", "--sbom-dir", "file"]);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /Failed to write into .*\/file: /);
  assert.ok(!existsSync(scene.layout) && !scene.hasLockfile());
  mkdirSync(scene.path("taken/test.spdx.json"), { recursive: true });
  const taken = await scene.build(["--sbom", "spdx", "--sbom-dir", "taken"]);
  assert.equal(taken.code, 1);
  assert.match(taken.stderr, /Failed to write into .*\/taken: test\.spdx\.json is a directory/);
  assert.ok(!existsSync(scene.layout) && !scene.hasLockfile());
  assert.deepEqual(readdirSync(scene.path("taken")), ["test.spdx.json"]);
  for (const [args, message] of [
    [["--sbom", "spdx,xml"], /--sbom: `spdx,xml` is not a list of spdx, cyclonedx/],
    [["--sbom-dir", "d"], /--sbom-dir needs --sbom or --provenance/],
    [["--sbom-files"], /--sbom-files needs --sbom/],
  ] as const) {
    const { code, stderr } = await scene.build(args);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
  assert.equal((await scene.build(["--sbom", "spdx", "--sbom-dir", "d"])).code, 0);
  assert.deepEqual(readdirSync(scene.path("d")), ["test.spdx.json"]);
});

test("sbom reads images of other tools: Docker's media types, whiteouts, upper layers", async (t) => {
  const scene = await Scene.built(t);
  const { layout } = scene;
  const { manifest, config } = readImage(layout, "test");
  const layers: (readonly [string, readonly string[]])[] = [
    ["upper", ["etc/os-release", "usr/bin/.wh.app"]],
    ["emptied", ["usr/lib/sysimage/.wh.rpm"]],
    ["opaque", ["usr/.wh..wh..opq"]],
    ["damaged", ["usr/lib/sysimage/rpm/rpmdb.sqlite"]],
  ];
  const type = "application/vnd.docker.distribution.manifest.v2+json";
  for (const [tag, paths] of layers) {
    const folder = scene.path(tag);
    for (const path of paths) {
      mkdirSync(`${folder}/${path.replace(/\/[^/]*$/, "")}`, { recursive: true });
      writeFileSync(`${folder}/${path}`, 'ID="upper"\nVERSION_ID=9\n');
    }
    await runSuccessfully("tar", ["-cf", scene.path(`${tag}.tar`), "-C", folder, "."]);
    const tar = gzipSync(readFileSync(scene.path(`${tag}.tar`)));
    const added = put(layout, "application/vnd.docker.image.rootfs.diff.tar.gzip", tar);
    const value = {
      ...config,
      created: undefined,
      rootfs: { ...config.rootfs, diff_ids: [...config.rootfs.diff_ids, added.digest] },
    };
    const image = {
      schemaVersion: 2,
      mediaType: type,
      config: put(layout, "application/vnd.docker.container.image.v1+json", value),
      layers: [...manifest.layers, added],
    };
    const annotations = { "org.opencontainers.image.ref.name": tag };
    const entry = { ...put(layout, type, image), annotations };
    changeIndex(layout, (index) => ({ ...index, manifests: [...index.manifests, entry] }));
  }
  const upper = await scene.run(["sbom", "--image", "image:upper", "--format", "spdx"]);
  assert.equal(upper.code, 0, upper.stderr);
  const document = assertSpdx(upper.stdout);
  assert.equal(document.creationInfo.created, "1970-01-01T00:00:00Z");
  const app = document.packages.find(({ name }) => name === "app");
  assert.match(
    app?.externalRefs?.[0]?.referenceLocator ?? "",
    /^pkg:rpm\/upper\/app@2\.0-1\?arch=noarch&distro=upper-9&/,
  );
  assert.equal(app?.checksums, undefined);
  assert.match(app?.sourceInfo ?? "", /^signature-key-id: [0-9a-f]{16}$/m);
  const listed = await scene.run(["sbom", "--image", "image:upper", "--format", "cyclonedx", "--sbom-files"]);
  const { components } = await assertCycloneDx(listed.stdout);
  const files = components.flatMap((entry) => entry.components ?? []).map(({ name }) => name);
  assert.deepEqual(files, ["/etc/app.conf", "/usr/bin/app-link", "/usr/lib64/libtiny.so.1", "/etc/os-release"]);
  for (const tag of ["emptied", "opaque"]) {
    const { code, stderr } = await scene.run(["sbom", "--image", `image:${tag}`, "--format", "spdx"]);
    assert.equal(code, 1);
    assert.match(stderr, /the image image:.* has no rpm database/);
  }
  const damaged = await scene.run(["sbom", "--image", "image:damaged", "--format", "spdx"]);
  assert.equal(damaged.code, 6);
  assert.match(
    damaged.stderr,
    /the rpm database of the image image:damaged cannot be read: .*\/usr\/lib\/sysimage\/rpm/,
  );
});

test("sbom names what is wrong: the image, its layers, or the command line", async (t) => {
  const scene = await Scene.built(t);
  assert.equal((await scene.run(["build", "--image", "image", "--tag", "other", "--label", "a=b"])).code, 0);
  const sbom = (...args: readonly string[]) => scene.run(["sbom", "--format", "spdx", ...args]);
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[], 2, /the option --image is required/],
    [["--image", "image"], 2, /there is more than one image in image\n.*: image:test, image:other/],
    [["--image", "image:none"], 2, /there is no image with the tag none in image/],
    [["--image", "nowhere:test"], 2, /there is no OCI image layout at nowhere/],
    [["--image", "image:test", "--format", "xml"], 2, /--format: `xml` is not one of spdx, cyclonedx/],
    [["--image", "image:test", "--lockfile", "none.lock"], 3, /none\.lock is missing/],
  ];
  for (const [args, code, message] of cases) {
    const result = await sbom(...args);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, message);
    assert.equal(result.stdout, "");
  }
  const [layer] = readImage(scene.layout, "test").manifest.layers;
  const path = blobPath(scene.layout, layer?.digest ?? "");
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const damaged = await sbom("--image", "image:test");
  assert.equal(damaged.code, 6);
  assert.match(damaged.stderr, /the image image:test is damaged: sha256:.*: /);
  rmSync(path);
  assert.equal((await sbom("--image", "image:test")).code, 6);
});

test("an os-release that leads out of the root is not followed", async (t) => {
  const linked = { name: "linked", files: { "/etc/os-release": { symlinkTo: "/etc/passwd" } } };
  const scene = await Scene.create(t, { packages: ["filesystem", linked] });
  scene.writeManifest({ packages: ["linked", "filesystem"] });
  const { code, stderr } = await scene.build(["--sbom", "spdx", "--sbom-dir", "d"]);
  assert.equal(code, 0, stderr);
  const document = assertSpdx(readFileSync(scene.path("d/test.spdx.json")));
  assert.deepEqual(
    document.packages.map(({ primaryPackagePurpose }) => primaryPackagePurpose),
    ["CONTAINER", undefined, undefined],
  );
});
