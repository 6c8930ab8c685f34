import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { Ajv } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
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
import { layerPaths } from "../support/image-readers.js";
import { projectRoot } from "../support/project.js";
import { realData } from "../support/real-data.js";
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

/** rpm's own view of the image, whose database another tool has unpacked. */
async function rpmOf(scene: Scene): Promise<(...args: readonly string[]) => Promise<string>> {
  const folder = scene.path("unpacked");
  mkdirSync(folder);
  const database = "usr/lib/sysimage/rpm";
  const [layer = ""] = layerPaths(scene.layout, "test");
  await runSuccessfully("tar", ["--no-same-owner", "-xf", layer, "-C", folder, database]);
  return (...args) => runSuccessfully("rpm", ["--dbpath", join(folder, database), "-q", ...args]);
}

test("both formats list what rpm lists, with its licences and requirements", async (t) => {
  const scene = await sceneWithDocuments(t);
  const rpm = await rpmOf(scene);
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

const schema = realData("schemas", "spdx-2.3.json");
test("SPDX documents fit the official JSON schema", schema, async (t) => {
  const { $schema: draft = "", $id: _, ...rules } = JSON.parse(readFileSync(schema.folder, "utf8"));
  const validator = new (draft.includes("2019-09") ? Ajv2019 : Ajv)({ strict: false });
  const fits = validator.compile(rules);
  const scene = await sceneWithDocuments(t);
  for (const args of [[], ["--sbom-files"]]) {
    const { stdout } = await scene.run(["sbom", "--image", "image:test", "--format", "spdx", ...args]);
    assert.ok(fits(JSON.parse(stdout)), JSON.stringify(fits.errors));
    assert.ok(!fits(JSON.parse(stdout.replace('"versionInfo"', '"unknown"'))));
  }
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

  assert.equal(provenance.predicate.buildDefinition.buildType, "pkg:npm/rpmoci#docs/provenance-v1.md");
  assert.ok(existsSync(join(projectRoot, "docs/provenance-v1.md")));
  assert.equal(provenance.predicate.runDetails.builder.id, "pkg:npm/rpmoci");
  // Attached anew under another name, and not when it is the same.
  const id = "https://ci.example.com/builder";
  for (const attached of [/Attached provenance/, /^(?![\s\S]*Attached)/]) {
    const args = ["--provenance", "--sbom-dir", "documents", "--builder-id", id];
    const named = await scene.build(args, { reuse: true });
    assert.equal(named.code, 0, named.stderr);
    assert.match(named.stderr, attached);
    const { runDetails } = assertProvenance(readFileSync(scene.path("documents/test.intoto.json"))).predicate;
    assert.equal(runDetails.builder.id, id);
  }
  const wrong = await scene.build(["--provenance", "--builder-id", "nobody"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--builder-id: `nobody` is not a URI\.\n.*Hint /);
  assert.equal((await scene.build(["--builder-id", id])).code, 2);

  // The lockfile that is there when the image is made is not the one that it is made from.
  scene.writeManifest({ packages: ["late"] });
  const { code, stderr } = await scene.build(["--provenance", "--sbom-dir", "documents"]);
  assert.equal(code, 0, stderr);
  const next = assertProvenance(readFileSync(scene.path("documents/test.intoto.json")));
  const { lockfile } = next.predicate.buildDefinition.externalParameters;
  assert.deepEqual(lockfile, { digest: { sha256: await sha256("rpmoci.lock") } });
});

test("the same inputs give the same bytes: built anew, unchanged, or read out of the image", async (t) => {
  const scene = await Scene.create(t, { packages: PACKAGES });
  const document = (name: string) => readFileSync(scene.path("documents", name), "utf8");
  for (const compression of ["zstd", "none", "gzip"]) {
    scene.writeManifest({ packages: ["versioned", "odd++"] });
    const layers = `\n[layers]\nstrategy = "package"\ncompression = "${compression}"\n`;
    writeFileSync(scene.path("rpmoci.toml"), `${readFileSync(scene.path("rpmoci.toml"), "utf8")}${layers}`);
    const built = await scene.run(["build", "--image", "image", "--tag", compression, ...SBOM], { reuse: true });
    assert.equal(built.code, 0, built.stderr);
    const args = ["sbom", "--image", `image:${compression}`, "--format", "spdx", "--lockfile", "rpmoci.lock"];
    const read = await scene.run(args);
    assert.equal(read.stdout, document(`${compression}.spdx.json`), read.stderr);
  }
  const image = digestOf(scene.layout, "gzip");
  const args = ["sbom", "--image", `image@${image}`, "--format", "cyclonedx", "--lockfile", "rpmoci.lock"];
  assert.equal((await scene.run(args)).stdout, document("gzip.cdx.json"));
  const attached = referrersOf(scene.layout, image);
  assert.deepEqual(
    attached.map(({ bytes }) => bytes.toString()),
    ["spdx", "cdx", "intoto"].map((suffix) => document(`gzip.${suffix}.json`)),
  );

  const elsewhere = ["build", "--image", "elsewhere", "--tag", "some/where"];
  const plain = await scene.run(elsewhere, { reuse: true });
  assert.equal(plain.code, 0, plain.stderr);
  assert.equal(digestOf(scene.path("elsewhere"), "some/where"), image, "attaching changes no image");
  assert.deepEqual(referrersOf(scene.path("elsewhere"), image), []);
  const unchanged = await scene.run([...elsewhere, ...SBOM], { reuse: true });
  assert.match(unchanged.stderr, /Unchanged.*\n.*Attached SPDX/);
  assert.deepEqual(referrersOf(scene.path("elsewhere"), image), attached);
  assert.equal(document("some-where.spdx.json"), document("gzip.spdx.json"));
  const again = await scene.run([...elsewhere, ...SBOM], { reuse: true });
  assert.match(again.stderr, /Unchanged/);
  assert.doesNotMatch(again.stderr, /Attached/);
  const { code, stdout } = await scene.run(["layout", "validate", "elsewhere"]);
  assert.equal(code, 0, stdout);
});

test("files are listed on request, as they are in the image", async (t) => {
  const merged = { name: "merged", files: { "/lib64": { symlinkTo: "/usr/lib64" }, "/usr/bin/\u00e4 b": "umlaut" } };
  const late = {
    name: "late",
    requiresPre: ["merged", "app"],
    files: {
      "/lib64/late": "late\n",
      "/etc/late": { content: "", config: true },
      "/etc/gone": "",
      "/etc/ghost": { ghost: true },
    },
    scriptlets: [
      {
        section: "post",
        interpreter: "<lua>",
        body: 'local f = io.open("/etc/late", "w")\nf:write("changed")\nf:close()\nos.remove("/etc/gone")',
      },
    ],
  } as const;
  const scene = await Scene.create(t, { packages: ["filesystem", "tiny-release", "app", "libtiny", merged, late] });
  scene.writeManifest({ packages: ["late"] });
  const manifest = readFileSync(scene.path("rpmoci.toml"), "utf8");
  writeFileSync(scene.path("rpmoci.toml"), `${manifest}\n[layers]\nstrategy = "package"\n`);
  const documents = ["--sbom", "spdx,cyclonedx", "--sbom-files", "--sbom-dir", "documents"];
  const { code, stderr } = await scene.build(documents);
  assert.equal(code, 0, stderr);
  const [spdx, cyclonedx] = await documentsOf(scene);
  const contents: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
    // Neither directories nor links; documentation was not installed.
    app: [
      ["/etc/app.conf", "key=value\n"],
      ["/usr/bin/app", "#!/bin/false\n"],
      ["/usr/bin/app-link", "#!/bin/false\n"],
    ],
    late: [
      ["/etc/late", "changed"],
      ["/lib64/late", "late\n"],
    ],
    libtiny: [["/usr/lib64/libtiny.so.1", "not really\n"]],
    merged: [["/usr/bin/\u00e4 b", "umlaut"]],
    filesystem: [],
  };
  const hash = (algorithm: string, content: string) => createHash(algorithm).update(content).digest("hex");
  for (const [name, files] of Object.entries(contents)) {
    const component = cyclonedx.components.find((entry) => entry.name === name);
    const expected = files.map(([path, content]) => [path, hash("sha1", content), hash("sha256", content)]);
    const listed = component?.components?.map((file) => [
      file.name,
      ...(file.hashes ?? []).map((entry) => entry.content),
    ]);
    assert.deepEqual(listed ?? [], expected);
    const entry = spdx.packages.find((other) => other.name === name);
    const contained = spdx.relationships.filter(({ spdxElementId }) => spdxElementId === entry?.SPDXID);
    const inSpdx = contained
      .filter(({ relationshipType }) => relationshipType === "CONTAINS")
      .map(({ relatedSpdxElement }) => spdx.files?.find(({ SPDXID }) => SPDXID === relatedSpdxElement))
      .map((file) => [file?.fileName.slice(1), ...(file?.checksums ?? []).map(({ checksumValue }) => checksumValue)]);
    assert.deepEqual(inSpdx, expected);
    const code = hash(
      "sha1",
      files
        .map(([, content]) => hash("sha1", content))
        .sort()
        .join(""),
    );
    assert.equal(entry?.packageVerificationCode?.packageVerificationCodeValue, files.length === 0 ? undefined : code);
  }
  for (const [format, name] of [
    ["spdx", "spdx"],
    ["cyclonedx", "cdx"],
  ] as const) {
    const args = ["sbom", "--image", "image:test", "--format", format, "--sbom-files", "--lockfile", "rpmoci.lock"];
    const read = await scene.run(args);
    assert.equal(read.stdout, readFileSync(scene.path(`documents/test.${name}.json`), "utf8"));
  }
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
