/** dnf's variables (`$basearch`, `$releasever`, those of `/etc/dnf/vars`), as dnf.conf(5) describes them. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { baseArchitecture } from "../model/architecture.js";
import { hostRelease } from "./host-release.js";

export type Variables = ReadonlyMap<string, string>;

export interface VariableSources {
  readonly arch: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Where the system lies; `/` but in tests. */
  readonly root: string;
  /** The folders of files named after variables, the later winning. */
  readonly directories: readonly string[];
  /** Wins over whatever the system says. */
  readonly releasever: string | undefined;
  /** Whether the release of the system may be needed; finding it out takes a moment. */
  readonly needsRelease: boolean;
}

/** Where dnf looks for variables unless `varsdir` in dnf.conf says otherwise. */
export const VARIABLE_DIRECTORIES = ["etc/yum/vars", "etc/dnf/vars"];

/** Neither files nor the environment change these. */
const FIXED = new Set(["arch", "basearch"]);

/**
 * The variables for packages of an architecture. Later sources win: the system's release, files, the environment's `DNF0`
 * … `DNF9` and `DNF_VAR_name`, the given release. Files that cannot be read count as absent.
 */
export async function systemVariables(sources: VariableSources): Promise<Variables> {
  const { arch, environment, releasever } = sources;
  const found = new Map<string, string>();
  for (const directory of sources.directories) {
    for (const name of (await readdir(directory).catch(() => [])).sort()) {
      const text = await readFile(join(directory, name), "utf8").catch(() => null);
      if (text !== null) found.set(name, text.split("\n")[0] ?? "");
    }
  }
  for (const [name, value] of Object.entries(environment)) {
    if (/^DNF\d$/.test(name) && value !== undefined) found.set(name, value);
    if (/^DNF_VAR_\w+$/.test(name) && value !== undefined) found.set(name.slice("DNF_VAR_".length), value);
  }
  const fixed: [string, string][] = [
    ["arch", arch],
    ["basearch", baseArchitecture(arch)],
  ];
  const others = [...found].filter(([name]) => !FIXED.has(name));
  if (releasever !== undefined) return new Map([...fixed, ...others, ...releaseVariables(releasever)]);
  const needed = sources.needsRelease && !found.has("releasever");
  const host = needed ? await hostRelease(sources.root, environment) : new Map<string, string>();
  const release = found.get("releasever") ?? host.get("releasever");
  return new Map([...fixed, ...(release === undefined ? [] : releaseVariables(release)), ...host, ...others]);
}

/** What comes before and after the first dot are variables, too. */
function releaseVariables(releasever: string): readonly [string, string][] {
  const [major = "", ...minor] = releasever.split(".");
  return [
    ["releasever", releasever],
    ["releasever_major", major],
    ["releasever_minor", minor.join(".")],
  ];
}
