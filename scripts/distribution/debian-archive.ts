/**
 * Where the Debian packages come from: the apt of the system when it is Debian's or Ubuntu's, otherwise an apt
 * configuration of our own. Neither needs root.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../packaging/command.js";
import { type Paragraph, parseControl } from "./control.js";
import { type IndexedPackage, indexed, PackageIndex } from "./package-index.js";
import { makeWorkDirectory, staleWorkDirectories } from "./work-directory.js";

export interface SuiteVersion extends IndexedPackage {
  /** As in `bookworm-security`. */
  readonly suite: string;
}

/** The reason why no packages can be had on this machine. */
export class ArchiveUnavailableError extends Error {
  override readonly name = "ArchiveUnavailableError";
}

/** Debian's name of the architecture that this runs on. */
export function debianArchitecture(): string {
  const names: Partial<Record<NodeJS.Architecture, string>> = { x64: "amd64", arm64: "arm64" };
  const name = names[process.arch];
  if (name === undefined) throw new ArchiveUnavailableError(`there are no packages for ${process.arch}`);
  return name;
}

export class DebianArchive {
  /** @param environment what makes apt use the same configuration as this class does. */
  private constructor(
    private readonly cache: string,
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** Throws `ArchiveUnavailableError`. */
  static async open(cache: string): Promise<DebianArchive> {
    const { PATH = "", RPMOCI_DEBIAN_MIRROR: mirror } = process.env;
    for (const program of ["apt-get", "apt-cache", "dpkg-deb"]) {
      if (!PATH.split(":").some((folder) => existsSync(join(folder, program))))
        throw new ArchiveUnavailableError(`${program} is not installed`);
    }
    if (mirror === undefined && existsSync("/etc/debian_version"))
      return new DebianArchive(cache, { APT_CONFIG: systemConfiguration(cache) });
    const configuration = await privateConfiguration(cache, mirror ?? debootstrapMirror());
    return new DebianArchive(cache, { APT_CONFIG: configuration });
  }

  /** Changes whenever apt's package lists change. Cheap. */
  async stamp(): Promise<string> {
    const output = await runCommand("apt-config", ["shell", "LISTS", "Dir::State::lists/d"], this.#options());
    const folder = /'(.*)'/.exec(output.toString())?.[1] ?? "";
    const lists = existsSync(folder) ? readdirSync(folder).filter((name) => name.includes("_Packages")) : [];
    if (lists.length === 0)
      throw new ArchiveUnavailableError("apt has no package lists; `apt-get update` fetches them");
    const hash = createHash("sha256");
    for (const name of lists.sort()) {
      const { size, mtimeMs } = statSync(join(folder, name));
      hash.update(`${name} ${size} ${mtimeMs}\n`);
    }
    return hash.digest("hex");
  }

  /** What apt knows of every package. */
  async paragraphs(): Promise<Paragraph[]> {
    return parseControl((await runCommand("apt-cache", ["dumpavail"], this.#options())).toString());
  }

  /** Every version that one of apt's lists has of the packages. */
  async versions(names: readonly string[]): Promise<SuiteVersion[]> {
    const lines = (await runCommand("apt-cache", ["madison", ...names], this.#options())).toString().split("\n");
    const records = await runCommand("apt-cache", ["show", "--all-versions", ...names], this.#options());
    const paragraphs = new Map(
      parseControl(records.toString()).map((record) => [`${record.get("Package")} ${record.get("Version")}`, record]),
    );
    return lines.flatMap((line) => {
      const [name = "", version = "", list = ""] = line.split("|").map((cell) => cell.trim());
      const [, suite = ""] = /^\S+ ([^/ ]+)\S* \S+ Packages$/.exec(list) ?? [];
      const paragraph = paragraphs.get(`${name} ${version}`);
      return suite === "" || paragraph === undefined ? [] : [{ ...indexed(name, paragraph), suite }];
    });
  }

  async index(): Promise<PackageIndex> {
    const index = new PackageIndex(await this.paragraphs());
    if (!index.has("libc6")) throw new ArchiveUnavailableError("apt's package lists hold no libc6");
    return index;
  }

  /** Where `download` puts a package. */
  path({ name, version, architecture }: IndexedPackage): string {
    return join(this.cache, "debs", `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`);
  }

  /** Fetches what is not in the cache yet, in one run of apt. Each file arrives verified and complete, or not at all. */
  async download(packages: readonly IndexedPackage[]): Promise<void> {
    mkdirSync(join(this.cache, "debs"), { recursive: true });
    let missing = packages.filter((wanted) => !existsSync(this.path(wanted)));
    for (const folder of staleWorkDirectories(this.cache, "download"))
      for (const wanted of missing) this.#accept(wanted, folder);
    missing = missing.filter((wanted) => !existsSync(this.path(wanted)));
    if (missing.length === 0) return;
    const work = makeWorkDirectory(this.cache, "download");
    try {
      const specs = missing.map(({ name, version }) => `${name}=${version}`);
      await runCommand("apt-get", ["download", "--quiet", ...specs], {
        ...this.#options(),
        cwd: work,
      });
    } finally {
      // What a failed run has got is kept.
      for (const wanted of missing) this.#accept(wanted, work);
      rmSync(work, { recursive: true, force: true });
    }
    const absent = missing.filter((wanted) => !existsSync(this.path(wanted))).map(({ name }) => name);
    if (absent.length > 0) throw new Error(`apt did not deliver ${absent.join(", ")} as its lists describe them`);
  }

  #accept(wanted: IndexedPackage, folder: string): void {
    const fetched = join(folder, this.path(wanted).slice(join(this.cache, "debs").length + 1));
    if (!existsSync(fetched)) return;
    const digest = createHash("sha256").update(readFileSync(fetched)).digest("hex");
    if (digest === wanted.sha256) renameSync(fetched, this.path(wanted));
  }

  #options(): { env: Readonly<Record<string, string>> } {
    return { env: this.environment };
  }
}

/** On other distributions debootstrap knows Debian's mirror. */
function debootstrapMirror(): string {
  for (const script of ["/usr/sbin/debootstrap", "/usr/bin/debootstrap"]) {
    if (!existsSync(script)) continue;
    const mirror = /^\s*DEF_MIRROR="?([^"\s]+)"?/m.exec(readFileSync(script, "utf8"))?.[1];
    if (mirror !== undefined) return mirror;
  }
  throw new ArchiveUnavailableError("debootstrap is not installed, and RPMOCI_DEBIAN_MIRROR names no Debian mirror");
}

/**
 * Writes what is added to the system's apt configuration. Returns its path. What is installed on this machine, maybe from
 * elsewhere, must not decide which version is taken; nor may the system's own caches be rewritten without it.
 */
function systemConfiguration(cache: string): string {
  const root = join(cache, "apt");
  mkdirSync(root, { recursive: true });
  const configuration = join(root, "system.conf");
  writeConfiguration(configuration, {
    "APT::Sandbox::User": "root",
    "Dir::State::status": "/dev/null",
    "Dir::Cache::pkgcache": "",
    "Dir::Cache::srcpkgcache": "",
  });
  return configuration;
}

function writeConfiguration(path: string, settings: Readonly<Record<string, string>>): void {
  const text = Object.entries(settings).map(([name, value]) => `${name} "${value}";\n`);
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text.join(""));
  renameSync(temporary, path);
}

/** Writes an apt configuration that leaves the system's alone, and fetches its lists once a day. Returns its path. */
async function privateConfiguration(cache: string, mirror: string): Promise<string> {
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  if (!existsSync(keyring)) throw new ArchiveUnavailableError(`${keyring} (of debian-keyring) is not installed`);
  const { RPMOCI_DEBIAN_SUITE: suite = "bookworm" } = process.env;
  const root = join(cache, "apt", createHash("sha256").update(`${mirror} ${suite}`).digest("hex").slice(0, 16));
  for (const folder of ["lists/partial", "cache/archives/partial", "etc"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const sources = join(root, "etc", "sources.list");
  writeFileSync(sources, `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
  const status = join(root, "status");
  if (!existsSync(status)) writeFileSync(status, "");
  const configuration = join(root, "apt.conf");
  writeConfiguration(configuration, {
    "APT::Architecture": debianArchitecture(),
    "APT::Architectures": debianArchitecture(),
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
    "Dir::Cache": join(root, "cache"),
    "Dir::Etc": join(root, "etc"),
    "Dir::Etc::sourcelist": sources,
    "Dir::Etc::sourceparts": "-",
    "Dir::State": root,
    "Dir::State::lists": join(root, "lists"),
    "Dir::State::status": status,
  });
  const stamp = join(root, "updated");
  const day = 24 * 60 * 60 * 1000;
  if (!existsSync(stamp) || Date.now() - statSync(stamp).mtimeMs > day) {
    const update = ["update", "--quiet", "-o", "APT::Update::Error-Mode=any"];
    try {
      await runCommand("apt-get", update, { env: { APT_CONFIG: configuration } });
    } catch (error) {
      throw new ArchiveUnavailableError(`the mirror's package lists could not be had: ${(error as Error).message}`);
    }
    writeFileSync(stamp, "");
  }
  return configuration;
}
