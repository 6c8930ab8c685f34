/** Resolves the manifest's packages against loaded repositories. */
import { makeDirectory } from "../directories.js";
import type { Emit } from "../events.js";
import { cacheFolders } from "../model/cache-folders.js";
import type { Locate, LocatedChain, ResolutionProblem } from "../model/explanation.js";
import type { RepositoryMetadata } from "../model/repository.js";
import type {
  EarlierPackage,
  GroupPackage,
  LockedEntry,
  LockedSet,
  PackageReference,
  Pool,
  Problem,
  ProfilePackage,
  RequirementChain,
  RootDatabase,
  Solvable,
  SolveJob,
  SolveResult,
  UnmatchedSpec,
} from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { explainProblems, suggestion } from "./explain.js";
import { type ModuleSelection, selectModules } from "./modules.js";
import { ResolutionError } from "./resolution-error.js";

export interface ResolveRequest {
  /** Specifications of packages in repositories. */
  readonly specs: readonly string[];
  /** Absolute paths of local RPM files. */
  readonly localPackages: readonly string[];
  /** Requirements of local RPMs that are not there. */
  readonly requirements: readonly string[];
  /** Packages of groups; of those that no repository has, a warning is emitted. */
  readonly groupPackages: readonly GroupPackage[];
  /** What stays, but for what is renewed, as far as it can; when empty, everything is resolved afresh. */
  readonly kept: readonly EarlierPackage[];
  /** Names of packages and specifications that get the best version that fits. */
  readonly renewed: readonly string[];
  readonly installWeakDependencies: boolean;
  readonly modules: ModuleSelection;
}

export interface Solution {
  /** Sorted by name, EVR, architecture; local packages are among them. */
  readonly installs: readonly Solvable[];
  /** Packages of the base image that are updated or obsoleted; in the same order. */
  readonly removals: readonly PackageReference[];
}

export interface PoolRequest {
  readonly arch: string;
  /** Absolute paths of local RPM files. */
  readonly localPackages: readonly string[];
  /** The rpm database of a base image. */
  readonly installed?: RootDatabase | undefined;
  /** Where parsed metadata is kept between runs. */
  readonly cacheDirectory: string;
}

/** Repositories, loaded once. */
export class OpenRepositories {
  #selected: { readonly selection: string; readonly profilePackages: readonly ProfilePackage[] } | undefined;

  private constructor(
    readonly pool: Pool,
    readonly metadata: readonly RepositoryMetadata[],
    readonly arch: string,
  ) {}

  /** Loads repositories; the result must be closed. Throws an `RpmociError` that names the repository. */
  static async open(metadata: readonly RepositoryMetadata[], request: PoolRequest): Promise<OpenRepositories> {
    const directory = cacheFolders(request.cacheDirectory).solv;
    // Without it nothing is kept, and everything works.
    await makeDirectory(directory).catch(() => undefined);
    const files = metadata.map((entry) => entry.files);
    const pool = await nativeCall(binding().openPool(files, { ...request, cacheDirectory: directory }));
    return new OpenRepositories(pool, metadata, request.arch);
  }

  /**
   * Chooses module streams for all later questions, in place of an earlier choice, and returns what their profiles
   * install. Throws an `RpmociError` of kind `resolve`.
   */
  async selectModules(modules: ModuleSelection, emit: Emit): Promise<readonly ProfilePackage[]> {
    const selection = JSON.stringify([modules.specs, modules.platformId]);
    if (this.#selected?.selection !== selection) {
      this.#selected = undefined;
      const profilePackages = await selectModules(this.pool, this.metadata, this.arch, modules, emit);
      this.#selected = { selection, profilePackages };
    }
    return this.#selected?.profilePackages ?? [];
  }

  /** As `Pool.solve`; complete filelists are fetched when the answer depends on them. */
  solve(job: SolveJob): Promise<Exclude<SolveResult, { kind: "needs-filelists" }>> {
    return this.#ask(async () => {
      const result = await this.pool.solve(job);
      return result.kind === "needs-filelists" ? null : result;
    });
  }

  /** As `Pool.query`; complete filelists are fetched when the answer depends on them. */
  query(spec: string): Promise<readonly Solvable[]> {
    return this.#ask(() => this.pool.query(spec));
  }

  /** As `Pool.examineLockedSet`; complete filelists are fetched when the answer depends on them. */
  examineLockedSet(entries: readonly LockedEntry[], specs: readonly string[]): Promise<LockedSet> {
    return this.#ask(() => this.pool.examineLockedSet(entries, specs));
  }

  close(): void {
    this.pool.close();
  }

  /** Asks again with filelists as long as the answer is that it depends on them: null. */
  async #ask<T>(question: () => Promise<T | null>): Promise<T> {
    for (;;) {
      const answer = await nativeCall(question());
      if (answer !== null) return answer;
      await this.#addFilelists();
    }
  }

  async #addFilelists(): Promise<void> {
    const fetched = await Promise.all(
      this.metadata.map(async ({ config: { id }, fetchFilelists }) =>
        fetchFilelists === null ? [] : [{ id, path: await fetchFilelists() }],
      ),
    );
    await nativeCall(this.pool.addFilelists(fetched.flat()));
  }
}

/**
 * What must be installed. Throws a `ResolutionError` that says which specification fails, and why; `locator` is then
 * asked where requests come from.
 */
export async function resolve(
  repositories: OpenRepositories,
  request: ResolveRequest,
  emit: Emit,
  locator: () => Promise<Locate>,
): Promise<Solution> {
  emit({ type: "resolve-started", specs: request.specs.length + request.localPackages.length });
  const { modules, ...job } = request;
  const profilePackages = await repositories.selectModules(modules, emit);
  const result = await repositories.solve({ ...job, profilePackages });
  if (result.kind === "unmatched") throw unmatched(result.specs, await locator());
  if (result.kind === "unsolvable") throw unsolvable(result.problems, await locator());
  for (const name of result.missingGroupPackages) {
    emit({ type: "warning", message: `No match for group package "${name}"` });
  }
  emit({ type: "resolve-finished", packages: result.installs.length });
  return { installs: result.installs, removals: result.removals };
}

function unmatched(specs: readonly UnmatchedSpec[], locate: Locate): ResolutionError {
  const problems = specs
    .map(({ spec, hidden, similar }) => {
      return { kind: "unmatched-spec" as const, request: locate({ kind: "spec", text: spec }), hidden, similar };
    })
    // A stable order for those that share a line, or have none.
    .sort((a, b) => (a.request.line ?? 0) - (b.request.line ?? 0));
  const [message = "No packages available", ...details] = explainProblems(problems);
  return new ResolutionError(message, { code: "SPEC_UNMATCHED", details, hint: suggestion(problems), problems });
}

function unsolvable(found: readonly Problem[], locate: Locate): ResolutionError {
  const located = (chain: RequirementChain | null): LocatedChain | null =>
    chain && { request: locate(chain.request), links: chain.links };
  const problems = found.map(
    ({ rules }): ResolutionProblem => ({
      kind: "unsolvable",
      rules: rules.map((rule) => ({
        ...rule,
        request: rule.request && locate(rule.request),
        packageChain: located(rule.packageChain),
        otherChain: located(rule.otherChain),
      })),
    }),
  );
  return new ResolutionError("Failed to resolve dependencies", {
    code: "UNSOLVABLE",
    details: explainProblems(problems),
    hint: suggestion(problems),
    problems,
  });
}
