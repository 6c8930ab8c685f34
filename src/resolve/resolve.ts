/** Resolves the manifest's packages against loaded repositories. */
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import type { RepositoryMetadata } from "../model/repository.js";
import type { Pool, Problem, ProfilePackage, Solvable, UnmatchedSpec } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";

export interface ResolveRequest {
  /** Specifications of packages in repositories. */
  readonly specs: readonly string[];
  /** Absolute paths of local RPM files. */
  readonly localPackages: readonly string[];
  /** Requirements of local RPMs that are not there. */
  readonly requirements: readonly string[];
  /** What module profiles install. */
  readonly profilePackages: readonly ProfilePackage[];
}

export interface Resolution {
  /** Sorted by name, EVR, architecture; local packages are among them. */
  readonly installs: readonly Solvable[];
}

/** Loads repositories once; the pool must be closed. Throws an `RpmociError` that names the repository. */
export function openRepositories(
  repositories: readonly RepositoryMetadata[],
  arch: string,
  localPackages: readonly string[],
): Promise<Pool> {
  return nativeCall(
    binding().openPool(
      repositories.map(({ files }) => files),
      { arch, localPackages },
    ),
  );
}

/** What must be installed. Throws an `RpmociError` of kind `resolve` that says which specification fails, and why. */
export async function resolve(pool: Pool, request: ResolveRequest, emit: Emit): Promise<Resolution> {
  emit({ type: "resolve-started", specs: request.specs.length + request.localPackages.length });
  const result = await nativeCall(pool.solve({ ...request, installWeakDependencies: false }));
  if (result.kind === "unmatched") throw unmatched(result.specs);
  if (result.kind === "unsolvable") throw unsolvable(result.problems);
  emit({ type: "resolve-finished", packages: result.installs.length });
  return { installs: result.installs };
}

const REASONS: Readonly<Record<UnmatchedSpec["reason"], string>> = {
  missing: "",
  hidden: " (includepkgs or excludepkgs of its repository hide it)",
  module: " (module streams that are not active, or that have packages of the same name, hide it)",
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
