/** Jobs for a resolver, made of what a repository has. The same repository and seed give the same jobs. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { repositoryIn } from "../native/support/package-repository.js";
import type { ResolutionJob } from "./dnf-oracle.js";
import { randomIntegers, shuffled } from "./random.js";

export const kinds = ["names", "pairs", "triples", "nevras", "globs", "capabilities", "paths"] as const;
export type Kind = (typeof kinds)[number];
export type JobsByKind = Readonly<Record<Kind, readonly ResolutionJob[]>>;

export interface JobCounts {
  /** Of pairs, and of triples. */
  readonly sets: number;
  /** Of each of the other kinds but names, which are all there are, once with and once without weak dependencies. */
  readonly others: number;
}

interface ListedPackage {
  readonly name: string;
  readonly arch: string;
  readonly epoch: string;
  readonly version: string;
  readonly release: string;
}

type Random = (limit: number) => number;

/** `folder` holds `repodata` with files compressed by gzip. */
export function makeJobs(folder: string, { sets, others }: JobCounts, seed: number): JobsByKind {
  const random = randomIntegers(seed);
  const files = repositoryIn(folder, "any");
  const primary = gunzipSync(readFileSync(files.primary)).toString();
  const filelists = files.filelists === null ? "" : gunzipSync(readFileSync(files.filelists)).toString();
  const packages = listPackages(primary);
  const names = [...new Set(packages.map(({ name }) => name))].sort();
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const capabilities = listCapabilities(primary);
  const common = listFiles(primary);
  const all = listFiles(filelists);
  const job = (specs: readonly string[]): ResolutionJob => ({ specs, weak: random(2) === 1 });
  const make = (count: number, next: () => string): ResolutionJob[] => distinct(count, next).map((spec) => job([spec]));
  const set = (size: number): ResolutionJob[] =>
    Array.from({ length: sets }, () => job(shuffled(names, random).slice(0, size)));
  return {
    names: names.flatMap((name) => [false, true].map((weak) => ({ specs: [name], weak }))),
    pairs: set(2),
    triples: set(3),
    nevras: make(others, () => nevraForm(pick(packages), random)),
    globs: make(others, () => glob(pick(packages), random)),
    capabilities: make(others, () => capability(pick(capabilities), random)),
    paths: make(others, () => path(pick(random(2) === 0 ? common : all), random)),
  };
}

function distinct(count: number, next: () => string): string[] {
  const found = new Set<string>();
  // A small repository may not have as many.
  for (let attempt = 0; found.size < count && attempt < 20 * count; attempt += 1) found.add(next());
  return [...found];
}

function nevraForm({ name, arch, epoch, version, release }: ListedPackage, random: Random): string {
  const forms = [
    `${name}.${arch}`,
    `${name}-${version}`,
    `${name}-${version}.${arch}`,
    `${name}-${version}-${release}`,
    `${name}-${epoch}:${version}`,
    `${name}-${epoch}:${version}-${release}`,
    `${name}-${version}-${release}.${arch}`,
    `${name}-${epoch}:${version}-${release}.${arch}`,
    `${name}-${version}-999`,
    `${name}-7:${version}`,
    `${name}.i686`,
    `${name}.noarch`,
  ];
  return forms[random(forms.length)] as string;
}

function glob({ name, arch, epoch, version, release }: ListedPackage, random: Random): string {
  const at = 1 + random(name.length - 1);
  const start = name.slice(0, at);
  const end = name.slice(at);
  const letter = name.charAt(at);
  const forms = [
    `${start}*`,
    `*${end}`,
    `${start.slice(0, -1)}?${end}`,
    `${start}[${letter}x]${end.slice(1)}`,
    `${start}[!${letter}]*`,
    `${start.charAt(0)}*${end}`,
    `${name}-${version.charAt(0)}*`,
    `${name}-${version}-*`,
    `${name}-*-${release}`,
    `${name}-${epoch}:${version.slice(0, 2)}*`,
    `${name}.*`,
    `${start}*.${arch}`,
    `${start}*.i?86`,
    `${name}-*.${arch}`,
    `*${end}-${version}-${release}.*`,
    `${name}*${release}*`,
  ];
  return forms[random(forms.length)] as string;
}

function capability({ name, version, provided }: Capability, random: Random): string {
  // A rich dependency of a package is one as it is.
  if (name.startsWith("(")) return name;
  if (version === "" || random(3) === 0) return random(5) === 0 && !provided ? `(${name} or nothing)` : name;
  const operator = ["=", ">=", "<=", "<", ">", "=="][random(6)];
  const older = version.replace(/\d+/, (digits) => String(Math.max(0, Number(digits) - 1)));
  const text = random(4) === 0 ? older : version;
  const forms = [
    `${name} ${operator} ${text}`,
    `${name} ${operator} ${text.replace(/-[^-]*$/, "")}`,
    `${name} ${operator}${text}`,
    `${name.slice(0, -1)}? ${operator} ${text}`,
    `(${name} ${operator === "==" ? "=" : operator} ${text} or nothing)`,
  ];
  return forms[random(forms.length)] as string;
}

function path(file: string, random: Random): string {
  const slash = file.lastIndexOf("/");
  const folder = file.slice(0, slash);
  const base = file.slice(slash + 1);
  const forms = [
    file,
    file,
    file,
    `${folder}/${base.slice(0, 4)}*`,
    `*/${base}`,
    `${folder.slice(0, -1)}?/${base}`,
    `${file}/`,
    folder,
    `*/${base.slice(0, 5)}*`,
  ];
  return forms[random(forms.length)] as string;
}

interface Capability {
  readonly name: string;
  /** `[epoch:]version[-release]`, or empty. */
  readonly version: string;
  /** Some package provides it; otherwise one requires it. */
  readonly provided: boolean;
}

function listPackages(primary: string): ListedPackage[] {
  const pattern =
    /<package type="rpm">\s*<name>(.*?)<\/name>\s*<arch>(.*?)<\/arch>\s*<version epoch="(.*?)" ver="(.*?)" rel="(.*?)"\/>/g;
  return [...primary.matchAll(pattern)].map(([, name = "", arch = "", epoch = "", version = "", release = ""]) => ({
    name,
    arch,
    epoch,
    version,
    release,
  }));
}

function listCapabilities(primary: string): Capability[] {
  const known = new Map<string, Capability>();
  for (const [, list, entries = ""] of primary.matchAll(/<rpm:(provides|requires)>(.*?)<\/rpm:\1>/gs)) {
    for (const [, attributes = ""] of entries.matchAll(/<rpm:entry (.*?)\/>/g)) {
      const { name = "", epoch = "0", ver = "", rel } = attributesOf(attributes);
      const version =
        ver === "" ? "" : `${epoch === "0" ? "" : `${epoch}:`}${ver}${rel === undefined ? "" : `-${rel}`}`;
      known.set(`${name} ${version}`, { name, version, provided: list === "provides" });
    }
  }
  return [...known.values()];
}

function attributesOf(text: string): Partial<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)="(.*?)"/g)].map(([, key, value = ""]) => [key, unescapeXml(value)]),
  );
}

function listFiles(text: string): string[] {
  return [...text.matchAll(/<file[^>]*>(.*?)<\/file>/g)].map(([, file = ""]) => unescapeXml(file));
}

function unescapeXml(text: string): string {
  const characters: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
  return text.replace(/&(\w+);/g, (entity, name: string) => characters[name] ?? entity);
}
