import assert from "node:assert/strict";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { parse } from "smol-toml";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { buildRpms } from "../support/rpm-fixture.js";
import { Scene } from "../support/scene.js";
import { tinyPackages } from "../support/tiny-distribution.js";

const { filesystem, app, libtiny, "tiny-release": release } = tinyPackages as Readonly<Record<string, RpmFixture>>;

const ARM: RpmFixture = {
  ...libtiny,
  name: "libtiny",
  arch: "aarch64",
  files: { "/usr/lib64/libtiny.so.1": { content: "not really, and for another machine\n", mode: 0o755 } },
};

/** What only one of the architectures has. */
const ONLY: readonly RpmFixture[] = [
  { name: "firmware", arch: "x86_64", files: { "/usr/lib/firmware": "x86_64\n" } },
  { name: "tree", arch: "aarch64", files: { "/usr/lib/tree": "aarch64\n" } },
];

const BOTH = ["x86_64", "aarch64"] as const;

async function createScene(t: TestContext): Promise<Scene> {
  const packages = [filesystem, app, libtiny, release].filter((entry) => entry !== undefined);
  return Scene.create(t, { packages: [...packages, ARM, ...ONLY] });
}

interface Entry {
  readonly mediaType: string;
  readonly digest: string;
  readonly platform?: { readonly architecture: string; readonly variant?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

function readBlob(layout: string, digest: string): { readonly manifests: readonly Entry[] } {
  return JSON.parse(readFileSync(join(layout, "blobs", ...digest.split(":")), "utf8"));
}

function tagged(layout: string, tag: string): Entry {
  const { manifests } = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  const entry = manifests.find(({ annotations }: Entry) => annotations?.["org.opencontainers.image.ref.name"] === tag);
  assert.ok(entry, `there is no tag ${tag}`);
  return entry;
}

test("a lockfile has a part for each architecture, and the first is the original's", async (t) => {
  const scene = await createScene(t);
  scene.writeManifest({ archs: BOTH });
  const result = await scene.run(["update"]);
  assert.equal(result.code, 0, result.stderr);
  const lock = parse(readFileSync(scene.lockfilePath, "utf8")) as unknown as {
    readonly arch: string;
    readonly packages: readonly { readonly name: string; readonly arch: string }[];
    readonly architectures: readonly {
      readonly arch: string;
      readonly packages: readonly { readonly name: string; readonly arch: string }[];
      readonly repo_gpg_config: object;
    }[];
    readonly repo_gpg_config: object;
  };
  assert.equal(lock.arch, "x86_64");
  const names = ({ packages }: { packages: readonly { name: string; arch: string }[] }): readonly string[] =>
    packages.map(({ name, arch }) => `${name}.${arch}`);
  assert.deepEqual(names(lock), ["app.noarch", "filesystem.noarch", "libtiny.x86_64", "tiny-release.noarch"]);
  assert.deepEqual(
    lock.architectures.map(({ arch }) => arch),
    ["aarch64"],
  );
  const [other] = lock.architectures;
  assert.ok(other);
  assert.deepEqual(names(other), ["app.noarch", "filesystem.noarch", "libtiny.aarch64", "tiny-release.noarch"]);
  assert.deepEqual(other.repo_gpg_config, lock.repo_gpg_config);
  // What changes for both is said once.
  assert.equal(result.stderr.match(/Adding app 2.0-1$/gm)?.length, 1);

  const again = await scene.run(["update", "--dry-run"]);
  assert.equal(again.code, 0, again.stderr);
  const check = await scene.run(["check"]);
  assert.equal(check.code, 0, check.stdout + check.stderr);
});

test("--arch wins over the manifest, and a lockfile keeps its architectures", async (t) => {
  const scene = await createScene(t);
  scene.writeManifest();
  assert.equal((await scene.run(["update"])).code, 0);
  assert.ok(!/^arch = .*\npkg_specs|architectures/m.test(readFileSync(scene.lockfilePath, "utf8")));
  assert.equal((await scene.run(["update", "--arch", "amd64", "--arch", "arm64"])).code, 0);
  const both = readFileSync(scene.lockfilePath, "utf8");
  assert.match(both, /^arch = "x86_64"$/m);
  assert.equal((await scene.run(["update"])).code, 0);
  assert.equal(readFileSync(scene.lockfilePath, "utf8"), both);
  const single = await scene.run(["update", "--arch", "aarch64"]);
  assert.equal(single.code, 0, single.stderr);
  assert.match(single.stderr, /Removing libtiny 1:1.2-1 \(x86_64\)/);
  assert.match(readFileSync(scene.lockfilePath, "utf8"), /^arch = "aarch64"$/m);
});

test("what cannot be had for one architecture is said with its name", async (t) => {
  const scene = await createScene(t);
  scene.writeManifest({ archs: BOTH, packages: ["app", "firmware"] });
  const result = await scene.run(["update"]);
  assert.equal(result.code, 4);
  assert.match(result.stderr, /aarch64: /);
  assert.match(result.stderr, /firmware/);
  assert.ok(!existsSync(scene.lockfilePath));
});

test("architectures that are none are refused", async (t) => {
  const scene = await createScene(t);
  scene.writeManifest();
  const option = await scene.run(["update", "--arch", "../x86_64"]);
  assert.equal(option.code, 2);
  assert.match(option.stderr, /"\.\.\/x86_64" is not an architecture/);
  for (const [archs, fault] of [
    [[], /contents.archs names no architecture/],
    [["x86_64", "amd64"], /contents.archs have the same architecture twice/],
    [["X86"], /contents.archs.0 = "X86" is not an architecture such as x86_64/],
  ] as const) {
    scene.writeManifest({ archs });
    const manifest = await scene.run(["update"]);
    assert.equal(manifest.code, 2);
    assert.match(manifest.stderr, fault);
  }
});

test("an index has an image for each architecture", async (t) => {
  const scene = await createScene(t);
  scene.writeManifest({ archs: BOTH });
  const args = ["--sbom", "spdx,cyclonedx", "--provenance", "--sbom-dir", "documents", "--json"];
  const result = await scene.build(args, { reuse: true });
  assert.equal(result.code, 0, result.stderr);
  const told = JSON.parse(result.stdout);
  const entry = tagged(scene.layout, "test");
  assert.equal(entry.mediaType, "application/vnd.oci.image.index.v1+json");
  assert.equal(entry.digest, told.digest);
  const { manifests } = readBlob(scene.layout, entry.digest);
  assert.deepEqual(
    manifests.map(({ platform }) => platform),
    [
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm64", variant: "v8" },
    ],
  );
  assert.deepEqual(
    told.images,
    manifests.map(({ digest }, index) => ({ arch: BOTH[index], digest })),
  );
  assert.deepEqual(
    readdirSync(scene.path("documents")).sort(),
    ["test", "test-amd64", "test-arm64"]
      .flatMap((name) => [".cdx.json", ".intoto.json", ".spdx.json"].map((end) => name + end))
      .sort(),
  );
  const bill = JSON.parse(readFileSync(scene.path("documents", "test.spdx.json"), "utf8"));
  assert.deepEqual(
    bill.relationships.map(({ relationshipType }: { relationshipType: string }) => relationshipType),
    ["DESCRIBES", "VARIANT_OF", "VARIANT_OF"],
  );
  const valid = await scene.run(["layout", "validate", "image"]);
  assert.equal(valid.code, 0, valid.stdout + valid.stderr);

  // The same again, of what is there and anew.
  const known = await scene.build(args, { reuse: true });
  assert.equal(known.code, 0, known.stderr);
  assert.match(known.stderr, /Unchanged/);
  const { digest, unchanged } = JSON.parse(known.stdout);
  assert.deepEqual([digest, unchanged], [told.digest, true]);
  const anew = await scene.build(args);
  assert.equal(JSON.parse(anew.stdout).digest, told.digest);

  // Nobody loses anything by tidying up.
  const gc = await scene.run(["layout", "gc", "image"]);
  assert.equal(gc.code, 0, gc.stderr);
  assert.equal((await scene.run(["layout", "validate", "image"])).code, 0);
  assert.equal(readBlob(scene.layout, told.digest).manifests.length, 2);

  // One of them alone is the same image.
  const one = await scene.run(["build", "--image", "one", "--tag", "arm", "--arch", "arm64", "--locked", "--json"]);
  assert.equal(one.code, 0, one.stderr);
  assert.equal(JSON.parse(one.stdout).digest, manifests[1]?.digest);
});

test("a locked build needs a part for each architecture", async (t) => {
  const scene = await createScene(t);
  scene.writeManifest();
  assert.equal((await scene.run(["update"])).code, 0);
  const missing = await scene.build(["--locked", "--arch", "aarch64"]);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /does not lock packages for aarch64, but for x86_64/);
  const before = scene.lockfile().packages;
  const added = await scene.build(["--arch", "aarch64"]);
  assert.equal(added.code, 0, added.stderr);
  const after = scene.lockfile() as unknown as { arch: string; packages: unknown; architectures: unknown[] };
  assert.equal(after.arch, "x86_64");
  assert.deepEqual(after.packages, before);
  assert.equal(after.architectures.length, 1);
  assert.equal(tagged(scene.layout, "test").platform?.architecture, "arm64");
});

test("a lockfile for another machine is not built by accident", async (t) => {
  const scene = await createScene(t);
  scene.writeManifest();
  assert.equal((await scene.run(["update", "--arch", "aarch64"])).code, 0);
  // As the original writes it there.
  const text = readFileSync(scene.lockfilePath, "utf8").replace('arch = "aarch64"\npkg_specs', "pkg_specs");
  writeFileSync(scene.lockfilePath, text);
  const refused = await scene.build();
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /locks packages for aarch64, this machine is x86_64/);
  assert.match(refused.stderr, /--arch aarch64/);
  const meant = await scene.build(["--locked", "--arch", "aarch64"]);
  assert.equal(meant.code, 0, meant.stderr);
});

