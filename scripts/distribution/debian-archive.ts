/** Debian packages of one architecture, from the archive that apt is configured for. Nothing here needs root. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../packaging/command.js";
import { aptConfiguration } from "./apt-configuration.js";
import { type Architecture, machineArchitecture } from "./architecture.js";
import { ArchiveUnavailableError } from "./archive-unavailable-error.js";
import { type Paragraph, parseControl } from "./control.js";
import { type IndexedPackage, indexed, PackageIndex } from "./package-index.js";
import { makeWorkDirectory, staleWorkDirectories } from "./work-directory.js";

export interface SuiteVersion extends IndexedPackage {
  /** As in `bookworm-security`. */
  readonly suite: string;
}

export { ArchiveUnavailableError };

export class DebianArchive {
  /** @param environment what makes apt use the same configuration as this class does. */
  private constructor(
    private readonly cache: string,
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** `report` gets a line when some of the system's sources could not be asked. Throws `ArchiveUnavailableError`. */
  static async open(
    cache: string,
    architecture: Architecture = machineArchitecture(),
    report: (line: string) => void = () => {},
  ): Promise<DebianArchive> {
    const { PATH = "" } = process.env;
    for (const program of ["apt-get", "apt-cache", "dpkg-deb"]) {
      if (!PATH.split(":").some((folder) => existsSync(join(folder, program))))
        throw new ArchiveUnavailableError(`${program} is not installed`);
    }
    return new DebianArchive(cache, { APT_CONFIG: await aptConfiguration(cache, architecture, report) });
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
