import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import test, { type TestContext } from "node:test";
import { PackageURL } from "packageurl-js";
import {
  assertCycloneDx,
  assertProvenance,
  assertSpdx,
  type CycloneDxDocument,
  referrersOf,
  type SpdxDocument,
} from "../support/bills.js";
import { digestOf } from "../support/image.js";
import { umoci } from "../support/image-readers.js";
import { buildRpms } from "../support/rpm-fixture.js";
import { runSuccessfully } from "../support/run.js";
import { Scene } from "../support/scene.js";

const SBOM = ["--sbom", "spdx,cyclonedx", "--provenance", "--sbom-dir", "documents"];

const PACKAGES = [
  ...["filesystem", "tiny-release", "app", "libtiny", "capable"],
  {
    name: "odd++",
    license: "GPLv2+ and MIT",
    vendor: "Odd & Sons",
    requires: [
      ...["(app if libtiny)", "(nowhere or capable)", "(nowhere if nowhere-else)", "/usr/bin/late"],
      ...["(virtual-thing >= 4 with virtual-thing < 6)", "odd-itself"],
    ],
    provides: ["odd-itself"],
  },
  {
    name: "late",
    license: "MIT AND (GPL-2.0-or-later OR LicenseRef-Odd)",
    files: { "/usr/bin/late": "#!/bin/false\n" },
  },
  { name: "versioned", license: "BSD-3-Clause", requires: ["virtual-thing > 4", "tool < 2", "late"] },
  { name: "tool", version: "1.9", release: "1", license: "Public Domain", provides: ["virtual-thing = 3"] },
] as const;

/** A scene with an image `image:test` of all of `PACKAGES`, and its documents. */
async function sceneWithDocuments(t: TestContext): Promise<Scene> {
  const scene = await Scene.create(t, { packages: PACKAGES });
  scene.writeManifest({ packages: ["versioned", "odd++", "./local.rpm"], exclude: ["capable"] });
  const [local = ""] = await buildRpms(scene.path("rpms"), [{ name: "mine", version: "3", requires: ["app"] }]);
  writeFileSync(scene.path("local.rpm"), readFileSync(local));
  const { code, stderr } = await scene.build(SBOM);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Attached SPDX bill of materials, CycloneDX bill of materials, provenance/);
  return scene;
}

function documentsOf(scene: Scene): Promise<[SpdxDocument, CycloneDxDocument]> {
  const read = (name: string) => readFileSync(scene.path("documents", name));
  return Promise.all([assertSpdx(read("test.spdx.json")), assertCycloneDx(read("test.cdx.json"))]);
}

/** rpm's own view of the image, unpacked by another tool. */
async function unpack(t: TestContext, scene: Scene): Promise<(...args: readonly string[]) => Promise<string>> {
  if (process.geteuid?.() !== 0) t.skip("only root can unpack an image");
  mkdirSync(scene.path("unpacked"));
  const root = await umoci.unpack(scene.layout, "test", scene.path("unpacked"));
  return (...args) => runSuccessfully("rpm", ["--root", root, "--dbpath", "/usr/lib/sysimage/rpm", "-q", ...args]);
}

