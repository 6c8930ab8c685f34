/** Ten successive updates of the large distribution, as they really came: from Debian's suites with newer versions. */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { cachedSigningKey } from "../scripts/distribution/cached-signing-key.js";
import { fromArchive, makePackages } from "../scripts/distribution/converted-packages.js";
import { DebianArchive, type SuiteVersion } from "../scripts/distribution/debian-archive.js";
import { type Distribution, makeDistribution } from "../scripts/distribution/distribution.js";
import { converterDigest, PackageCache } from "../scripts/distribution/package-cache.js";
import { evrText } from "../scripts/distribution/version.js";
import { runCommand } from "../scripts/packaging/command.js";
import type { LockedPackage } from "../src/model/lockfile.js";
import { binding } from "../src/native/load.js";

export interface Release {
  /** The RPM. */
  readonly file: string;
  readonly locked: LockedPackage;
  /** Bytes of its files. */
  readonly installedSize: number;
}

export interface Update {
  /** `openssl-3.0.22-1~deb12u2`, in the order in which they were built. */
  readonly sources: readonly string[];
  readonly releases: readonly Release[];
}

export interface History {
  readonly base: readonly Release[];
  readonly updates: readonly Update[];
}

/**
 * `release`: begins with what the release's own suite has, to which all that was newer at the last point release went.
 * `oldest`: begins with the oldest version that any suite still has, and goes through all the others.
 */
export type Beginning = "release" | "oldest";

const UPDATES = 10;

const projectRoot = resolve(import.meta.dirname, "../../..");

/**
 * Source packages are taken in the order in which they were built, about equally many an update. A build's time is that
 * of the newest changelog entry, which Debian gives to the files as well.
 */
export async function updateHistory(beginning: Beginning, report: (line: string) => void): Promise<History> {
  const out = join(projectRoot, "build/distribution/plain-large");
  await makeDistribution({ out, contents: "large", kind: "plain", report });
  const { packages } = JSON.parse(readFileSync(join(out, "distribution.json"), "utf8")) as Distribution;
  const names = packages.map(({ name }) => name);
  const cache = join(projectRoot, ".cache/distribution");
  mkdirSync(cache, { recursive: true });
  const archive = await DebianArchive.open(cache);
  const versions = grouped(await archive.versions(names), ({ name }) => name);
  const chains = [...versions.values()].map((chain) => chainFrom(beginning, chain));
  const signed = new PackageCache(cache, `plain-${await converterDigest()}`, await cachedSigningKey(cache));
  const wanted = chains.flat().map((version) => fromArchive(archive, version, "plain"));
  await makePackages({ archive, packages: signed, jobs: 2, report }, wanted);
  const all = await describe(wanted.map(({ id }) => signed.find(id) as string));
  // What the converter adds is in no suite.
  const added = packages.filter(({ name }) => !versions.has(name)).map(({ file }) => join(out, file));
  const starts = new Set(chains.map(([first]) => first && `${first.name} ${evrText(first.version)}`));
  const isStart = ({ locked }: Release): boolean => starts.has(`${locked.name} ${locked.evr}`);
  return {
    base: [...all.filter(isStart), ...(await describe(added))],
    updates: cut(all.filter((release) => !isStart(release))),
  };
}

/** The packages after so many updates. */
export function releasesAfter({ base, updates }: History, count: number): readonly Release[] {
  const current = new Map(base.map((release) => [release.locked.name, release]));
  for (const { releases } of updates.slice(0, count)) {
    for (const release of releases) current.set(release.locked.name, release);
  }
  return [...current.values()];
}

/** The versions of one package, the oldest first, without those before the beginning. */
function chainFrom(beginning: Beginning, versions: readonly SuiteVersion[]): readonly SuiteVersion[] {
  const distinct = [...new Map(versions.map((version) => [version.version, version])).values()];
  const ordered = distinct.toSorted((a, b) => binding().compareEvr(evrText(a.version), evrText(b.version)));
  const inRelease = versions.find(({ suite }) => !suite.includes("-"));
  const start = ordered.findIndex(({ version }) => version === inRelease?.version);
  return beginning === "oldest" || start < 0 ? ordered : ordered.slice(start);
}

function cut(releases: readonly Release[]): readonly Update[] {
  const built = (group: readonly Release[]): number => Math.max(...group.map(({ locked }) => locked.buildTime ?? 0));
  const bySource = grouped(releases, ({ locked }) => locked.sourceRpm ?? locked.name);
  const ordered = [...bySource].toSorted(([, a], [, b]) => built(a) - built(b));
  return Array.from({ length: UPDATES }, (_, index) => {
    const groups = ordered.filter((_group, place) => Math.floor((place * UPDATES) / ordered.length) === index);
    return {
      sources: groups.map(([source]) => source.replace(/\.src\.rpm$/, "")),
      releases: groups.flatMap(([, members]) => members),
    };
  });
}

function grouped<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

async function describe(files: readonly string[]): Promise<readonly Release[]> {
  const tags = ["NAME", "EVR", "ARCH", "SOURCERPM", "BUILDTIME", "LONGSIZE"];
  const format = `${tags.map((tag) => `%{${tag}}`).join("\\t")}\\n`;
  const query = ["--query", "--nosignature", "--nodigest", "--queryformat", format, "--package", ...files];
  const lines = (await runCommand("rpm", query)).toString().trimEnd().split("\n");
  return lines.map((line, index) => {
    const [name = "", evr = "", arch = "", sourceRpm = "", buildTime, installedSize] = line.split("\t");
    const file = files[index] as string;
    const locked = {
      ...{ name, evr, arch, sourceRpm, buildTime: Number(buildTime), size: statSync(file).size },
      ...{ repositoryId: "bench", location: file, checksum: { algorithm: "sha256" as const, value: "0".repeat(64) } },
      ...{ signedBy: undefined, sha256: undefined },
    };
    return { file, locked, installedSize: Number(installedSize) };
  });
}
