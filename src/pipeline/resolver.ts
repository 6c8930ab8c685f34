/** Repositories that are opened once and answer many questions. The commands resolve through it too. */
import { setMaxListeners } from "node:events";
import { resolve as absolutePath } from "node:path";
import { RpmociError } from "../errors.js";
import { HttpTransport } from "../fetch/transport.js";
import { loadManifest, manifestOf } from "../manifest/load.js";
import { hostArchitecture } from "../model/architecture.js";
import type { LocatedRequest } from "../model/explanation.js";
import type { Lockfile } from "../model/lockfile.js";
import { isGroupSpec, isLocalSpec, type Manifest } from "../model/manifest.js";
import { compareText } from "../model/nevra.js";
import type { PackageRequest, RootDatabase, Solvable } from "../native/binding.js";
import type { GroupExpansion, GroupMember } from "../repository/group-specs.js";
import { type ResolveRequest, resolve, type Solution } from "../resolve/resolve.js";
import { type BaseFacts, withBaseFacts } from "./base-facts.js";
import { findBase, openLockedBase } from "./base-image.js";
import { type LockOptions, type LockRequest, makeLockfile } from "./lock.js";
import { type CommonOptions, type Context, contextOf } from "./options.js";
import { pruneDaily } from "./prune.js";
import { Repositories } from "./repositories.js";
import { Turns } from "./turns.js";

/** A repository as a manifest names it: the id of one of the system's, a URL, or a table. */
export type RepositoryDefinition =
  | string
  | {
      readonly url: string;
      readonly id?: string;
      /** dnf's repository options. */
      readonly options?: Readonly<Record<string, string | number | boolean>>;
    };

export interface ResolverOptions extends Omit<CommonOptions, "manifestPath"> {
  /** A package manifest that names repositories and keys; its packages do not matter. */
  readonly manifestPath?: string;
  /** The repositories, where there is no manifest. */
  readonly repositories?: readonly RepositoryDefinition[];
  /** URLs of keys for all repositories, where there is no manifest. */
  readonly gpgkeys?: readonly string[];
  /** rpm's name of the architecture to resolve for; this machine's by default. */
  readonly arch?: string;
}

export interface ResolveOptions {
  /** What `contents.packages` of a manifest takes, but for local RPMs. */
  readonly packages: readonly string[];
  /** Paths of local RPM files; for such a question the repositories are loaded again, out of the cache. */
  readonly localPackages?: readonly string[];
  /** Module streams to enable, as `contents.modules` of a manifest takes them. */
  readonly modules?: readonly string[];
  /** `platform:el9` and the like, when no release package in the repositories tells it. */
  readonly modulePlatformId?: string;
  /** Install what packages recommend, as dnf's `install_weak_deps` does; false by default, as in images. */
  readonly weakDependencies?: boolean;
  /** Rejects at once with its reason; a question that waits is not asked any more. */
  readonly signal?: AbortSignal;
}

export interface ResolvedPackage extends Solvable {
  /** Ids of the groups among the specifications that list this package, sorted. */
  readonly groups: readonly string[];
}

export interface Resolution {
  /** All that must be installed into an empty root, sorted by name, EVR, architecture. */
  readonly packages: readonly ResolvedPackage[];
  /** Bytes of all RPM files of repositories. */
  readonly downloadSize: number;
  /** Bytes of all files when they are installed. */
  readonly installedSize: number;
}

interface Question extends LockRequest, Pick<ResolveOptions, "weakDependencies"> {
  /** What is installed already; nothing when undefined. */
  readonly installed: RootDatabase | undefined;
}

/** Open repositories. Questions may be asked at once; they are answered one after the other, in their order. */
export interface Resolver extends AsyncDisposable {
  /**
   * What dnf would install into an empty root with `best`. The same question has the same answer, whatever else is
   * asked. Rejects with an `RpmociError` of kind `resolve` that says what fails and why, of kind `usage` for wrong
   * options or a closed resolver, or with the reason of `signal`.
   */
  resolve(options: ResolveOptions): Promise<Resolution>;
  /**
   * The lockfile of a manifest that has the resolver's repositories and keys, as `update` makes it; nothing is written.
   * Rejects as `resolve` does.
   */
  lock(manifest: Manifest, options?: LockOptions): Promise<Lockfile>;
  /** Idempotent. Questions that wait or run reject at once; all resources are free when it returns. */
  close(): Promise<void>;
}

