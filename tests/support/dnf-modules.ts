/** What dnf and the addon install from modular repositories, in the same form. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { defaultStreams } from "../../src/model/modules.js";
import type { ModuleReport, Pool, RepositoryFiles, Solvable, SolveResult } from "../../src/native/binding.js";
import { binding } from "../../src/native/load.js";
import { readModules } from "../../src/repository/modules.js";
import { projectRoot } from "./project.js";
import { runSuccessfully } from "./run.js";

/** What is preloaded for a sanitized addon's sake is not for dnf. */
const WITHOUT_PRELOADED = { LD_PRELOAD: undefined };

/** False, or why tests against dnf 4 are skipped. */
export const dnfMissing =
  spawnSync("/usr/bin/python3", ["-c", "import dnf, libdnf.module"], {
    env: { ...process.env, ...WITHOUT_PRELOADED },
  }).status === 0
    ? false
    : "python's module dnf (4) is missing";

export interface ModularRepository {
  readonly id: string;
  readonly path: string;
  readonly hotfixes?: boolean;
}

export interface ModularCase {
  /** Streams to enable. */
  readonly enable?: readonly string[];
  /** Profiles to install; the result is found under the empty name. */
  readonly install?: readonly string[];
  readonly names: readonly string[];
}

export interface ModularRequest {
  readonly repositories: readonly ModularRepository[];
  readonly arch: string;
  readonly platform: string | null;
  readonly cases: readonly ModularCase[];
}

export interface ModularAnswer {
  /** Why the streams cannot be enabled. */
  readonly failed: string | null;
  /** NEVRAs by name, null where they cannot be installed; all that are visible under `*`. */
  readonly results: Readonly<Record<string, readonly string[] | null>>;
}

/** dnf's answers, case by case. */
export async function askDnf(request: ModularRequest): Promise<readonly ModularAnswer[]> {
  const script = join(projectRoot, "tests/support/dnf-modules.py");
  const options = { input: JSON.stringify(request), env: WITHOUT_PRELOADED };
  const output = await runSuccessfully("/usr/bin/python3", [script], options);
  return JSON.parse(output) as readonly ModularAnswer[];
}

function filesOf({ id, path, hotfixes = false }: ModularRepository): RepositoryFiles {
  return {
    id,
    priority: 99,
    cost: 1000,
    repomd: join(path, "repodata/repomd.xml"),
    primary: fileOf(path, "primary.xml") ?? "",
    filelists: fileOf(path, "filelists.xml"),
    includePackages: [],
    excludePackages: [],
    moduleHotfixes: hotfixes,
  };
}

function fileOf(path: string, part: string): string | null {
  const name = readdirSync(join(path, "repodata")).find((file) => file.includes(part));
  return name === undefined ? null : join(path, "repodata", name);
}

/** Ours; `scratch` is a folder for what modules are condensed to. `reversed` gives the documents in another order. */
export async function askAddon(
  request: ModularRequest,
  scratch: string,
  reversed = false,
): Promise<readonly ModularAnswer[]> {
  const { repositories, arch, platform } = request;
  const pool = await binding().openPool(repositories.map(filesOf), { arch, localPackages: [] });
  const modular = await Promise.all(
    repositories.map(async ({ id, path }, index) => {
      const file = fileOf(path, "modules.yaml");
      return { id, modules: file === null ? null : await readModules(file, id, join(scratch, `${index}-${id}`)) };
    }),
  );
  const builds = modular.flatMap(({ id, modules }) =>
    modules === null ? [] : [{ repositoryId: id, builds: reversed ? modules.builds.toReversed() : modules.builds }],
  );
  const defaults = defaultStreams(modular.flatMap(({ modules }) => modules?.defaults ?? []));
  const answers: ModularAnswer[] = [];
  for (const { enable = [], install = [], names } of request.cases) {
    const specs = [...enable, ...install];
    const report = await pool.selectModules({ arch, repositories: builds, defaults, specs, platformId: platform });
    const profiles = await solve(pool, [], report);
    const failed = specs.length === 0 ? null : failureOf(report, profiles);
    const results: Record<string, readonly string[] | null> = {};
    if (failed === null) {
      if (install.length > 0) results[""] = installsOf(profiles);
      results["*"] = ((await pool.query("*.*")) ?? []).map(nevraOf).sort();
      for (const name of names) results[name] = installsOf(await solve(pool, [name], null));
    }
    answers.push({ failed, results });
  }
  pool.close();
  return answers;
}

/** dnf refuses streams for a profile whose packages nobody has, too. */
function failureOf({ status, problems, refused }: ModuleReport, profiles: SolveResult): string | null {
  const good = refused.length === 0 && (status === "good" || status === "defaults");
  return good && profiles.kind !== "unmatched" ? null : JSON.stringify({ status, problems, refused, profiles });
}

function solve(pool: Pool, specs: readonly string[], report: ModuleReport | null): Promise<SolveResult> {
  const profilePackages = report?.profilePackages ?? [];
  return pool.solve({ specs, profilePackages, requirements: [], localPackages: [], installWeakDependencies: false });
}

function installsOf(result: SolveResult): readonly string[] | null {
  return result.kind === "solved" ? result.installs.map(nevraOf).sort() : null;
}

function nevraOf({ name, evr, arch }: Solvable): string {
  return `${name}-${evr}.${arch}`;
}