test("both formats list what rpm lists, with its licences and requirements", async (t) => {
  const scene = await sceneWithDocuments(t);
  const rpm = await unpack(t, scene);
  const [spdx, cyclonedx] = await documentsOf(scene);
  const format = "%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE} %{ARCH}\\n";
  const installed = (await rpm("-a", "--qf", format)).trim().split("\n").sort();
  assert.ok(installed.length === 9 && !installed.some((line) => line.startsWith("capable ")), installed.join());

  const purlOf = (text: string | undefined) => PackageURL.fromString(text ?? "");
  const named = (purl: PackageURL) => {
    const { arch, epoch } = purl.qualifiers ?? {};
    return `${purl.name} ${epoch === undefined ? "" : `${epoch}:`}${purl.version} ${arch}`;
  };
  const spdxPurls = spdx.packages.flatMap(({ externalRefs = [] }) => externalRefs.map((r) => r.referenceLocator));
  assert.deepEqual(spdxPurls.map((text) => named(purlOf(text))).sort(), installed);
  const libraries = cyclonedx.components.filter(({ type }) => type === "library");
  assert.deepEqual(libraries.map(({ purl }) => named(purlOf(purl))).sort(), installed);
  assert.ok(
    spdxPurls.includes("pkg:rpm/tiny/libtiny@1.2-1?arch=x86_64&distro=tiny-1&epoch=1&upstream=libtiny-1.2-1.src.rpm"),
  );

  const names = new Map(libraries.map((entry) => [entry["bom-ref"], entry.name]));
  const actual = cyclonedx.dependencies
    .filter(({ ref }) => names.has(ref))
    .map(({ ref, dependsOn = [] }) => [names.get(ref), dependsOn.map((other) => names.get(other)).sort()]);
  assert.deepEqual(Object.fromEntries(actual), {
    app: ["filesystem", "libtiny"],
    filesystem: [],
    late: [],
    libtiny: [],
    mine: ["app"],
    // By parts of rich requirements; not by what it provides itself, nor by what was excluded.
    "odd++": ["app", "late", "libtiny"],
    "tiny-release": ["filesystem"],
    tool: [],
    // Two packages provide virtual-thing, one of them in another version.
    versioned: ["late", "libtiny", "tool"],
  });
  const spdxNames = new Map(spdx.packages.map(({ SPDXID, name }) => [SPDXID, name]));
  const depends = spdx.relationships.filter(({ relationshipType }) => relationshipType === "DEPENDS_ON");
  assert.deepEqual(
    depends.map((r) => [spdxNames.get(r.spdxElementId), spdxNames.get(r.relatedSpdxElement)]),
    libraries.flatMap(({ name, ...entry }) => {
      const { dependsOn = [] } = cyclonedx.dependencies.find(({ ref }) => ref === entry["bom-ref"]) ?? {};
      return dependsOn.map((other) => [name, names.get(other)]);
    }),
  );
  const contained = spdx.relationships.filter(({ relationshipType }) => relationshipType === "CONTAINS");
  assert.equal(contained.length, installed.length + 1);
});

test("licences are expressions where they are valid ones; origins come from the lockfile", async (t) => {
  const scene = await sceneWithDocuments(t);
  const [spdx, cyclonedx] = await documentsOf(scene);
  const spdxOf = (name: string) => spdx.packages.find((entry) => entry.name === name);
  const componentOf = (name: string) => cyclonedx.components.find((entry) => entry.name === name);
  const declared = spdxOf("odd++")?.licenseDeclared ?? "";
  assert.match(declared, /^LicenseRef-rpm-[0-9a-f]{12}$/);
  const licences = spdx.hasExtractedLicensingInfos;
  assert.equal(licences.find(({ licenseId }) => licenseId === declared)?.extractedText, "GPLv2+ and MIT");
  assert.equal(spdxOf("late")?.licenseDeclared, "MIT AND (GPL-2.0-or-later OR LicenseRef-Odd)");
  assert.ok(licences.some(({ licenseId }) => licenseId === "LicenseRef-Odd"));
  assert.deepEqual(componentOf("odd++")?.licenses, [{ license: { name: "GPLv2+ and MIT" } }]);
  assert.deepEqual(componentOf("versioned")?.licenses, [{ license: { id: "BSD-3-Clause" } }]);
  assert.deepEqual(componentOf("late")?.licenses, [{ expression: "MIT AND (GPL-2.0-or-later OR LicenseRef-Odd)" }]);
  assert.deepEqual(componentOf("tiny")?.type, "operating-system");

  for (const { name, repoid, checksum, location, signed_by } of scene.lockfile().packages) {
    if (name === "capable") continue;
    assert.deepEqual(spdxOf(name)?.checksums, [{ algorithm: "SHA256", checksumValue: checksum.checksum }]);
    assert.deepEqual(componentOf(name)?.hashes, [{ alg: "SHA-256", content: checksum.checksum }]);
    const properties = new Map(componentOf(name)?.properties?.map((property) => [property.name, property.value]));
    assert.equal(properties.get("rpmoci:repository"), repoid);
    assert.equal(properties.get("rpmoci:location"), location);
    assert.equal(properties.get("rpmoci:signed-by"), signed_by);
    assert.match(spdxOf(name)?.sourceInfo ?? "", new RegExp(`^signed-by: ${signed_by}$`, "m"));
  }
  const local = (await runSuccessfully("sha256sum", [scene.path("local.rpm")])).slice(0, 64);
  assert.deepEqual(componentOf("mine")?.hashes, [{ alg: "SHA-256", content: local }]);

  const provenance = assertProvenance(readFileSync(scene.path("documents/test.intoto.json")));
  const image = digestOf(scene.layout, "test")?.slice("sha256:".length);
  assert.deepEqual(provenance.subject, [{ name: "image", digest: { sha256: image } }]);
  const { externalParameters, resolvedDependencies } = provenance.predicate.buildDefinition;
  const sha256 = async (name: string) => (await runSuccessfully("sha256sum", [scene.path(name)])).slice(0, 64);
  assert.deepEqual(externalParameters.manifest, { digest: { sha256: await sha256("rpmoci.toml") } });
  assert.deepEqual(externalParameters.lockfile, { digest: { sha256: await sha256("rpmoci.lock") } });
  const fetched = scene.lockfile().packages.map(({ name, checksum }) => [name, checksum.checksum]);
  assert.deepEqual(
    resolvedDependencies.map(({ uri, digest }) => [PackageURL.fromString(uri).name, digest.sha256]).sort(),
    [...fetched, ["mine", local]].sort(),
  );
});

