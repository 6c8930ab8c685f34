/** Repositories of small packages, made with rpmbuild and createrepo_c, for tests of the resolver. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Pool, RepositoryFiles, Solvable, SolveJob, SolveResult } from "../../../src/native/binding.js";
import { realData } from "../../support/real-data.js";
import { addon } from "./rpm-addon.js";
import { has, run, type Workspace } from "./rpm-tools.js";

/** False, or why tests that need the tools are skipped. */
export const toolsMissing = ["rpmbuild", "createrepo_c"].every(has) ? false : "rpmbuild or createrepo_c is missing";

export interface PackageDefinition {
  readonly name: string;
  /** `[epoch:]version-release` */
  readonly evr?: string;
  readonly arch?: string;
  /** Lines of the specification: `Requires: …` and the like. */
  readonly tags?: readonly string[];
  readonly files?: readonly string[];
}

function specificationOf({ name, evr = "1-1", tags = [], files = [] }: PackageDefinition): string {
  const [, epoch = "0", version, release] = /^(?:(\d+):)?([^-]+)-(.+)$/.exec(evr) ?? [];
  return `
Name: ${name}
Epoch: ${epoch}
Version: ${version}
Release: ${release}
Summary: A package
License: MIT
AutoReqProv: no
${tags.join("\n")}
%description
%prep
%install
${files.map((file) => `mkdir -p %{buildroot}${path.dirname(file)}; echo text > %{buildroot}${file}`).join("\n")}
%files
${files.join("\n")}
`;
}

/** Builds one package and returns its path. */
export function buildPackage(workspace: Workspace, definition: PackageDefinition): string {
  const { name, evr = "1-1", arch = "noarch" } = definition;
  const top = workspace.at("rpmbuild", `${name}-${evr.replace(":", "_")}.${arch}`);
  mkdirSync(top);
  const specification = path.join(top, "package.spec");
  writeFileSync(specification, specificationOf(definition));
  const defines = [`_topdir ${top}`, "debug_package %{nil}", "__os_install_post %{nil}", "_build_id_links none"];
  const options = defines.flatMap((define) => ["--define", define]);
  run("rpmbuild", ["-bb", "--quiet", "--target", `${arch}-linux`, ...options, specification], {
    env: { ...process.env, HOME: top },
  });
  const built = readdirSync(path.join(top, "RPMS"), { recursive: true, encoding: "utf8" });
  return path.join(top, "RPMS", built.find((file) => file.endsWith(".rpm")) ?? "nothing was built");
}

/** Describes a folder that has `repodata`. */
export function repositoryIn(folder: string, id: string, settings: Partial<RepositoryFiles> = {}): RepositoryFiles {
  const metadata = path.join(folder, "repodata");
  const names = readdirSync(metadata);
  const file = (part: string): string => path.join(metadata, names.find((name) => name.includes(part)) ?? part);
  return {
    id,
    priority: 99,
    cost: 1000,
    repomd: file("repomd.xml"),
    primary: file("primary.xml"),
    filelists: file("filelists.xml"),
    includePackages: [],
    excludePackages: [],
    ...settings,
  };
}

/** Builds packages and their metadata. */
export function makeRepository(
  workspace: Workspace,
  id: string,
  packages: readonly PackageDefinition[],
): RepositoryFiles {
  const folder = workspace.at("repositories", id);
  mkdirSync(folder);
  for (const definition of packages) run("cp", [buildPackage(workspace, definition), folder]);
  run("createrepo_c", ["--quiet", "--general-compress-type=gz", folder]);
  return repositoryIn(folder, id);
}

export function openPool(repositories: readonly RepositoryFiles[], localPackages: string[] = []): Promise<Pool> {
  return addon.openPool(repositories, { arch: "x86_64", localPackages });
}

export function solve(pool: Pool, specs: readonly string[], job: Partial<SolveJob> = {}): Promise<SolveResult> {
  return pool.solve({ specs, requirements: [], localPackages: [], installWeakDependencies: false, ...job });
}

/** The packages that match a specification, of a pool that has its filelists. */
export async function query(pool: Pool, spec: string): Promise<readonly Solvable[]> {
  const found = await pool.query(spec);
  assert.ok(found !== null, "the pool lacks filelists");
  return found;
}

/** The installed packages as text, or the whole result when there are none. */
export function installsOf(result: SolveResult): unknown {
  return result.kind === "solved" ? result.installs.map(({ name, evr, arch }) => `${name}-${evr}.${arch}`) : result;
}

/** Metadata that other projects made; null where it is absent. */
export function realRepository(name: string): string | null {
  const { folder, skip } = realData("repos", name);
  return skip === false ? folder : null;
}
