/** CycloneDX 1.6 in JSON (ECMA-424). */
import { createHash } from "node:crypto";
import { ComponentType, ExternalReferenceType, HashAlgorithm } from "@cyclonedx/cyclonedx-library/Enums";
import {
  Bom,
  Component,
  ExternalReference,
  LicenseExpression,
  Metadata,
  NamedLicense,
  Property,
  SpdxLicense,
} from "@cyclonedx/cyclonedx-library/Models";
import { JSON as JsonFormat, JsonSerializer } from "@cyclonedx/cyclonedx-library/Serialize";
import { isSupportedSpdxId } from "@cyclonedx/cyclonedx-library/SPDX";
import { Spec1dot6 } from "@cyclonedx/cyclonedx-library/Spec";
import type { Checksum } from "../native/binding.js";
import { type Bill, type BillFile, type BillPackage, checksumOf, particularsOf } from "./bill.js";
import type { ImageFacts } from "./facts.js";
import { distinctNames, uuidOf } from "./identifiers.js";
import { isWebAddress } from "./web-address.js";

/** Those that the format knows. */
const ALGORITHMS: Readonly<Partial<Record<Checksum["algorithm"], HashAlgorithm>>> = {
  md5: HashAlgorithm.MD5,
  sha1: HashAlgorithm["SHA-1"],
  sha256: HashAlgorithm["SHA-256"],
  sha384: HashAlgorithm["SHA-384"],
  sha512: HashAlgorithm["SHA-512"],
};

/** Equal bills give equal bytes. The serial number is made of the image's digest and of what the document says. */
export function cyclonedxDocument(bill: Bill): Buffer {
  const { image, distribution, packages, toolVersion } = bill;
  const distinct = distinctNames();
  const subject = containerOf(image, { bomRef: distinct(image.digest) });
  const bom = bomOf(image, subject, toolVersion);
  if (distribution !== null) {
    const { id, versionId, prettyName } = distribution;
    const system = new Component(ComponentType.OperatingSystem, id, {
      bomRef: distinct("operating-system"),
      description: prettyName,
      ...(versionId === "" ? {} : { version: versionId }),
    });
    bom.components.add(system);
    subject.dependencies.add(system.bomRef);
  }
  const components = packages.map((entry) => componentOf(entry, distinct));
  for (const [at, component] of components.entries()) {
    bom.components.add(component);
    subject.dependencies.add(component.bomRef);
    for (const to of packages[at]?.facts.dependencies ?? []) {
      const other = components[to];
      if (other !== undefined) component.dependencies.add(other.bomRef);
    }
  }
  return documentOf(image, bom);
}

/** An image, or an index of images. */
export function containerOf(
  image: ImageFacts,
  particulars: { readonly bomRef: string; readonly purl?: string },
): Component {
  const component = new Component(ComponentType.Container, image.title ?? "image", {
    ...particulars,
    version: image.digest,
  });
  addHash(component, checksumOf(image));
  return component;
}

export function bomOf(image: ImageFacts, subject: Component, toolVersion: string): Bom {
  const tool = new Component(ComponentType.Application, "rpmoci", { version: toolVersion });
  const metadata = new Metadata({ timestamp: new Date(image.created), component: subject });
  metadata.tools.components.add(tool);
  return new Bom({ metadata });
}

/** As bytes, with a serial number. */
export function documentOf(image: ImageFacts, bom: Bom): Buffer {
  const serializer = new JsonSerializer(new JsonFormat.Normalize.Factory(Spec1dot6));
  // Lists are in their order already; the library would sort them by the rules of the locale.
  const write = (): string => serializer.serialize(bom, { sortLists: false, space: 2 });
  const digest = createHash("sha256").update(write()).digest("hex");
  bom.serialNumber = `urn:uuid:${uuidOf(`cyclonedx ${image.digest} ${digest}`)}`;
  return Buffer.from(`${write()}\n`);
}

function componentOf(entry: BillPackage, distinct: (name: string) => string): Component {
  const { facts, evr, purl, origin } = entry;
  const component = new Component(ComponentType.Library, facts.name, {
    bomRef: distinct(purl),
    version: evr,
    purl,
    ...(facts.summary === "" ? {} : { description: facts.summary }),
    ...(facts.vendor === "" ? {} : { publisher: facts.vendor }),
  });
  for (const checksum of origin?.checksums ?? []) addHash(component, checksum);
  const licence = licenceOf(entry);
  if (licence !== null) component.licenses.add(licence);
  if (isWebAddress(facts.url)) {
    component.externalReferences.add(new ExternalReference(facts.url, ExternalReferenceType.Website));
  }
  for (const [name, value] of particularsOf(entry)) component.properties.add(new Property(`rpmoci:${name}`, value));
  for (const file of entry.files) component.components.add(fileOf(file, distinct));
  return component;
}

function fileOf({ path, sha1, sha256 }: BillFile, distinct: (name: string) => string): Component {
  // Without a reference of ours the library makes one up, another one each time.
  const file = new Component(ComponentType.File, path, { bomRef: distinct(`file:${path}`) });
  file.hashes.set(HashAlgorithm["SHA-1"], sha1);
  file.hashes.set(HashAlgorithm["SHA-256"], sha256);
  return file;
}

function addHash(component: Component, { algorithm, value }: Checksum): void {
  const known = ALGORITHMS[algorithm];
  if (known !== undefined) component.hashes.set(known, value);
}

function licenceOf({ licence }: BillPackage): SpdxLicense | LicenseExpression | NamedLicense | null {
  if (licence === null) return null;
  if (isSupportedSpdxId(licence.text)) return new SpdxLicense(licence.text);
  return licence.isExpression ? new LicenseExpression(licence.text) : new NamedLicense(licence.text);
}