/** What the commands use: beside the resolver, what fetches the packages that it chose. */
export class RepositoryResolver implements Resolver {
  readonly #context: Context;
  readonly #manifest: Manifest;
  readonly #turns = new Turns();
  readonly #transfers: AbortController;
  #closing: Promise<void> | undefined;

  private constructor(
    manifest: Manifest,
    readonly repositories: Repositories,
    readonly transport: HttpTransport,
    transfers: AbortController,
    context: Context,
  ) {
    this.#manifest = manifest;
    this.#transfers = transfers;
    this.#context = context;
  }

  /** Reads no metadata before they are needed. Throws as `openResolver` does for a wrong configuration. */
  static async configure(manifest: Manifest, arch: string, context: Context): Promise<RepositoryResolver> {
    const transfers = new AbortController();
    const signals = context.signal === undefined ? [transfers.signal] : [transfers.signal, context.signal];
    const signal = AbortSignal.any(signals);
    // Node warns of a leak otherwise as soon as some downloads run at once.
    setMaxListeners(0, signal);
    const transport = new HttpTransport({ ...context, signal });
    try {
      const repositories = await Repositories.configure(manifest, arch, transport, context);
      return new RepositoryResolver(manifest, repositories, transport, transfers, context);
    } catch (error) {
      await transport.close();
      throw error;
    }
  }