test("the same inputs give the same bytes: built anew, unchanged, or read out of the image", async (t) => {
  const scene = await Scene.create(t, { packages: PACKAGES });
  for (const compression of ["gzip", "zstd", "none"]) {
    scene.writeManifest({ packages: ["versioned", "odd++"] });
    const layers = `\n[layers]\nstrategy = "package"\ncompression = "${compression}"\n`;
    writeFileSync(scene.path("rpmoci.toml"), `${readFileSync(scene.path("rpmoci.toml"), "utf8")}${layers}`);
    const tag = (text: string) => ["build", "--image", "image", "--tag", `${compression}/${text}`];
    const plain = await scene.run(tag("plain"), { reuse: true });
    assert.equal(plain.code, 0, plain.stderr);
    const image = digestOf(scene.layout, `${compression}/plain`);
    assert.equal(referrersOf(scene.layout, image).length, 0);

    const unchanged = await scene.run([...tag("unchanged"), ...SBOM], { reuse: true });
    assert.match(unchanged.stderr, /Unchanged.*\n.*Attached SPDX/);
    const first = referrersOf(scene.layout, image);
    assert.equal(first.length, 3);
    const again = await scene.run([...tag("unchanged"), ...SBOM], { reuse: true });
    assert.doesNotMatch(again.stderr, /Attached/);

    const elsewhere = ["build", "--image", "elsewhere", "--tag", `${compression}-anew`, ...SBOM, "--no-cache"];
    const anew = await scene.run(elsewhere);
    assert.equal(anew.code, 0, anew.stderr);
    assert.equal(digestOf(scene.path("elsewhere"), `${compression}-anew`), image, "attaching changes no image");
    assert.deepEqual(referrersOf(scene.path("elsewhere"), image), first);
    for (const [format, name] of [
      ["spdx", "spdx"],
      ["cyclonedx", "cdx"],
    ] as const) {
      const args = ["sbom", "--image", `image@${image}`, "--format", format, "--lockfile", "rpmoci.lock"];
      const read = await scene.run(args);
      assert.equal(read.code, 0, read.stderr);
      assert.equal(read.stdout, readFileSync(scene.path(`documents/${compression}-unchanged.${name}.json`), "utf8"));
      assert.equal(read.stdout, readFileSync(scene.path(`documents/${compression}-anew.${name}.json`), "utf8"));
      assert.ok(first.some(({ bytes }) => bytes.toString() === read.stdout));
    }
  }
  const { code, stdout } = await scene.run(["layout", "validate", "image"]);
  assert.equal(code, 0, stdout);
});

test("files are listed on request, with the digests of the rpm database", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["app"] });
  const { code, stderr } = await scene.build(["--sbom", "cyclonedx", "--sbom-files", "--sbom-dir", "documents"]);
  assert.equal(code, 0, stderr);
  const { components } = await assertCycloneDx(readFileSync(scene.path("documents/test.cdx.json")));
  const app = components.find(({ name }) => name === "app");
  // Neither directories nor links; documentation was not installed.
  assert.deepEqual(
    app?.components?.map(({ name }) => name),
    ["/etc/app.conf", "/usr/bin/app", "/usr/bin/app-link"],
  );
  const digest = (await runSuccessfully("sh", ["-c", "echo key=value | sha256sum"])).slice(0, 64);
  assert.deepEqual(app?.components?.[0]?.hashes, [{ alg: "SHA-256", content: digest }]);
  const refused = await scene.build(["--sbom", "spdx", "--sbom-files"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /SPDX 2\.3 asks for a SHA-1 of every file/);
});

test("an image with a title is called by it", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({}, { labels: { "org.opencontainers.image.title": "My app" } });
  assert.equal((await scene.build(["--sbom", "spdx,cyclonedx", "--sbom-dir", "documents"])).code, 0);
  const [spdx, cyclonedx] = await documentsOf(scene);
  assert.equal(spdx.packages[0]?.name, "My app");
  assert.equal(cyclonedx.metadata.component.name, "My app");
  assert.equal(spdx.creationInfo.created, "2024-07-03T09:46:40Z");
});
