import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import test from "node:test";
import { load } from "js-yaml";
import { Scene } from "../support/scene.js";

interface KonfluxPackage {
  readonly url: string;
  readonly repoid: string;
  readonly checksum: string;
  readonly size: number;
  readonly name: string;
  readonly evr: string;
  readonly sourcerpm: string;
}

interface Konflux {
  readonly lockfileVersion: number;
  readonly lockfileVendor: string;
  readonly arches: readonly { readonly arch: string; readonly packages: readonly KonfluxPackage[] }[];
}

interface DnfManifest {
  readonly document: string;
  readonly version: string;
  readonly data: {
    readonly repositories: readonly { readonly id: string; readonly baseurl: string }[];
    readonly packages: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  };
}

/** With tool 1.9 in its lockfile, where the repository has 2.0, too. */
async function lockedScene(t: test.TestContext): Promise<Scene> {
  const scene = await Scene.create(t, { packages: ["filesystem", "tiny-release", "libtiny", "app", "tool-1.9"] });
  scene.writeManifest({ packages: ["tool", "app"] });
  assert.equal((await scene.run(["update"])).code, 0);
  await scene.publish(["tool-2.0"]);
  return scene;
}

async function exported(scene: Scene, format: string): Promise<string> {
  const { code, stdout, stderr } = await scene.run(["export", "--format", format]);
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout;
}

test("an exported rpms.lock.yaml has the locked packages", async (t) => {
  const scene = await lockedScene(t);
  const { arches, ...head } = load(await exported(scene, "konflux")) as Konflux;
  assert.deepEqual(head, { lockfileVersion: 1, lockfileVendor: "redhat" });
  assert.deepEqual(
    arches.map(({ arch }) => arch),
    ["x86_64"],
  );
  const expected = scene.lockfile().packages.map((entry) => ({
    url: `${scene.repositoryUrl}/${entry.location}`,
    repoid: "tiny",
    size: (entry as unknown as { size: number }).size,
    checksum: `sha256:${entry.checksum.checksum}`,
    name: entry.name,
    evr: entry.evr,
    sourcerpm: `${entry.name}-${entry.evr.replace(/^\d+:/, "")}.src.rpm`,
  }));
  assert.deepEqual(arches[0]?.packages, expected);
  const response = await fetch(expected[0]?.url ?? "");
  assert.equal((await response.arrayBuffer()).byteLength, expected[0]?.size);
});

test("an exported package manifest of dnf has them by architecture", async (t) => {
  const scene = await lockedScene(t);
  const { document, version, data } = load(await exported(scene, "dnf")) as DnfManifest;
  assert.deepEqual([document, version], ["rpm-package-manifest", "0.2.0"]);
  assert.deepEqual(data.repositories, [{ id: "tiny", baseurl: scene.repositoryUrl }]);
  assert.deepEqual(
    (data.packages.x86_64 ?? []).map(({ name, evr, srpm }) => [name, evr, srpm]),
    [["libtiny", "1:1.2-1", "libtiny-1.2-1.src"]],
  );
  assert.deepEqual(
    (data.packages.noarch ?? []).map(({ name }) => name),
    scene.lockedNames().filter((name) => name !== "libtiny"),
  );
});

for (const format of ["konflux", "dnf"]) {
  test(`what was exported for ${format} is imported to the same lockfile`, async (t) => {
    const scene = await lockedScene(t);
    const lock = readFileSync(scene.lockfilePath, "utf8");
    writeFileSync(scene.path("other.yaml"), await exported(scene, format));
    rmSync(scene.lockfilePath);
    const { code, stdout, stderr } = await scene.run(["import", "other.yaml", "--json"]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { lockfilePath: scene.lockfilePath, changes: [] });
    assert.equal(readFileSync(scene.lockfilePath, "utf8"), lock);
    assert.equal((await scene.run(["update"])).code, 0);
    assert.match(
      readFileSync(scene.lockfilePath, "utf8"),
      /evr = "2\.0\.1-1"/,
      "there was a newer version all the time",
    );
  });
}

test("an older rpms.lock.yaml, which has names of files only, is imported, and what differs is told", async (t) => {
  const scene = await lockedScene(t);
  const url = (file: string): string => `      - url: https://elsewhere.example/p/${file}\n`;
  const files = ["tool-1.9.2-1.noarch.rpm", "app-1.0-1.noarch.rpm", "needed-by-nothing-1-1.noarch.rpm"];
  writeFileSync(
    scene.path("rpms.lock.yaml"),
    `lockfileVersion: 1\nlockfileVendor: redhat\narches:\n  - arch: x86_64\n    packages:\n${files.map(url).join("")}  - arch: aarch64\n    packages:\n${url("x-1-1.aarch64.rpm")}`,
  );
  const { code, stderr } = await scene.run(["import", "rpms.lock.yaml"]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Updating app 1\.0-1 -> 2\.0-1/);
  assert.match(stderr, /Removing needed-by-nothing 1-1/);
  assert.match(stderr, /Adding libtiny 1:1\.2-1/);
  assert.doesNotMatch(stderr, /tool/);
  assert.equal(scene.lockfile().packages.find(({ name }) => name === "tool")?.evr, "1.9.2-1");
});

test("what is no such document is refused, and the lockfile stays", async (t) => {
  const scene = await lockedScene(t);
  const lock = readFileSync(scene.lockfilePath, "utf8");
  const cases: readonly (readonly [string | null, RegExp])[] = [
    [null, /Failed to read other\.yaml: ENOENT/],
    ["a: [", /Failed to read other\.yaml: /],
    ["a: 1", /is neither an rpms\.lock\.yaml of version 1 nor a package manifest of dnf/],
    ["lockfileVersion: 2\narches: []", /is neither/],
    ["lockfileVersion: 1\narches: []", /has no packages for x86_64/],
    ["document: rpm-package-manifest\ndata: { packages: { s390x: [] } }", /has no packages for x86_64/],
    [
      "lockfileVersion: 1\narches: [{ arch: x86_64, packages: [{ url: 'https://h/x' }] }]",
      /does not tell the version of package 1/,
    ],
  ];
  for (const [text, message] of cases) {
    if (text !== null) writeFileSync(scene.path("other.yaml"), text);
    const { code, stderr } = await scene.run(["import", "other.yaml"]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
  assert.equal((await scene.run(["export", "--format", "xml"])).code, 2);
  assert.equal(readFileSync(scene.lockfilePath, "utf8"), lock);
  rmSync(scene.lockfilePath);
  assert.equal((await scene.run(["export"])).code, 3);
});
