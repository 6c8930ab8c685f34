/** Resolves the manifest's packages against loaded repositories. */
import { join } from "node:path";
import { makeDirectory } from "../directories.js";
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import type { RepositoryMetadata } from "../model/repository.js";
import type { Pool, Problem, Solvable, SolveJob, SolveResult, UnmatchedSpec } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";

export interface ResolveRequest {
  /** Specifications of packages in repositories. */
  readonly specs: readonly string[];
  /** Absolute paths of local RPM files. */
  readonly localPackages: readonly string[];
  /** Requirements of local RPMs that are not there. */
  readonly requirements: readonly string[];
}

export interface Resolution {
  /** Sorted by name, EVR, architecture; local packages are among them. */
  readonly installs: readonly Solvable[];
}

export interface PoolRequest {
  readonly arch: string;
  /** Absolute paths of local RPM files. */
  readonly localPackages: readonly string[];
  /** Where parsed metadata is kept between runs. */
  readonly cacheDirectory: string;
}

/** Repositories, loaded once. */
export class OpenRepositories {
  private constructor(
    readonly pool: Pool,
    readonly metadata: readonly RepositoryMetadata[],
  ) {}

  /** Loads repositories; the result must be closed. Throws an `RpmociError` that names the repository. */
  static async open(metadata: readonly RepositoryMetadata[], request: PoolRequest): Promise<OpenRepositories> {
    const directory = join(request.cacheDirectory, "solv");
    // Without it nothing is kept, and everything works.
    await makeDirectory(directory).catch(() => undefined);
    const files = metadata.map((entry) => entry.files);
    const pool = await nativeCall(binding().openPool(files, { ...request, cacheDirectory: directory }));
    return new OpenRepositories(pool, metadata);
  }

  /** As `Pool.solve`; complete filelists are fetched when the answer depends on them. */
  async solve(job: SolveJob): Promise<Exclude<SolveResult, { kind: "needs-filelists" }>> {
    for (;;) {
      const result = await nativeCall(this.pool.solve(job));
      if (result.kind !== "needs-filelists") return result;
      await this.#addFilelists();
    }
  }

  /** As `Pool.query`; complete filelists are fetched when the answer depends on them. */
  async query(spec: string): Promise<readonly Solvable[]> {
    for (;;) {
      const result = await nativeCall(this.pool.query(spec));
      if (result !== null) return result;
      await this.#addFilelists();
    }
  }

  close(): void {
    this.pool.close();
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

/** What must be installed. Throws an `RpmociError` of kind `resolve` that says which specification fails, and why. */
export async function resolve(
  repositories: OpenRepositories,
  request: ResolveRequest,
  emit: Emit,
): Promise<Resolution> {
  emit({ type: "resolve-started", specs: request.specs.length + request.localPackages.length });
  const result = await repositories.solve({ ...request, installWeakDependencies: false });
  if (result.kind === "unmatched") throw unmatched(result.specs);
  if (result.kind === "unsolvable") throw unsolvable(result.problems);
  emit({ type: "resolve-finished", packages: result.installs.length });
  return { installs: result.installs };
}

const REASONS: Readonly<Record<UnmatchedSpec["reason"], string>> = {
  missing: "",
  hidden: " (includepkgs or excludepkgs of its repository hide it)",
  architecture: " (it exists for other architectures only)",
};

function unmatched(specs: readonly UnmatchedSpec[]): RpmociError {
  const [first, ...rest] = specs.map(
    ({ spec, reason, similar }) =>
      `No packages available for spec '${spec}'${REASONS[reason]}${
        similar.length === 0 ? "" : `; did you mean ${similar.join(", ")}?`
      }`,
  );
  return new RpmociError(first ?? "No packages available", { kind: "resolve", code: "SPEC_UNMATCHED", details: rest });
}

function unsolvable(problems: readonly Problem[]): RpmociError {
  const details = problems.flatMap(({ messages }, index) =>
    messages.map((message, line) => (line === 0 ? `problem ${index + 1}: ${message}` : `  ${message}`)),
  );
  return new RpmociError("Failed to resolve dependencies", { kind: "resolve", code: "UNSOLVABLE", details });
}
