/** The manifest's repositories during one run: configured at once, their metadata loaded when somebody needs it. */
import { allTogether } from "../fetch/offline.js";
import type { PackageSources } from "../fetch/packages.js";
import { cacheFolders } from "../model/cache-folders.js";
import type { LockedPackage, RepositoryKeys } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import { withoutZeroEpoch } from "../model/nevra.js";
import type { RepositoryConfig, RepositoryMetadata } from "../model/repository.js";
import { DEFAULT_TRANSFER, type TransferOptions, type Transport } from "../model/transport.js";
import type { RootDatabase, Solvable } from "../native/binding.js";
import type { Advisory } from "../repository/advisories.js";
import type { Comps } from "../repository/comps.js";
import { configureRepositories } from "../repository/configure.js";
import { fetchKeys } from "../repository/keys.js";
import { OpenRepositories } from "../resolve/resolve.js";
import type { Context } from "./options.js";
import { packageUrls } from "./package-location.js";

/** Remembers the promise, so that parallel callers share one piece of work. */
function oncePerId<T>(work: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (id) => {
    const running = known.get(id) ?? work(id);
    known.set(id, running);
    return running;
  };
}

export class Repositories implements PackageSources {
  #refresh: boolean;
  readonly #configs: ReadonlyMap<string, RepositoryConfig>;
  readonly #baseUrls: (id: string) => Promise<readonly string[]>;
  readonly #loadMetadata: (refresh: boolean) => Promise<readonly RepositoryMetadata[]>;
  #metadata: Promise<readonly RepositoryMetadata[]> | undefined;
  #opened: Promise<OpenRepositories> | undefined;
  #comps: Promise<Comps> | undefined;
  #freshMetadata: Promise<readonly RepositoryMetadata[]> | undefined;
  #locator: Promise<OpenRepositories> | undefined;
  readonly #offline: boolean;
  readonly #keys: (id: string) => Promise<RepositoryKeys>;
  readonly cacheDirectory: string;

