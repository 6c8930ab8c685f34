/** Advisories (`updateinfo.xml`): which builds of packages repair what. */
import { messageOf, RpmociError } from "../errors.js";
import { compareText } from "../model/nevra.js";
import type { RepositoryMetadata } from "../model/repository.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { parseXml } from "./xml.js";

export interface AdvisoryPackage {
  readonly name: string;
  /** `[epoch:]version-release`; the epoch only when it is not 0. */
  readonly evr: string;
  readonly arch: string;
}

export interface Advisory {
  readonly id: string;
  /** `security`, `bugfix`, `enhancement`, or what else the data says. */
  readonly type: string;
  /** As the data says it: `Critical`, `Important`, …; null when it does not. */
  readonly severity: string | null;
  readonly title: string;
  /** Ids of CVEs, sorted. */
  readonly cves: readonly string[];
  readonly packages: readonly AdvisoryPackage[];
}

/** Bytes of all advisories of a repository, unpacked; those of a large distribution have some 100 MB. */
const LARGEST = 1 << 29;

/** Characters of one advisory. */
const LONGEST = 1 << 24;

/** Thrown with the reason, for what is no list of advisories. */
export class InvalidAdvisories extends Error {}

const START = "<update";
const END = "</update>";

/**
 * The advisories of all repositories that are about one of `names`, by their ids; what several repositories say of the
 * same advisory is put together. Throws an `RpmociError` of kind `fetch` or `verify` that names the repository.
 */
export async function loadAdvisories(
  repositories: readonly RepositoryMetadata[],
  names: ReadonlySet<string>,
): Promise<readonly Advisory[]> {
  const found = new Map<string, Advisory>();
  for (const metadata of repositories.toSorted((a, b) => compareText(a.config.id, b.config.id))) {
    for (const advisory of await readAdvisories(metadata, names)) {
      const known = found.get(advisory.id);
      found.set(
        advisory.id,
        known === undefined ? advisory : { ...known, packages: [...known.packages, ...advisory.packages] },
      );
    }
  }
  return [...found.values()].sort((a, b) => compareText(a.id, b.id));
}

async function readAdvisories(
  { config, fetchAdvisories }: RepositoryMetadata,
  names: ReadonlySet<string>,
): Promise<readonly Advisory[]> {
  if (fetchAdvisories === null) return [];
  const bytes = await nativeCall(binding().readMetadata(await fetchAdvisories(), LARGEST));
  try {
    return parseAdvisories(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), names);
  } catch (error) {
    throw new RpmociError(`the advisories of repository "${config.id}" cannot be read: ${messageOf(error)}`, {
      kind: "fetch",
      code: "METADATA_INVALID",
      cause: error,
    });
  }
}

interface PackageElement {
  readonly "@name"?: string;
  readonly "@epoch"?: string;
  readonly "@version"?: string;
  readonly "@release"?: string;
  readonly "@arch"?: string;
}

interface TextElement {
  readonly "#text"?: string;
}

interface UpdateElement {
  readonly "@type"?: string;
  readonly id?: TextElement;
  readonly title?: TextElement;
  readonly severity?: TextElement;
  readonly references?: { readonly reference?: readonly { readonly "@type"?: string; readonly "@id"?: string }[] };
  readonly pkglist?: readonly { readonly collection?: readonly { readonly package?: readonly PackageElement[] }[] }[];
}

/**
 * Those about one of `names`. One at a time is parsed, and only if it has such a name: together, they would take a
 * multiple of their size in memory. Throws `InvalidAdvisories`.
 */
export function parseAdvisories(document: Buffer, names: ReadonlySet<string>): readonly Advisory[] {
  if (!document.subarray(0, 4096).includes("<updates")) throw new InvalidAdvisories("it has no <updates> element");
  const advisories: Advisory[] = [];
  for (let start = nextUpdate(document, 0); start >= 0; ) {
    const end = document.indexOf(END, start);
    if (end < 0) throw new InvalidAdvisories("its end is missing");
    const text = document.toString("utf8", start, end + END.length);
    const mentioned = [...text.matchAll(/\sname\s*=\s*["']([^"']*)/g)].some(([, name = ""]) => names.has(name));
    if (mentioned) advisories.push(advisoryOf(text, names));
    start = nextUpdate(document, end);
  }
  return advisories;
}

/** Where the next <update> begins, which is neither <updates> nor <updated>; -1 when there is none. */
function nextUpdate(document: Buffer, from: number): number {
  let start = document.indexOf(START, from);
  while (start >= 0 && /\w/.test(String.fromCharCode(document[start + START.length] ?? 0))) {
    start = document.indexOf(START, start + 1);
  }
  return start;
}

function advisoryOf(text: string, names: ReadonlySet<string>): Advisory {
  const update = updateIn(text);
  const packages = (update.pkglist ?? []).flatMap(({ collection = [] }) =>
    collection.flatMap((part) => part.package ?? []),
  );
  const cves = (update.references?.reference ?? []).flatMap((item) =>
    item["@type"] === "cve" && item["@id"] !== undefined ? [item["@id"]] : [],
  );
  return {
    id: update.id?.["#text"]?.trim() ?? "",
    type: update["@type"] ?? "",
    severity: update.severity?.["#text"]?.trim() || null,
    title: update.title?.["#text"]?.trim() ?? "",
    cves: [...new Set(cves)].sort(compareText),
    packages: packages.map(packageOf).filter(({ name }) => names.has(name)),
  };
}

function updateIn(text: string): UpdateElement {
  try {
    const document = parseXml(text, ["reference", "pkglist", "collection", "package"], { longest: LONGEST });
    return (document as { readonly update: UpdateElement }).update;
  } catch (error) {
    throw new InvalidAdvisories(messageOf(error));
  }
}

function packageOf(element: PackageElement): AdvisoryPackage {
  const { "@name": name = "", "@epoch": epoch = "", "@version": version = "", "@release": release = "" } = element;
  const prefix = epoch === "" || epoch === "0" ? "" : `${epoch}:`;
  return { name, evr: `${prefix}${version}-${release}`, arch: element["@arch"] ?? "" };
}
