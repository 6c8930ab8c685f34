import assert from "node:assert/strict";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { type ImageName, referenceOf } from "../../src/layout/image-reference.js";
import { readLayoutImage } from "../../src/layout/layout-image.js";
import { openImage } from "../../src/layout/open-image.js";
import { hostArchitecture, platformOf } from "../../src/model/architecture.js";
import type { Descriptor } from "../../src/model/descriptor.js";
import { runSuccessfully } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { WrittenLayout } from "../support/written-image.js";

const HOST = platformOf(hostArchitecture()).architecture;
const OTHERS = ["arm64", "s390x", "ppc64le"].filter((name) => name !== HOST);
const [OTHER = "", THIRD = ""] = OTHERS;
const RPM_NAMES: Readonly<Record<string, string>> = { arm64: "aarch64", s390x: "s390x" };

function newLayout(t: TestContext): WrittenLayout {
  return new WrittenLayout(join(temporaryDirectory(t), "layout"));
}

async function opened(image: ImageName, architecture?: string): Promise<string> {
  return (await openImage(referenceOf(image), architecture)).digest;
}

async function pushed(image: ImageName): Promise<string> {
  return (await readLayoutImage(referenceOf(image))).top.descriptor.digest;
}

const unknown = { kind: "usage", code: "IMAGE_UNKNOWN" } as const;
const ambiguous = { kind: "usage", code: "IMAGE_AMBIGUOUS" } as const;

test("a tag of several platforms: one is looked into, all of them are pushed", async (t) => {
  const layout = newLayout(t);
  const { path } = layout;
  const [own, other, third] = [HOST, OTHER, THIRD].map((name) => layout.image([10], name)) as [
    Descriptor,
    Descriptor,
    Descriptor,
  ];
  // As BuildKit attaches what it knows of a build.
  const attestation = { ...layout.image([5], "unknown"), platform: { os: "unknown", architecture: "unknown" } };
  const index = layout.index([other, own, attestation as unknown as Descriptor]);
  layout.add(index, "all");
  layout.add(layout.index([layout.index([third, attestation as unknown as Descriptor])]), "foreign");
  for (const name of [`${path}:all`, `oci:${path}:all`, `${path}@${index.digest}`]) {
    assert.equal(await pushed(name), index.digest);
    assert.equal(await opened(name), own.digest);
    assert.equal(await opened(name, HOST), own.digest);
    assert.equal(await opened(name, hostArchitecture()), own.digest);
    assert.equal(await opened(name, OTHER), other.digest);
    assert.equal(await opened(name, RPM_NAMES[OTHER]), other.digest);
    await assert.rejects(opened(name, THIRD), { ...unknown, hint: `--arch chooses: it is for ${OTHER}, ${HOST}` });
  }
  assert.equal(await opened(`${path}:foreign`), third.digest, "the only one there is");
  await assert.rejects(opened(`${path}:foreign`, HOST), { ...unknown, message: /foreign is not for/ });
  assert.equal(await opened(`${path}@${other.digest}`), other.digest);
  await assert.rejects(opened(`${path}@${other.digest}`, HOST), { ...unknown, hint: new RegExp(OTHER) });
});

test("of variants, the one that is asked for comes before others", async (t) => {
  const layout = newLayout(t);
  const [six, seven] = ["v6", "v7"].map((variant) => {
    const image = layout.image([10], "arm");
    return { ...image, platform: { os: "linux", architecture: "arm", variant } } as const;
  }) as [Descriptor, Descriptor];
  layout.add(layout.index([six, seven]), "arm");
  assert.equal(await opened(`${layout.path}:arm`, "armv7hl"), seven.digest);
  assert.equal(await opened(`${layout.path}:arm`, "arm"), six.digest);
});

