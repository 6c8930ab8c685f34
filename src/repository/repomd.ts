/** `repodata/repomd.xml`: which metadata files a repository has, and their checksums. */
import { type Checksum, checksumAlgorithm, isChecksumValue } from "../model/checksum.js";
import { parseXml } from "./xml.js";

export interface MetadataFile {
  readonly location: string;
  readonly checksum: Checksum;
  /** Bytes; undefined when repomd.xml does not say. */
  readonly size: number | undefined;
}

export type Repomd = ReadonlyMap<string, MetadataFile>;

interface DataElement {
  readonly "@type"?: string;
  readonly location?: { readonly "@href"?: string };
  readonly checksum?: { readonly "#text"?: string; readonly "@type"?: string };
  readonly size?: { readonly "#text"?: string };
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
  const algorithm = checksumAlgorithm(element.checksum?.["@type"] ?? "");
  const value = (element.checksum?.["#text"] ?? "").trim().toLowerCase();
  if (algorithm === null || !isChecksumValue(algorithm, value)) {
    throw new InvalidRepomd(`the checksum of ${type} is missing or of an unknown algorithm`);
  }
  const size = Number(element.size?.["#text"] ?? Number.NaN);
  return { location, checksum: { algorithm, value }, size: Number.isSafeInteger(size) ? size : undefined };
}

/** URLs take `\` for `/` and `%2e` for `.`. */
function leadsOutside(location: string): boolean {
  const segments = location.replace(/%2e/gi, ".").split(/[/\\]/);
  return segments[0] === "" || segments.includes("..");
}
