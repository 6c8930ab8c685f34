/** Resolves the manifest's packages against loaded repositories. */
import type { Emit } from "../events.js";
import type { Locate, LocatedChain, ResolutionProblem } from "../model/explanation.js";
import type { RepositoryMetadata } from "../model/repository.js";
import type { Pool, Problem, RequirementChain, Solvable, UnmatchedSpec } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { explainProblems, suggestion } from "./explain.js";
import { ResolutionError } from "./resolution-error.js";

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

/**
 * What must be installed. Throws a `ResolutionError` that says which specification fails, and why; `locator` is then
 * asked where requests come from.
 */
export async function resolve(
  pool: Pool,
  request: ResolveRequest,
  emit: Emit,
  locator: () => Promise<Locate>,
): Promise<Resolution> {
  emit({ type: "resolve-started", specs: request.specs.length + request.localPackages.length });
  const result = await nativeCall(pool.solve({ ...request, installWeakDependencies: false }));
  if (result.kind === "unmatched") throw unmatched(result.specs, await locator());
  if (result.kind === "unsolvable") throw unsolvable(result.problems, await locator());
  emit({ type: "resolve-finished", packages: result.installs.length });
  return { installs: result.installs };
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
