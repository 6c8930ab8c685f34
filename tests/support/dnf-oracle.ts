/** What dnf 4's own library makes of a job, for many jobs at once: repositories are loaded once. */
import { join } from "node:path";
import { projectRoot } from "./project.js";
import { runSuccessfully } from "./run.js";

/** dnf's bindings belong to the system's python, whatever else is in PATH. */
const python = "/usr/bin/python3";

export interface OracleRepository {
  readonly id: string;
  /** Holds `repodata`. */
  readonly folder: string;
  readonly priority?: number;
  readonly cost?: number;
  readonly includepkgs?: readonly string[];
  readonly excludepkgs?: readonly string[];
}

export interface ResolutionJob {
  readonly specs: readonly string[];
  /** Whether weak dependencies are installed. */
  readonly weak: boolean;
}

/** Lines of `NEVRA repository`, sorted by their bytes; a text when the job cannot be done. */
export type Outcome = readonly string[] | string;

/** Why dnf cannot be asked on this machine; false when it can. */
export async function oracleMissing(): Promise<string | false> {
  try {
    await runSuccessfully(python, ["-c", "import dnf, hawkey"]);
    return false;
  } catch {
    return "the python bindings of dnf 4 are missing";
  }
}

/** What `dnf install SPEC…` would install into an empty root with `best` on; the outcomes in the order of the jobs. */
export async function askDnf(
  repositories: readonly OracleRepository[],
  jobs: readonly ResolutionJob[],
): Promise<Outcome[]> {
  const input = [{ arch: "x86_64", repositories }, ...jobs].map((line) => `${JSON.stringify(line)}\n`).join("");
  const script = join(projectRoot, "tests/support/dnf-oracle.py");
  const output = await runSuccessfully(python, [script], {
    input,
    // The language of the names of groups that dnf knows depends on it.
    env: { LD_PRELOAD: undefined, LC_ALL: "C.UTF-8" },
  });
  const lines = output.trimEnd().split("\n");
  if (lines.length !== jobs.length) throw new Error(`dnf answered ${lines.length} of ${jobs.length} jobs`);
  return lines.map((line) => {
    const { installs, error } = JSON.parse(line) as { installs?: string[]; error?: string };
    return installs?.sort() ?? error ?? "";
  });
}
