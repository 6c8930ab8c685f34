/** The manifest's repositories during one run: configured at once, their metadata loaded when somebody needs it. */
import { join } from "node:path";
import type { PackageSources } from "../fetch/packages.js";
import type { LockedPackage, RepositoryKeys } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import { withoutZeroEpoch } from "../model/nevra.js";
import type { RepositoryConfig, RepositoryMetadata } from "../model/repository.js";
import { DEFAULT_TRANSFER, type TransferOptions, type Transport } from "../model/transport.js";
import type { Pool, Solvable } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { configureRepositories } from "../repository/configure.js";
import { fetchKeys } from "../repository/keys.js";
import { openRepositories } from "../resolve/resolve.js";
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
  readonly #configs: ReadonlyMap<string, RepositoryConfig>;
  readonly #baseUrls: (id: string) => Promise<readonly string[]>;
  readonly #loadMetadata: () => Promise<readonly RepositoryMetadata[]>;
  #metadata: Promise<readonly RepositoryMetadata[]> | undefined;
  #locator: Promise<Pool> | undefined;
  readonly #keys: (id: string) => Promise<RepositoryKeys>;

  private constructor(
    configs: readonly RepositoryConfig[],
    readonly arch: string,
    transport: Transport,
    context: Context,
  ) {
    this.#configs = new Map(configs.map((config) => [config.id, config]));
    this.#baseUrls = oncePerId(async (id) => {
      const config = this.#configs.get(id);
      if (config === undefined || config.mirrorSource === null) return config?.baseUrls ?? [];
      const { findMirrors } = await import("../repository/mirrors.js");
      return (await findMirrors(config, transport)).baseUrls;
    });
    this.#loadMetadata = async () => {
      const directory = join(context.cacheDirectory, "metadata");
      // The XML parser takes a while to load, and a locked build needs none.
      const { fetchMetadata } = await import("../repository/metadata.js");
      const loaded = await Promise.all(
        configs.map((config) => fetchMetadata(config, transport, directory, context.emit)),
      );
      return loaded.filter((metadata) => metadata !== null);
    };
    this.#keys = oncePerId(async (id) => {
      const config = this.#configs.get(id);
      return config === undefined ? { gpgcheck: true, keys: [] } : fetchKeys(config, transport);
    });
  }

  /** Throws an `RpmociError` of kind `manifest` for a repository that is not configured rightly. */
  static async configure(
    manifest: Manifest,
    arch: string,
    transport: Transport,
    context: Context,
  ): Promise<Repositories> {
    const { environment, systemRoot } = context;
    const configs = await configureRepositories(manifest, { arch, environment, systemRoot });
    return new Repositories(configs, arch, transport, context);
  }

  /** A pool of all repositories and the given local RPM files; the caller closes it. */
  async open(localPackages: readonly string[]): Promise<Pool> {
    return openRepositories(await this.#allMetadata(), this.arch, localPackages);
  }

  /** Whether the manifest asks for signatures; a repository that it does not have is not trusted. */
  gpgcheckOf(id: string): boolean {
    return this.#configs.get(id)?.gpgcheck ?? true;
  }

  /** The keys that the manifest and the repository's own configuration name, fetched. */
  keysOf(id: string): Promise<RepositoryKeys> {
    return this.#keys(id);
  }

  transferOf(repositoryId: string): TransferOptions {
    return this.#configs.get(repositoryId)?.transfer ?? DEFAULT_TRANSFER;
  }

  baseUrlsOf(repositoryId: string): Promise<readonly string[]> {
    return this.#baseUrls(repositoryId);
  }

  async locate(locked: LockedPackage): Promise<readonly string[]> {
    const metadata = new Map((await this.#allMetadata()).map((entry) => [entry.config.id, entry]));
    this.#locator ??= this.open([]);
    const pool = await this.#locator;
    const candidates = (await nativeCall(pool.query(locked.name))).filter((candidate) => isSame(candidate, locked));
    // The repository that was locked first; the locked checksum decides about the bytes in any case.
    const preferred = candidates.sort(
      (a, b) => Number(b.repositoryId === locked.repositoryId) - Number(a.repositoryId === locked.repositoryId),
    );
    return preferred.flatMap((found) => packageUrls(found, metadata.get(found.repositoryId)?.baseUrls ?? []));
  }

  #allMetadata(): Promise<readonly RepositoryMetadata[]> {
    this.#metadata ??= this.#loadMetadata();
    return this.#metadata;
  }

  async close(): Promise<void> {
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
