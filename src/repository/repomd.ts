/** `repodata/repomd.xml`: which metadata files a repository has, and their checksums. */
import { type Checksum, checksumAlgorithm, isChecksumValue } from "../model/checksum.js";
import { parseXml } from "./xml.js";

export interface MetadataFile {
  readonly location: string;
  readonly checksum: Checksum;
  /** Bytes; undefined when repomd.xml does not say. */
  readonly size: number | undefined;
  /** Of the uncompressed contents; undefined when repomd.xml does not say. */
  readonly openSize: number | undefined;
  readonly openChecksum: Checksum | undefined;
}

export type Repomd = ReadonlyMap<string, MetadataFile>;

interface ChecksumElement {
  readonly "#text"?: string;
  readonly "@type"?: string;
}

interface DataElement {
  readonly "@type"?: string;
  readonly location?: { readonly "@href"?: string };
  readonly checksum?: ChecksumElement;
  readonly "open-checksum"?: ChecksumElement;
  readonly size?: { readonly "#text"?: string };
  readonly "open-size"?: { readonly "#text"?: string };
}

/** Thrown with the reason, for a text that is not a usable repomd.xml. */
export class InvalidRepomd extends Error {}

/** The files by type (`primary`, `filelists`, …). Throws `InvalidRepomd`. */
export function parseRepomd(text: string): Repomd {
  let document: { repomd?: { data?: readonly DataElement[] } };
  try {
    document = parseXml(text, ["data"]) as typeof document;
  } catch (error) {
    throw new InvalidRepomd(error instanceof Error ? error.message : String(error));
  }
  if (document.repomd === undefined) throw new InvalidRepomd("it has no <repomd> element");
  const files = new Map<string, MetadataFile>();
  for (const element of document.repomd.data ?? []) {
    const type = element["@type"];
    if (type !== undefined) files.set(type, fileOf(type, element));
  }
  return files;
}

function fileOf(type: string, element: DataElement): MetadataFile {
  const location = element.location?.["@href"] ?? "";
  if (location === "" || leadsOutside(location)) {
    throw new InvalidRepomd(`the location "${location}" of ${type} is not inside the repository`);
  }
  const checksum = checksumOf(element.checksum);
  if (checksum === null) throw new InvalidRepomd(`the checksum of ${type} is missing or of an unknown algorithm`);
  const openElement = element["open-checksum"];
  const openChecksum = openElement === undefined ? undefined : checksumOf(openElement);
  if (openChecksum === null) throw new InvalidRepomd(`the open-checksum of ${type} is of an unknown algorithm`);
  const size = sizeOf(type, "size", element.size);
  return { location, checksum, size, openSize: sizeOf(type, "open-size", element["open-size"]), openChecksum };
}

function checksumOf(element: ChecksumElement | undefined): Checksum | null {
  const algorithm = checksumAlgorithm(element?.["@type"] ?? "");
  const value = (element?.["#text"] ?? "").trim().toLowerCase();
  return algorithm !== null && isChecksumValue(algorithm, value) ? { algorithm, value } : null;
}

function sizeOf(type: string, name: string, element: DataElement["size"]): number | undefined {
  if (element === undefined) return undefined;
  const text = (element["#text"] ?? "").trim();
  const size = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(size)) return size;
  throw new InvalidRepomd(`the ${name} of ${type} is not a number of bytes: "${text}"`);
}

/** URLs take `\` for `/` and `%2e` for `.`. */
function leadsOutside(location: string): boolean {
  const segments = location.replace(/%2e/gi, ".").split(/[/\\]/);
  return segments[0] === "" || segments.includes("..");
}