  private constructor(
    configs: readonly RepositoryConfig[],
    readonly arch: string,
    transport: Transport,
    context: Context,
  ) {
    this.cacheDirectory = context.cacheDirectory;
    this.#refresh = context.refresh;
    this.#offline = context.offline;
    this.#configs = new Map(configs.map((config) => [config.id, config]));
    this.#baseUrls = oncePerId(async (id) => {
      const config = this.#configs.get(id);
      if (config === undefined || config.mirrorSource === null) return config?.baseUrls ?? [];
      const { findMirrors } = await import("../repository/mirrors.js");
      return (await findMirrors(config, transport)).baseUrls;
    });
    const directory = cacheFolders(context.cacheDirectory).metadata;
    this.#loadMetadata = async (refresh) => {
      // The XML parser takes a while to load, and a locked build needs none.
      const { fetchMetadata } = await import("../repository/metadata.js");
      const { offline, emit } = context;
      const options = { directory, refresh, expired: offline };
      const loaded = await allTogether(configs.map((config) => fetchMetadata(config, transport, options, emit)));
      return loaded.filter((metadata) => metadata !== null);
    };
    this.#keys = oncePerId(async (id) => {
      const config = this.#configs.get(id);
      if (config === undefined) return { gpgcheck: true, keys: [] };
      const metadata = (await this.#metadata)?.find((entry) => entry.config.id === id);
      return fetchKeys(config, transport, { directory, reuse: context.offline || (metadata?.kept ?? false) });
    });
  }

  /** Throws an `RpmociError` of kind `manifest` for a repository that is not configured rightly. */
  static async configure(
    manifest: Manifest,
    arch: string,
    transport: Transport,
    context: Context,
  ): Promise<Repositories> {
    const configs = await configureRepositories(manifest, {
      ...context,
      arch,
      // What plugins do is theirs to know: they may connect to anything.
      ...(context.offline
        ? {}
        : { findDnf: async () => (await import("../install/dnf.js")).findDnf(context.environment) }),
    });
    return new Repositories(configs, arch, transport, context);
  }

  /** All repositories, loaded once. */
  opened(): Promise<OpenRepositories> {
    this.#opened ??= this.open([]);
    return this.#opened;
  }

  /** The groups of all repositories, loaded once. */
  async comps(): Promise<Comps> {
    const metadata = await this.#currentMetadata();
    const { loadComps } = await import("../repository/comps.js");
    this.#comps ??= loadComps(metadata);
    return this.#comps;
  }

  /** What repositories say that newer builds of packages with these names repair, by id. */
  async advisories(names: ReadonlySet<string>): Promise<readonly Advisory[]> {
    const metadata = await this.#currentMetadata();
    const { loadAdvisories } = await import("../repository/advisories.js");
    return loadAdvisories(metadata, names);
  }

  /** All repositories and the given local RPM files, loaded; the caller closes them. */
  async open(localPackages: readonly string[], installed?: RootDatabase | undefined): Promise<OpenRepositories> {
    return this.#open(await this.#currentMetadata(), localPackages, installed);
  }

  /**
   * Makes the next `open` ask the repositories, because files that metadata from an earlier run names can be had no more.
   * False when nothing was from an earlier run: asking again would not help.
   */
  async refresh(): Promise<boolean> {
    const kept = (await this.#metadata)?.some((metadata) => metadata.kept) ?? false;
    if (!kept) return false;
    (await this.#opened?.catch(() => null))?.close();
    this.#refresh = true;
    this.#metadata = undefined;
    this.#opened = undefined;
    this.#comps = undefined;
    return true;
  }

  get repositoryIds(): readonly string[] {
    return [...this.#configs.keys()];
  }

  get hasReadMetadata(): boolean {
    return this.#metadata !== undefined;
  }

  /** Whether the manifest asks for signatures; a repository that it does not have is not trusted. */
  gpgcheckOf(id: string): boolean {
    return this.#configs.get(id)?.gpgcheck ?? true;
  }

  /** The keys that the manifest and the repository's own configuration name, fetched. */
  keysOf(id: string): Promise<RepositoryKeys> {
    return this.#keys(id);
  }

  /** The base URLs that the repository's loaded metadata was had from, or may be had from. */
  async metadataBasesOf(repositoryId: string): Promise<readonly string[]> {
    const metadata = (await this.#currentMetadata()).find(({ config }) => config.id === repositoryId);
    return metadata?.baseUrls ?? [];
  }

  transferOf(repositoryId: string): TransferOptions {
    return this.#configs.get(repositoryId)?.transfer ?? DEFAULT_TRANSFER;
  }

  baseUrlsOf(repositoryId: string): Promise<readonly string[]> {
    return this.#baseUrls(repositoryId);
  }

  async locate(locked: LockedPackage): Promise<readonly string[]> {
    // A package that cannot be had where it was locked calls for what the repositories say now.
    this.#freshMetadata ??= this.#loadMetadata(!this.#offline);
    const fresh = await this.#freshMetadata;
    const metadata = new Map(fresh.map((entry) => [entry.config.id, entry]));
    this.#locator ??= this.#open(fresh, []);
    const candidates = (await (await this.#locator).query(locked.name)).filter((candidate) =>
      isSame(candidate, locked),
    );
    // The repository that was locked first; the locked checksum decides about the bytes in any case.
    const preferred = candidates.sort(
      (a, b) => Number(b.repositoryId === locked.repositoryId) - Number(a.repositoryId === locked.repositoryId),
    );
    return preferred.flatMap((found) => packageUrls(found, metadata.get(found.repositoryId)?.baseUrls ?? []));
  }

  #currentMetadata(): Promise<readonly RepositoryMetadata[]> {
    this.#metadata ??= this.#loadMetadata(this.#refresh);
    return this.#metadata;
  }

  #open(
    metadata: readonly RepositoryMetadata[],
    localPackages: readonly string[],
    installed?: RootDatabase | undefined,
  ): Promise<OpenRepositories> {
    const { arch, cacheDirectory } = this;
    return OpenRepositories.open(metadata, { arch, localPackages, installed, cacheDirectory });
  }

  async close(): Promise<void> {
    (await this.#opened?.catch(() => null))?.close();
    (await this.#locator?.catch(() => null))?.close();
  }
}

/**
 * The same build of a package: equal checksums, or another algorithm, for then the bytes must tell. A lock without an
 * architecture relies on the checksum alone.
 */
function isSame(candidate: Solvable, { name, evr, arch, checksum }: LockedPackage): boolean {
  if (candidate.name !== name || candidate.evr !== withoutZeroEpoch(evr)) return false;
  if (arch !== undefined && candidate.arch !== arch) return false;
  return candidate.checksum?.algorithm !== checksum.algorithm || candidate.checksum.value === checksum.value;
}
