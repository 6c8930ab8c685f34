/** SPDX 2.3 in JSON (https://spdx.github.io/spdx-spec/v2.3/). */
import { createHash } from "node:crypto";
import { type Bill, type BillFile, type BillPackage, checksumOf, particularsOf } from "./bill.js";
import type { ImageFacts } from "./facts.js";
import { distinctNames, uuidOf } from "./identifiers.js";
import { isWebAddress } from "./web-address.js";

export const DOCUMENT = "SPDXRef-DOCUMENT";
const IMAGE = "SPDXRef-Image";
const SYSTEM = "SPDXRef-OperatingSystem";
const NO_ASSERTION = "NOASSERTION";

export type Json = Readonly<Record<string, unknown>>;

/** Equal bills give equal bytes. The document's namespace is made of the image's digest and of what the document says. */
export function spdxDocument(bill: Bill): Buffer {
  const { image, distribution, packages, toolVersion } = bill;
  const distinct = distinctNames();
  const ids = packages.map((entry) => distinct(spdxId(entry)));
  const files = new Map(packages.flatMap((entry) => entry.files.map((file) => [file.path, file])));
  const system = distribution && {
    name: distribution.id,
    SPDXID: SYSTEM,
    ...(distribution.versionId === "" ? {} : { versionInfo: distribution.versionId }),
    ...NOTHING_ASSERTED,
    summary: distribution.prettyName,
    primaryPackagePurpose: "OPERATING_SYSTEM",
  };
  const contents = {
    packages: [
      containerOf(image, IMAGE),
      ...(system ? [system] : []),
      ...packages.map((entry, at) => packageOf(entry, ids[at] ?? "")),
    ],
    ...(files.size === 0 ? {} : { files: [...files.values()].map(fileOf) }),
    hasExtractedLicensingInfos: extractedLicences(packages),
    relationships: [
      relationship(DOCUMENT, "DESCRIBES", IMAGE),
      ...(system ? [relationship(IMAGE, "CONTAINS", SYSTEM)] : []),
      ...ids.map((id) => relationship(IMAGE, "CONTAINS", id)),
      ...packages.flatMap((entry, at) =>
        entry.files.map(({ path }) => relationship(ids[at] ?? "", "CONTAINS", fileId(path))),
      ),
      ...packages.flatMap(({ facts }, at) =>
        facts.dependencies.map((to) => relationship(ids[at] ?? "", "DEPENDS_ON", ids[to] ?? "")),
      ),
    ],
  };
  return documentOf(image, contents, toolVersion);
}

/** The document that has `contents`, as bytes. */
export function documentOf(image: ImageFacts, contents: Json, toolVersion: string): Buffer {
  const digest = createHash("sha256").update(JSON.stringify(contents)).digest("hex");
  const document = {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: DOCUMENT,
    name: image.title ?? image.digest,
    documentNamespace: `urn:uuid:${uuidOf(`spdx ${image.digest} ${toolVersion} ${digest}`)}`,
    creationInfo: { created: image.created, creators: [`Tool: rpmoci-${toolVersion}`] },
    ...contents,
  };
  return Buffer.from(`${JSON.stringify(document, null, 2)}\n`);
}

/** An image, or an index of images. */
export function containerOf(image: ImageFacts, id: string): Json {
  const { algorithm, value } = checksumOf(image);
  return {
    name: image.title ?? "image",
    SPDXID: id,
    versionInfo: image.digest,
    ...NOTHING_ASSERTED,
    checksums: [{ algorithm: algorithm.toUpperCase(), checksumValue: value }],
    primaryPackagePurpose: "CONTAINER",
  };
}

const NOTHING_ASSERTED = {
  supplier: NO_ASSERTION,
  downloadLocation: NO_ASSERTION,
  filesAnalyzed: false,
  licenseConcluded: NO_ASSERTION,
  licenseDeclared: NO_ASSERTION,
  copyrightText: NO_ASSERTION,
} as const;

/** Of letters, digits, "." and "-" only. */
function spdxId({ facts: { name, arch }, evr }: BillPackage): string {
  const nevra = `${name}-${evr}${arch === "" ? "" : `.${arch}`}`;
  return `SPDXRef-Package-${nevra.replace(/[^A-Za-z0-9.-]/g, "-")}`;
}

function fileId(path: string): string {
  return `SPDXRef-File-${createHash("sha256").update(path).digest("hex").slice(0, 24)}`;
}

function fileOf({ path, sha1, sha256 }: BillFile): Json {
  return {
    fileName: `.${path}`,
    SPDXID: fileId(path),
    checksums: [
      { algorithm: "SHA1", checksumValue: sha1 },
      { algorithm: "SHA256", checksumValue: sha256 },
    ],
    licenseConcluded: NO_ASSERTION,
    copyrightText: NO_ASSERTION,
  };
}

/** Section 7.9. */
function verificationCode(files: readonly BillFile[]): Json {
  const digests = files.map(({ sha1 }) => sha1).sort();
  return { packageVerificationCodeValue: createHash("sha1").update(digests.join("")).digest("hex") };
}

function packageOf(entry: BillPackage, id: string): Json {
  const { facts, evr, purl, origin } = entry;
  const checksums = origin?.checksums ?? [];
  const particulars = particularsOf(entry).map(([name, value]) => `${name}: ${value}`);
  return {
    name: facts.name,
    SPDXID: id,
    versionInfo: evr,
    ...(origin?.location === undefined ? {} : { packageFileName: origin.location.replace(/^.*\//, "") }),
    ...NOTHING_ASSERTED,
    ...(entry.files.length === 0
      ? {}
      : { filesAnalyzed: true, packageVerificationCode: verificationCode(entry.files) }),
    ...(facts.vendor === "" ? {} : { supplier: `Organization: ${facts.vendor}` }),
    ...(checksums.length === 0
      ? {}
      : {
          checksums: checksums.map(({ algorithm, value }) => ({
            algorithm: algorithm.toUpperCase(),
            checksumValue: value,
          })),
        }),
    ...(isWebAddress(facts.url) ? { homepage: facts.url } : {}),
    ...(facts.summary === "" ? {} : { summary: facts.summary }),
    ...(particulars.length === 0 ? {} : { sourceInfo: particulars.join("\n") }),
    licenseDeclared: licenceOf(entry),
    externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purl }],
  };
}

function licenceOf({ licence }: BillPackage): string {
  if (licence === null) return NO_ASSERTION;
  return licence.isExpression ? licence.text : referenceTo(licence.text);
}

/** The name, in the document, of a licence that has none in SPDX. */
function referenceTo(text: string): string {
  return `LicenseRef-rpm-${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
}

/** Every `LicenseRef-…` must be told, in what words there are. */
function extractedLicences(packages: readonly BillPackage[]): readonly Json[] {
  const licences = new Map<string, Json>();
  for (const { licence } of packages) {
    if (licence === null) continue;
    const { text, isExpression, references } = licence;
    for (const id of references) {
      licences.set(id, {
        licenseId: id,
        extractedText: "Packages name this licence by its identifier only.",
        name: id,
      });
    }
    const id = referenceTo(text);
    if (!isExpression) licences.set(id, { licenseId: id, extractedText: text, name: text });
  }
  return [...licences].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, licence]) => licence);
}

export function relationship(from: string, type: string, to: string): Json {
  return { spdxElementId: from, relationshipType: type, relatedSpdxElement: to };
}
