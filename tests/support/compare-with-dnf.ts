/** Asks rpmoci's resolver and dnf for the same jobs. */
import type { Pool, SolveResult } from "../../src/native/binding.js";
import { openPool, repositoryIn, solve } from "../native/support/package-repository.js";
import { askDnf, type OracleRepository, type Outcome, type ResolutionJob } from "./dnf-oracle.js";

export interface Comparison {
  readonly job: ResolutionJob;
  readonly ours: Outcome;
  readonly dnfs: Outcome;
  /** Both install the same packages, or both fail. */
  readonly agrees: boolean;
}

export async function compareWithDnf(
  repositories: readonly OracleRepository[],
  jobs: readonly ResolutionJob[],
): Promise<Comparison[]> {
  const pool = await openPool(repositories.map(filesOf));
  try {
    const [dnfs, ours] = await Promise.all([askDnf(repositories, jobs), solveAll(pool, jobs)]);
    return jobs.map((job, index) => compare(job, ours[index] as Outcome, dnfs[index] as Outcome));
  } finally {
    pool.close();
  }
}

function filesOf({ id, folder, priority, cost, includepkgs, excludepkgs }: OracleRepository) {
  return repositoryIn(folder, id, {
    ...(priority === undefined ? {} : { priority }),
    ...(cost === undefined ? {} : { cost }),
    ...(includepkgs === undefined ? {} : { includePackages: includepkgs }),
    ...(excludepkgs === undefined ? {} : { excludePackages: excludepkgs }),
  });
}

async function solveAll(pool: Pool, jobs: readonly ResolutionJob[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { specs, weak } of jobs)
    outcomes.push(outcomeOf(await solve(pool, specs, { installWeakDependencies: weak })));
  return outcomes;
}

function outcomeOf(result: SolveResult): Outcome {
  if (result.kind !== "solved") return JSON.stringify(result);
  return result.installs.map(({ name, evr, arch, repositoryId }) => `${name}-${evr}.${arch} ${repositoryId}`).sort();
}

function compare(job: ResolutionJob, ours: Outcome, dnfs: Outcome): Comparison {
  const failed = [ours, dnfs].filter((outcome) => typeof outcome === "string").length;
  return { job, ours, dnfs, agrees: failed === 2 || (failed === 0 && String(ours) === String(dnfs)) };
}

/** A disagreement in words: what only one of the two installs. */
export function describe({ job, ours, dnfs }: Comparison): string {
  const title = `${JSON.stringify(job.specs)}${job.weak ? " with weak dependencies" : ""}`;
  if (typeof ours === "string" || typeof dnfs === "string") {
    const show = (outcome: Outcome): string => (typeof outcome === "string" ? outcome : `${outcome.length} packages`);
    return `${title}\n  rpmoci: ${show(ours)}\n  dnf: ${show(dnfs)}`;
  }
  const lacks = (a: readonly string[], b: readonly string[]): string => a.filter((x) => !b.includes(x)).join(", ");
  return `${title}\n  only rpmoci: ${lacks(ours, dnfs)}\n  only dnf: ${lacks(dnfs, ours)}`;
}
