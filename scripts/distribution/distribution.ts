/**
 * Makes a distribution: a signed RPM repository whose packages have the contents of Debian's.
 *
 * Glossary. A *set* is a list of roots with all that they need. A *kind* tells where requirements come from. The *cache*
 * holds downloads and converted packages, and is shared by all kinds and sets.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { buildRpm } from "../packaging/build-rpm.js";
import { runCommand } from "../packaging/command.js";
import { createRepository } from "../packaging/repository.js";
import type { SigningKey } from "../packaging/signing-key.js";
import { type Architecture, debianName, machineArchitecture } from "./architecture.js";
import { cachedSigningKey } from "./cached-signing-key.js";
import type { Kind } from "./conversion.js";
import { fromArchive, makePackages } from "./converted-packages.js";
import { DebianArchive } from "./debian-archive.js";
import { demoSite, osRelease } from "./extra-packages.js";
import { converterDigest, PackageCache } from "./package-cache.js";
import type { IndexedPackage } from "./package-index.js";
import { type SetName, setRoots } from "./package-sets.js";
import { makeWorkDirectory, removeStaleWorkDirectories, writeAtomically } from "./work-directory.js";

export interface DistributionOptions {
  /** The folder to make; an older distribution there is replaced. */
  readonly out: string;
  readonly kind?: Kind;
  /** This machine's if absent. No package of it is executed, so that it may be any. */
  readonly architecture?: Architecture;
  /** A set, or the names of Debian packages: what they need, and the Essential packages, come along. */
  readonly contents?: SetName | readonly string[];
  /** How many packages to convert at once. */
  readonly jobs?: number;
  /** `.cache/distribution` of the project if absent. */
  readonly cache?: string;
  /** Gets a line for each step that takes time. */
  readonly report?: (line: string) => void;
}

export interface DistributionPackage {
  readonly name: string;
  readonly evr: string;
  readonly arch: string;
  /** Relative to the distribution's folder. */
  readonly file: string;
}

/** What `distribution.json` holds. */
export interface Distribution {
  readonly kind: Kind;
  /** The set's name, or `custom`. */
  readonly set: string;
  /** Sorted by name. */
  readonly packages: readonly DistributionPackage[];
  /** Of the key that signed the packages: upper-case hexadecimal digits. */
  readonly fingerprint: string;
  /** Identifies everything that the distribution was made of. */
  readonly inputs: string;
}

/** This file is compiled to build/js/scripts/distribution. */
const projectRoot = resolve(import.meta.dirname, "../../../..");

/**
 * Makes the distribution, or returns the one that is there when nothing has changed. The folder is replaced as a whole;
 * an interrupted run leaves the old one, and the next continues where it was. Runs may go on at the same time.
 * Throws `ArchiveUnavailableError` where Debian packages cannot be had.
 */
export async function makeDistribution(options: DistributionOptions): Promise<Distribution> {
  const { kind = "plain", contents = "default", jobs = 2, report = () => {} } = options;
  const architecture = options.architecture ?? machineArchitecture();
  const cache = resolve(options.cache ?? join(projectRoot, ".cache/distribution"));
  const out = resolve(options.out);
  mkdirSync(cache, { recursive: true });
  const archive = await DebianArchive.open(cache, architecture, report);
  const [stamp, converter, key] = await Promise.all([archive.stamp(), converterDigest(), cachedSigningKey(cache)]);
  const roots = typeof contents === "string" ? setRoots(contents) : contents;
  const planner = plannerDigest();
  const inputs = digest([kind, stamp, planner, converter, key.fingerprint, debianName(architecture), ...roots]);
  const existing = readDistribution(out);
  if (existing?.inputs === inputs) return existing;

  const plan = await planned(archive, cache, digest([stamp, planner, ...roots]), roots, report);
  const all = [
    ...plan.map((entry) => fromArchive(archive, entry, kind)),
    { id: "os-release", recipe: async () => osRelease() },
  ];
  const packages = new PackageCache(cache, `${kind}-${converter}`, key);
  await makePackages({ archive, packages, jobs, report }, all);

  report("writing the repository");
  const work = makeWorkDirectory(dirname(out), "assemble");
  try {
    const set = typeof contents === "string" ? contents : "custom";
    const files = all.map(({ id }) => packages.find(id) as string);
    const result = await assemble(work, files, { kind, set, fingerprint: key.fingerprint, inputs }, key);
    chmodSync(work, 0o777 & ~process.umask());
    replaceFolder(work, out);
    packages.prune();
    return result;
  } finally {
    rmSync(work, { recursive: true, force: true });
    for (const parent of [cache, dirname(out)]) removeStaleWorkDirectories(parent);
  }
}

