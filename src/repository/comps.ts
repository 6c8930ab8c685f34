/** Comps: the groups of packages that repositories offer, and environments, which are groups of groups. */
import { messageOf, RpmociError } from "../errors.js";
import { compareText } from "../model/nevra.js";
import type { RepositoryMetadata } from "../model/repository.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { parseXml } from "./xml.js";

export interface CompsPackage {
  readonly name: string;
  /** `mandatory`, `default`, `optional`, `conditional`, or what else the data says. */
  readonly type: string;
  /** The capability that a conditional package goes with; empty for none. */
  readonly requires: string;
  readonly baseArchitectureOnly: boolean;
}

interface Named {
  readonly id: string;
  readonly name: string;
  /** The name in other languages. */
  readonly translations: readonly string[];
}

export interface CompsGroup extends Named {
  readonly packages: readonly CompsPackage[];
}

export interface CompsEnvironment extends Named {
  /** Ids of the groups that belong to it; the optional ones are not read, as nothing installs them. */
  readonly groups: readonly string[];
}

/** By id. */
export interface Comps {
  readonly groups: ReadonlyMap<string, CompsGroup>;
  readonly environments: ReadonlyMap<string, CompsEnvironment>;
}

/** Bytes; distributions have some 3 MB. */
const LARGEST = 16 * 1024 * 1024;

/**
 * What all repositories offer together. Fetches, verified by their checksums, only the comps data. Throws an
 * `RpmociError` of kind `fetch` that names the repository.
 */
export async function loadComps(repositories: readonly RepositoryMetadata[]): Promise<Comps> {
  const inOrder = repositories.toSorted((a, b) => compareText(a.config.id, b.config.id));
  return mergeComps(await Promise.all(inOrder.map(readComps)));
}

async function readComps({ config, fetchGroups }: RepositoryMetadata): Promise<Comps> {
  if (fetchGroups === null) return { groups: new Map(), environments: new Map() };
  const bytes = await nativeCall(binding().readMetadata(await fetchGroups(), LARGEST));
  try {
    return parseComps(Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    throw new RpmociError(`the groups of repository "${config.id}" cannot be read: ${messageOf(error)}`, {
      kind: "fetch",
      code: "METADATA_INVALID",
      cause: error,
    });
  }
}

interface TextElement {
  readonly "#text"?: string;
  readonly "@lang"?: string;
}

interface PackageElement extends TextElement {
  readonly "@type"?: string;
  readonly "@requires"?: string;
  readonly "@basearchonly"?: string;
}

interface NamedElement {
  readonly id?: readonly TextElement[];
  readonly name?: readonly TextElement[];
}

interface Document {
  readonly comps?: {
    readonly group?: readonly (NamedElement & {
      readonly packagelist?: readonly { readonly packagereq?: readonly PackageElement[] }[];
    })[];
    readonly environment?: readonly (NamedElement & {
      readonly grouplist?: readonly { readonly groupid?: readonly TextElement[] }[];
    })[];
  };
}

const REPEATED = ["group", "environment", "id", "name", "packagelist", "packagereq", "grouplist", "groupid"] as const;

/** Groups and environments of one document. Throws an `Error` with the reason for what is not comps data. */
export function parseComps(text: string): Comps {
  const { comps } = parseXml(text, REPEATED, { longest: LARGEST, documentType: true }) as Document;
  if (comps === undefined) throw new Error("it has no <comps> element");
  const groups = (comps.group ?? []).map(
    (element): CompsGroup => ({
      ...namesOf(element),
      packages: (element.packagelist ?? []).flatMap(({ packagereq = [] }) => packagereq.map(packageOf)),
    }),
  );
  const environments = (comps.environment ?? []).map(
    (element): CompsEnvironment => ({
      ...namesOf(element),
      groups: (element.grouplist ?? []).flatMap(({ groupid = [] }) => groupid.map(textOf)),
    }),
  );
  return mergeComps([...groups.map(onlyGroup), ...environments.map(onlyEnvironment)]);
}

/**
 * The union by id, as libcomps makes it: of what two documents say about the same id or package the later one holds, and
 * whatever only one of them has stays.
 */
export function mergeComps(documents: readonly Comps[]): Comps {
  const groups = new Map<string, CompsGroup>();
  const environments = new Map<string, CompsEnvironment>();
  for (const document of documents) {
    for (const [id, group] of document.groups) {
      const known = groups.get(id);
      groups.set(id, known === undefined ? group : mergeGroups(known, group));
    }
    for (const [id, environment] of document.environments) {
      const known = environments.get(id);
      environments.set(id, known === undefined ? environment : mergeEnvironments(known, environment));
    }
  }
  return { groups, environments };
}

function mergeGroups(first: CompsGroup, second: CompsGroup): CompsGroup {
  const renewed = new Set(second.packages.map(({ name }) => name));
  const packages = [...first.packages.filter(({ name }) => !renewed.has(name)), ...second.packages];
  return { ...mergeNames(first, second), packages };
}

function mergeEnvironments(first: CompsEnvironment, second: CompsEnvironment): CompsEnvironment {
  return { ...mergeNames(first, second), groups: [...new Set([...first.groups, ...second.groups])] };
}

function mergeNames(first: Named, second: Named): Named {
  return {
    id: first.id,
    name: second.name === "" ? first.name : second.name,
    translations: [...new Set([...first.translations, ...second.translations])],
  };
}

function onlyGroup(group: CompsGroup): Comps {
  return { groups: new Map([[group.id, group]]), environments: new Map() };
}

function onlyEnvironment(environment: CompsEnvironment): Comps {
  return { groups: new Map(), environments: new Map([[environment.id, environment]]) };
}

function namesOf({ id = [], name = [] }: NamedElement): Named {
  return {
    id: textOf(id[0]),
    name: textOf(name.find((element) => element["@lang"] === undefined)),
    translations: name.filter((element) => element["@lang"] !== undefined).map(textOf),
  };
}

function packageOf(element: PackageElement): CompsPackage {
  return {
    name: textOf(element),
    type: element["@type"] ?? "mandatory",
    requires: element["@requires"] ?? "",
    baseArchitectureOnly: element["@basearchonly"] === "true",
  };
}

function textOf(element: TextElement | undefined): string {
  return element?.["#text"] ?? "";
}