test("local packages are taken for their own architecture", async (t) => {
  const scene = await createScene(t);
  await buildRpms(
    scene.directory,
    ONLY.map((fixture) => ({ ...fixture, name: "mine" })),
  );
  scene.writeManifest({ archs: BOTH, packages: ["filesystem", "mine-*.rpm"] });
  const result = await scene.build();
  assert.equal(result.code, 0, result.stderr);
  const { manifests } = readBlob(scene.layout, tagged(scene.layout, "test").digest);
  for (const [index, path] of ["/usr/lib/firmware", "/usr/lib/tree"].entries()) {
    const files = await scene.run(["files", `image@${manifests[index]?.digest}`]);
    assert.match(files.stdout, new RegExp(`${path}$`, "m"), files.stderr);
  }
  scene.writeManifest({ archs: [...BOTH, "s390x"], packages: ["filesystem", "mine-*.rpm"] });
  const lacking = await scene.run(["update"]);
  assert.equal(lacking.code, 2);
  assert.match(lacking.stderr, /s390x: No package found for spec 'mine-\*\.rpm' for s390x/);
});

test("vendored packages serve each architecture, and what others need is not foreign", async (t) => {
  const scene = await createScene(t);
  scene.writeManifest({ archs: BOTH });
  assert.equal((await scene.run(["update"])).code, 0);
  assert.equal((await scene.run(["vendor", "--out-dir", "vendor", "--arch", "aarch64"])).code, 0);
  assert.equal(readdirSync(scene.path("vendor")).length, 4);
  assert.equal((await scene.run(["vendor", "--out-dir", "vendor"])).code, 0);
  assert.equal(readdirSync(scene.path("vendor")).length, 5);
  const one = await scene.build(["--locked", "--arch", "aarch64", "--vendor-dir", "vendor"]);
  assert.equal(one.code, 0, one.stderr);
  const both = await scene.build(["--locked", "--vendor-dir", "vendor"]);
  assert.equal(both.code, 0, both.stderr);
});