/** The distribution in a folder; null when there is none, or not all of it. */
export function readDistribution(folder: string): Distribution | null {
  try {
    const distribution = JSON.parse(readFileSync(join(folder, "distribution.json"), "utf8")) as Distribution;
    const complete = distribution.packages.every(({ file }) => existsSync(join(folder, file)));
    return complete && existsSync(join(folder, "repo/repodata/repomd.xml")) ? distribution : null;
  } catch {
    return null;
  }
}

/** Fills the folder with everything that a distribution has. */
async function assemble(
  folder: string,
  files: readonly string[],
  about: Omit<Distribution, "packages">,
  key: SigningKey,
): Promise<Distribution> {
  for (const name of ["repo", "keys", "local"]) mkdirSync(join(folder, name));
  let revision = 0;
  for (const file of files) {
    const copy = join(folder, "repo", basename(file));
    const { mtime } = statSync(file);
    // Not a hard link: a test may damage a package on purpose.
    copyFileSync(file, copy, constants.COPYFILE_FICLONE);
    utimesSync(copy, mtime, mtime);
    revision = Math.max(revision, mtime.getTime() / 1000);
  }
  writeFileSync(join(folder, "keys/RPM-GPG-KEY-demo.asc"), key.public);
  await createRepository(join(folder, "repo"), { revision });
  await buildRpm(demoSite(), { work: folder, output: join(folder, "local") });
  const distribution: Distribution = { ...about, packages: await describe(files) };
  writeFileSync(join(folder, "distribution.json"), `${JSON.stringify(distribution, null, 2)}\n`);
  return distribution;
}

/** What the packages call themselves. */
async function describe(files: readonly string[]): Promise<DistributionPackage[]> {
  const format = "%{NAME}\\t%{EVR}\\t%{ARCH}\\n";
  const output = await runCommand("rpm", [
    "--query",
    "--nosignature",
    "--nodigest",
    "--queryformat",
    format,
    "-p",
    ...files,
  ]);
  const lines = output.toString().trimEnd().split("\n");
  if (lines.length !== files.length) throw new Error(`rpm described ${lines.length} of ${files.length} packages`);
  return lines
    .map((line, index) => {
      const [name = "", evr = "", arch = ""] = line.split("\t");
      return { name, evr, arch, file: `repo/${basename(files[index] as string)}` };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Which packages a set is made of, remembered until apt's lists change. */
async function planned(
  archive: DebianArchive,
  cache: string,
  name: string,
  roots: readonly string[],
  report: (line: string) => void,
): Promise<readonly IndexedPackage[]> {
  const file = join(cache, "plans", `${name}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as IndexedPackage[];
  report("reading apt's package lists");
  const index = await archive.index();
  const absent = roots.filter((root) => !index.has(root));
  if (absent.length > 0) report(`apt has no ${absent.join(", ")}: left out`);
  const plan = index.closure([...index.essential, ...roots]);
  writeAtomically(cache, file, JSON.stringify(plan));
  return plan;
}

/** Puts the folder in the place of another. Of runs that do so at the same time, one comes last. */
function replaceFolder(folder: string, out: string): void {
  const old = `${folder}-replaced`;
  for (let attempts = 1; ; attempts += 1) {
    try {
      if (existsSync(out)) renameSync(out, old);
      renameSync(folder, out);
      break;
    } catch (error) {
      // The other run moved or made the folder in between.
      const code = (error as NodeJS.ErrnoException).code ?? "";
      if (attempts >= 5 || !["ENOENT", "ENOTEMPTY", "EEXIST"].includes(code)) throw error;
    }
    rmSync(old, { recursive: true, force: true });
  }
  rmSync(old, { recursive: true, force: true });
}

/** What identifies the code that chooses packages. */
function plannerDigest(): string {
  const names = ["apt-configuration.js", "control.js", "debian-archive.js", "package-index.js", "relations.js"];
  return digest(names.map((name) => readFileSync(join(import.meta.dirname, name), "utf8")));
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("hex");
}