  async resolve(options: ResolveOptions): Promise<Resolution> {
    this.#requireOpen();
    const { packages, localPackages = [], modules = [], modulePlatformId, weakDependencies = false, signal } = options;
    requireTexts("packages", packages);
    requireTexts("localPackages", localPackages);
    requireTexts("modules", modules);
    const local = packages.find(isLocalSpec);
    if (local !== undefined) throw misuse(`packages: '${local}' names a local RPM, which localPackages takes`);
    const question: Question = {
      specs: packages,
      localPackages: localPackages.map((path) => absolutePath(path)),
      requirements: [],
      kept: [],
      renewed: [],
      modules: { specs: modules, platformId: modulePlatformId },
      weakDependencies,
      installed: undefined,
      locator: async () => withoutFile,
    };
    return this.#turns.take(async () => {
      const { installs, members } = await this.#solve(question);
      const resolved = installs.map((install) => ({ ...install, groups: groupsOf(install, members) }));
      return {
        packages: resolved,
        downloadSize: resolved.reduce((sum, { downloadSize }) => sum + downloadSize, 0),
        installedSize: resolved.reduce((sum, { installedSize }) => sum + installedSize, 0),
      };
    }, signal);
  }

  async lock(manifest: Manifest, options: LockOptions = {}): Promise<Lockfile> {
    this.#requireOpen();
    if (!sameSources(manifest, this.#manifest)) {
      throw misuse(`${manifest.path} has other repositories or gpgkeys than the resolver was opened with`);
    }
    const keysOf = (id: string) => this.repositories.keysOf(id);
    const basesOf = (id: string) => this.repositories.metadataBasesOf(id);
    const transferOf = (id: string) => this.repositories.transferOf(id);
    const sources = { keysOf, basesOf, transferOf, transport: this.transport, emit: this.#context.emit };
    const lock = (base: BaseFacts | null): Promise<Lockfile> => {
      const installed = base?.database ?? undefined;
      const solve = (request: LockRequest): Promise<Solution> => this.#solve({ ...request, installed });
      return makeLockfile(manifest, options, { ...sources, base, solve });
    };
    return this.#turns.take(() => this.#withBase(manifest, options, lock), options.signal);
  }

  /** A partial update keeps the base image that is locked. */
  async #withBase<T>(
    manifest: Manifest,
    { previous = null, packages = [], keep = false, fromLockfile = false }: LockOptions,
    use: (base: BaseFacts | null) => Promise<T>,
  ): Promise<T> {
    const arch = manifest.arch ?? this.repositories.arch;
    const isKept = packages.length > 0 || keep || fromLockfile;
    const known = previous?.base?.image === manifest.baseImage ? previous?.base : undefined;
    const image =
      isKept && known !== undefined
        ? await openLockedBase(manifest, { base: known }, arch, this.#context)
        : await findBase(manifest, arch, this.#context);
    return image === null ? use(null) : withBaseFacts(image, this.#context.signal, use);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#transfers.abort(closed());
    await this.#turns.end(closed());
    if (this.repositories.hasReadMetadata) await pruneDaily(this.transport, this.#context);
    await this.repositories.close();
    await this.transport.close();
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw closed();
  }

  async #solve(question: Question): Promise<Solution & { readonly members: readonly GroupMember[] }> {
    const { emit } = this.#context;
    const groups = question.specs.filter(isGroupSpec);
    const { members, missing } = await this.#expand(groups);
    for (const group of missing) emit({ type: "warning", message: `No match for group "${group}" of an environment` });
    const renewed = await this.#expand(groups.filter((spec) => question.renewed.includes(spec)));
    const request = {
      specs: question.specs.filter((spec) => !isGroupSpec(spec)),
      requirements: question.requirements,
      localPackages: question.localPackages,
      groupPackages: members.map(({ spec, name, condition, baseArchitectureOnly }) => ({
        spec,
        name,
        condition,
        baseArchitectureOnly,
      })),
      kept: question.kept,
      modules: question.modules,
      renewed: [...question.renewed, ...renewed.members.map(({ name }) => name)],
      installWeakDependencies: question.weakDependencies === true,
    };
    const attempt = () => this.#resolve(request, question.locator, question.installed);
    try {
      return { ...(await attempt()), members };
    } catch (error) {
      // Files are fetched late, and may have gone away with the metadata that names them.
      if (!(error instanceof RpmociError && (error.kind === "fetch" || error.kind === "verify"))) throw error;
      if (!(await this.repositories.refresh())) throw error;
      emit({ type: "debug", message: `asking for new metadata: ${error.message}` });
      return { ...(await attempt()), members };
    }
  }

  async #resolve(
    request: ResolveRequest,
    locator: LockRequest["locator"],
    installed: RootDatabase | undefined,
  ): Promise<Solution> {
    const { emit } = this.#context;
    if (request.localPackages.length === 0 && installed === undefined) {
      return resolve(await this.repositories.opened(), request, emit, locator);
    }
    const open = await this.repositories.open(request.localPackages, installed);
    try {
      return await resolve(open, request, emit, locator);
    } finally {
      open.close();
    }
  }

  /** Groups are fetched, and the parser loaded, only for those who ask for them. */
  async #expand(specs: readonly string[]): Promise<GroupExpansion> {
    if (specs.length === 0) return { members: [], missing: [] };
    const { expandGroupSpecs } = await import("../repository/group-specs.js");
    return expandGroupSpecs(specs, await this.repositories.comps());
  }
}

/**
 * Opens repositories, downloading their metadata, for many questions; the resolver must be closed. Needs no root. Throws
 * an `RpmociError` of kind `manifest` for a wrong configuration, of kind `fetch` or `verify` that names the repository,
 * of kind `usage` for wrong options, or the reason of `signal`, which also ends downloads of later questions.
 */
export async function openResolver(options: ResolverOptions): Promise<Resolver> {
  const context = contextOf({ ...options, manifestPath: "" });
  const resolver = await RepositoryResolver.configure(
    await sourcesOf(options),
    options.arch ?? hostArchitecture(),
    context,
  );
  try {
    await resolver.repositories.opened();
    context.signal?.throwIfAborted();
    return resolver;
  } catch (error) {
    await resolver.close();
    throw error;
  }
}

async function sourcesOf({ manifestPath, repositories, gpgkeys }: ResolverOptions): Promise<Manifest> {
  if ((manifestPath === undefined) === (repositories === undefined)) {
    throw misuse("either manifestPath or repositories must be given");
  }
  if (manifestPath !== undefined) {
    if (gpgkeys !== undefined) throw misuse("gpgkeys are those of the manifest");
    return loadManifest(manifestPath);
  }
  return manifestOf({ contents: { repositories, packages: [], gpgkeys: gpgkeys ?? [] } }, "openResolver");
}

/** A request that no manifest makes. */
function withoutFile(request: PackageRequest): LocatedRequest {
  return { ...request, file: null, line: null, reason: "packages", localPackage: null };
}

function sameSources(a: Manifest, b: Manifest): boolean {
  const [first, second] = [a, b].map((one) => JSON.stringify([one.repositories, one.gpgkeys, one.requireSigned]));
  return first === second;
}

function groupsOf(install: Solvable, members: readonly GroupMember[]): readonly string[] {
  const ids = members.filter(({ name }) => name === install.name).flatMap(({ groups }) => groups);
  return [...new Set(ids)].sort(compareText);
}

function requireTexts(option: string, value: unknown): void {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return;
  throw misuse(`${option} must be an array of strings`);
}

function misuse(message: string): RpmociError {
  return new RpmociError(message, { kind: "usage", code: "RESOLVER_MISUSED" });
}

function closed(): RpmociError {
  return new RpmociError("the resolver is closed", { kind: "usage", code: "RESOLVER_CLOSED" });
}
