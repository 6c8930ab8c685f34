/** Bills of materials and provenance as their specifications want them, checked offline. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { PackageURL } from "packageurl-js";
import parseLicence from "spdx-expression-parse";
import type { ImageManifest } from "../../src/model/descriptor.js";
import { blobPath, readIndex } from "./image.js";

export interface SpdxPackage {
  readonly name: string;
  readonly SPDXID: string;
  readonly versionInfo?: string;
  readonly downloadLocation: string;
  readonly filesAnalyzed: boolean;
  readonly packageVerificationCode?: { readonly packageVerificationCodeValue: string };
  readonly licenseDeclared: string;
  readonly licenseConcluded: string;
  readonly copyrightText: string;
  readonly checksums?: readonly { readonly algorithm: string; readonly checksumValue: string }[];
  readonly primaryPackagePurpose?: string;
  readonly sourceInfo?: string;
  readonly externalRefs?: readonly { readonly referenceType: string; readonly referenceLocator: string }[];
}

export interface SpdxFile {
  readonly fileName: string;
  readonly SPDXID: string;
  readonly checksums: readonly { readonly algorithm: string; readonly checksumValue: string }[];
}

export interface SpdxDocument {
  readonly documentNamespace: string;
  readonly creationInfo: { readonly created: string; readonly creators: readonly string[] };
  readonly packages: readonly SpdxPackage[];
  readonly files?: readonly SpdxFile[];
  readonly hasExtractedLicensingInfos: readonly {
    readonly licenseId: string;
    readonly extractedText: string;
    readonly name: string;
  }[];
  readonly relationships: readonly {
    readonly spdxElementId: string;
    readonly relationshipType: string;
    readonly relatedSpdxElement: string;
  }[];
}

const DIGITS: Readonly<Record<string, number>> = { MD5: 32, SHA1: 40, SHA224: 56, SHA256: 64, SHA384: 96, SHA512: 128 };

/** Every requirement of SPDX 2.3 on what such a document has; unknown members are refused, as its JSON schema does. */
export function assertSpdx(bytes: string | Buffer): SpdxDocument {
  const document = JSON.parse(String(bytes));
  const members = [
    ...["spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo", "packages"],
    ...(document.files === undefined ? [] : ["files"]),
    ...["hasExtractedLicensingInfos", "relationships"],
  ];
  assert.deepEqual(Object.keys(document), members);
  assert.equal(document.spdxVersion, "SPDX-2.3");
  assert.equal(document.dataLicense, "CC0-1.0");
  assert.equal(document.SPDXID, "SPDXRef-DOCUMENT");
  assert.match(
    document.documentNamespace,
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.match(document.creationInfo.created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  for (const creator of document.creationInfo.creators) assert.match(creator, /^Tool: [^ ]+-\d/);
  const files: readonly SpdxFile[] = document.files ?? [];
  const elements: readonly { readonly SPDXID: string }[] = [...document.packages, ...files];
  const ids = ["SPDXRef-DOCUMENT", ...elements.map(({ SPDXID }) => SPDXID)];
  assert.equal(new Set(ids).size, ids.length, "identifiers are distinct");
  const known = new Set<string>(
    document.hasExtractedLicensingInfos.map((licence: { licenseId: string; extractedText: string }) => {
      assert.match(licence.licenseId, /^LicenseRef-[A-Za-z0-9.-]+$/);
      assert.ok(licence.extractedText !== "");
      return licence.licenseId;
    }),
  );
  for (const entry of document.packages) assertSpdxPackage(entry, known);
  for (const file of files) assertSpdxFile(file);
  for (const { spdxElementId, relationshipType, relatedSpdxElement } of document.relationships) {
    assert.ok(ids.includes(spdxElementId) && ids.includes(relatedSpdxElement), "relationships are among elements");
    assert.ok(["DESCRIBES", "CONTAINS", "DEPENDS_ON"].includes(relationshipType));
  }
  return document;
}

function assertSpdxPackage(entry: SpdxPackage & Record<string, unknown>, licences: ReadonlySet<string>): void {
  const members = [
    ...["name", "SPDXID", "versionInfo", "packageFileName", "supplier", "downloadLocation", "filesAnalyzed"],
    ...["checksums", "homepage", "summary", "sourceInfo", "licenseDeclared", "licenseConcluded", "copyrightText"],
    ...["externalRefs", "primaryPackagePurpose", "packageVerificationCode"],
  ];
  for (const name of Object.keys(entry)) assert.ok(members.includes(name), name);
  assert.ok(entry.name !== "");
  assert.match(entry.SPDXID, /^SPDXRef-[A-Za-z0-9.-]+$/);
  assert.match(String(entry.supplier), /^(NOASSERTION|Organization: .+)$/);
  // A package whose files were not analyzed has none, and no verification code.
  assert.equal(entry.filesAnalyzed, entry.packageVerificationCode !== undefined);
  for (const name of ["downloadLocation", "licenseConcluded", "copyrightText"])
    assert.equal(entry[name], "NOASSERTION");
  if (entry.licenseDeclared !== "NOASSERTION") {
    parseLicence(entry.licenseDeclared);
    for (const id of entry.licenseDeclared.match(/LicenseRef-[A-Za-z0-9.-]+/g) ?? []) assert.ok(licences.has(id), id);
  }
  assertChecksums(entry.checksums ?? []);
  for (const { referenceType, referenceLocator } of entry.externalRefs ?? []) {
    assert.equal(referenceType, "purl");
    PackageURL.fromString(referenceLocator);
  }
  assert.ok([undefined, "CONTAINER", "OPERATING_SYSTEM"].includes(entry.primaryPackagePurpose));
}

function assertSpdxFile(file: SpdxFile): void {
  const members = ["fileName", "SPDXID", "checksums", "licenseConcluded", "copyrightText"];
  assert.deepEqual(Object.keys(file), members);
  assert.match(file.fileName, /^\.\/./);
  assert.match(file.SPDXID, /^SPDXRef-[A-Za-z0-9.-]+$/);
  assertChecksums(file.checksums);
  // Section 8.4: exactly one SHA1.
  assert.equal(file.checksums.filter(({ algorithm }) => algorithm === "SHA1").length, 1);
}

function assertChecksums(checksums: SpdxFile["checksums"]): void {
  for (const { algorithm, checksumValue } of checksums) {
    assert.match(checksumValue, new RegExp(`^[0-9a-f]{${DIGITS[algorithm]}}$`));
  }
}

export interface CycloneDxComponent {
  readonly type: string;
  readonly name: string;
  readonly version?: string;
  readonly "bom-ref"?: string;
  readonly purl?: string;
  readonly licenses?: readonly unknown[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
  readonly components?: readonly CycloneDxComponent[];
}

export interface CycloneDxDocument {
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp: string; readonly component: CycloneDxComponent };
  readonly components: readonly CycloneDxComponent[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

/** The strict JSON schema of CycloneDX 1.6. */
export async function assertCycloneDx(bytes: string | Buffer): Promise<CycloneDxDocument> {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  assert.equal(await validator.validate(String(bytes)), null);
  return JSON.parse(String(bytes));
}

export interface Statement {
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicate: {
    readonly runDetails: { readonly builder: { readonly id: string } };
    readonly buildDefinition: {
      readonly buildType: string;
      readonly externalParameters: Readonly<Record<string, unknown>>;
      readonly resolvedDependencies: readonly {
        readonly name: string;
        readonly uri: string;
        readonly digest: Readonly<Record<string, string>>;
        readonly annotations: Readonly<Record<string, string>>;
      }[];
    };
  };
}

/** What in-toto's statements and SLSA's provenance, both of version 1, must have. */
export function assertProvenance(bytes: string | Buffer): Statement {
  const statement = JSON.parse(String(bytes));
  assert.deepEqual(Object.keys(statement), ["_type", "subject", "predicateType", "predicate"]);
  assert.equal(statement._type, "https://in-toto.io/Statement/v1");
  assert.equal(statement.predicateType, "https://slsa.dev/provenance/v1");
  const { buildDefinition, runDetails } = statement.predicate;
  for (const uri of [buildDefinition.buildType, runDetails.builder.id]) assert.ok(URL.canParse(uri), uri);
  assert.equal(typeof buildDefinition.externalParameters, "object");
  for (const { sha256 } of statement.subject.map(({ digest }: { digest: { sha256: string } }) => digest)) {
    assert.match(sha256, /^[0-9a-f]{64}$/);
  }
  for (const { uri } of buildDefinition.resolvedDependencies) PackageURL.fromString(uri);
  return statement;
}

export interface Referrer {
  readonly type: string;
  /** The document. */
  readonly bytes: Buffer;
  readonly digest: string;
}

/** The artifacts in a layout's index that are about an image, as the specification has them. */
export function referrersOf(layout: string, image: string | null): readonly Referrer[] {
  return readIndex(layout).manifests.flatMap((entry) => {
    const manifest: ImageManifest = JSON.parse(readFileSync(blobPath(layout, entry.digest), "utf8"));
    if (manifest.subject === undefined || manifest.subject.digest !== image) return [];
    assert.equal(entry.artifactType, manifest.artifactType);
    assert.equal(manifest.config.mediaType, "application/vnd.oci.empty.v1+json");
    assert.equal(readFileSync(blobPath(layout, manifest.config.digest), "utf8"), "{}");
    const [layer] = manifest.layers;
    assert.equal(layer?.mediaType, manifest.artifactType);
    const bytes = readFileSync(blobPath(layout, layer?.digest ?? ""));
    return [{ type: manifest.artifactType ?? "", bytes, digest: entry.digest }];
  });
}