test("the only image needs no tag, whatever is attached to it", async (t) => {
  const layout = newLayout(t);
  const { path } = layout;
  await assert.rejects(opened(path), { ...unknown, message: `there is no image in ${path}` });
  const image = layout.image([10], OTHER);
  layout.add(image);
  assert.equal(await opened(path), image.digest);
  const artifact = layout.artifact(image, "application/spdx+json", "{}");
  layout.add(artifact);
  const list = layout.index([artifact]);
  layout.add(list, image.digest.replace(":", "-"));
  assert.deepEqual([await opened(path), await pushed(path)], [image.digest, image.digest]);
  const untagged = layout.image([10], OTHER);
  layout.add(untagged);
  await assert.rejects(opened(path), {
    ...ambiguous,
    hint: `name one of them: ${path}@${image.digest}, ${path}@${untagged.digest}`,
  });
  // Tagged ones count before others.
  layout.add(image, "one");
  layout.add(image, "same");
  layout.add(artifact, "about-one");
  assert.deepEqual([await opened(path), await pushed(path)], [image.digest, image.digest]);
  assert.deepEqual((await readLayoutImage({ path })).tags, ["one", "same"]);
  layout.add(untagged, "two");
  for (const choose of [opened, pushed]) {
    await assert.rejects(choose(path), { ...ambiguous, hint: `name one of them: ${path}:one, ${path}:two` });
    await assert.rejects(choose(`${path}:none`), {
      ...unknown,
      hint: `${path} has the tags about-one, one, same, two`,
    });
    await assert.rejects(choose(`${path}@sha256:${"0".repeat(64)}`), unknown);
  }
  assert.equal(await pushed(`${path}:about-one`), artifact.digest);
  await assert.rejects(opened(`${path}:about-one`), {
    ...unknown,
    message: /no image, but of the type application\/spdx/,
  });
  layout.add(untagged, "one");
  await assert.rejects(opened(`${path}:one`), { ...ambiguous, hint: new RegExp(`${path}@${untagged.digest}`) });
});

test("directories, tags and archives may have colons in their names", async (t) => {
  const base = temporaryDirectory(t);
  const image = (name: string, tag: string): string => {
    const layout = new WrittenLayout(join(base, name));
    const descriptor = layout.image([10]);
    layout.add(descriptor, tag);
    return descriptor.digest;
  };
  const plain = image("plain", "registry.example.com:5000/app:1.0");
  const colon = image("with:colon", "v1");
  assert.equal(await opened(`${base}/plain:registry.example.com:5000/app:1.0`), plain);
  for (const name of ["with:colon", "with:colon:v1"]) assert.equal(await opened(`${base}/${name}`), colon);
  await runSuccessfully("tar", ["--force-local", "-cf", "a:b.tar", "-C", "plain", "."], { cwd: base });
  assert.equal(await opened(`oci-archive:${base}/a:b.tar`), plain);
  assert.equal(await pushed(`${base}/a:b.tar@${plain}`), plain);
  assert.deepEqual(referenceOf("nowhere/at:all:v1"), { path: "nowhere/at:all", tag: "v1" });
});

test("an index or a document that is damaged is told as such, unless nobody asked for it", async (t) => {
  const layout = newLayout(t);
  const { path } = layout;
  const image = layout.image([10]);
  layout.add(image, "good");
  layout.add({ ...layout.index([]), digest: `sha256:${"1".repeat(64)}` }, "missing");
  layout.add({ mediaType: "application/json", digest: "../../etc/passwd", size: 3 } as unknown as Descriptor, "odd");
  layout.add({ ...image, size: image.size + 1 }, "longer");
  assert.equal(await opened(`${path}:good`), image.digest);
  assert.equal(await pushed(`${path}:good`), image.digest);
  for (const choose of [opened, pushed]) {
    for (const tag of ["missing", "longer"]) {
      await assert.rejects(choose(`${path}:${tag}`), { kind: "verify", code: "IMAGE_DAMAGED" }, tag);
    }
  }
  await assert.rejects(pushed(`${path}:odd`), {
    kind: "verify",
    code: "IMAGE_DAMAGED",
    message: /descriptor is not valid/,
  });
  await assert.rejects(opened(`${path}:odd`), unknown);
});