test("why, tree, layers and export look at the part that is asked for", async (t) => {
  const scene = await createScene(t);
  scene.writeManifest({ archs: BOTH });
  appendFileSync(scene.path("rpmoci.toml"), '\n[layers]\nstrategy = "package"\n');
  assert.equal((await scene.run(["update"])).code, 0);
  for (const [args, expected] of [
    [["why", "libtiny", "--arch", "arm64"], /libtiny-1:1\.2-1\.aarch64/],
    [["why", "libtiny"], /libtiny-1:1\.2-1\.x86_64/],
    [["tree", "--arch", "aarch64"], /libtiny-1:1\.2-1\.aarch64/],
    [["layers", "--arch", "arm64"], /libtiny/],
    [
      ["export", "--format", "konflux"],
      /arch: x86_64[\s\S]*libtiny-1\.2-1\.x86_64\.rpm[\s\S]*arch: aarch64[\s\S]*libtiny-1\.2-1\.aarch64\.rpm/,
    ],
  ] as const) {
    const result = await scene.run(args);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, expected);
  }
  for (const args of [["why", "libtiny"], ["layers"]]) {
    const unknown = await scene.run([...args, "--arch", "s390x"]);
    assert.equal(unknown.code, 3);
    assert.match(unknown.stderr, /does not lock packages for s390x, but for x86_64, aarch64/);
  }
});
