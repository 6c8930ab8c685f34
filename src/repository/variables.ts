/** dnf's variables (`$basearch`, `$releasever`, those of `/etc/dnf/vars`), as dnf.conf(5) describes them. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { baseArchitecture } from "../model/architecture.js";

export type Variables = ReadonlyMap<string, string>;

/** Distributions whose release packages carry VERSION_ID's first number, or all of it, as `$releasever`. */
const RPM_DISTRIBUTIONS = /\b(fedora|rhel|centos|azurelinux|mariner|amzn|opensuse|suse|ol|rocky|almalinux)\b/;

/**
 * The variables of this system for packages of `arch`. Later sources win: the system's release, `/etc/yum/vars`,
 * `/etc/dnf/vars`, the environment's `DNF0` … `DNF9` and `DNF_VAR_name`. Files that cannot be read count as absent.
 */
export async function systemVariables(arch: string, environment: NodeJS.ProcessEnv, root = "/"): Promise<Variables> {
  const variables = new Map<string, string>([
    ["arch", arch],
    ["basearch", baseArchitecture(arch)],
  ]);
  const releasever = await hostRelease(root);
  if (releasever !== null) variables.set("releasever", releasever);
  for (const directory of ["etc/yum/vars", "etc/dnf/vars"]) {
    const path = join(root, directory);
    const names = await readdir(path).catch(() => []);
    for (const name of names.sort()) {
      const text = await readFile(join(path, name), "utf8").catch(() => null);
      if (text !== null) variables.set(name, text.split("\n")[0] ?? "");
    }
  }
  for (const [name, value] of Object.entries(environment)) {
    if (/^DNF\d$/.test(name) && value !== undefined) variables.set(name, value);
    if (name.startsWith("DNF_VAR_") && value !== undefined) variables.set(name.slice("DNF_VAR_".length), value);
  }
  const release = variables.get("releasever");
  if (release !== undefined) {
    const [major = release, minor] = release.split(".");
    variables.set("releasever_major", major);
    if (minor !== undefined) variables.set("releasever_minor", minor);
  }
  return variables;
}

async function hostRelease(root: string): Promise<string | null> {
  const text = await readFile(join(root, "etc/os-release"), "utf8").catch(() => "");
  const field = (name: string): string => text.match(new RegExp(`^${name}=["']?([^"'\n]*)`, "m"))?.[1] ?? "";
  if (!RPM_DISTRIBUTIONS.test(`${field("ID")} ${field("ID_LIKE")}`)) return null;
  const version = field("VERSION_ID");
  if (version === "") return null;
  return /\b(rhel|centos|ol|rocky|almalinux)\b/.test(field("ID")) ? (version.split(".")[0] ?? version) : version;
}

/** Replaces `$name` and `${name}` of known variables; what is unknown stays as it is, as in dnf. */
export function expandVariables(text: string, variables: Variables): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced: string | undefined, bare: string | undefined) => {
    return variables.get(braced ?? bare ?? "") ?? variables.get((braced ?? bare ?? "").toLowerCase()) ?? whole;
  });
}

/** The names of variables that `expandVariables` would leave in place. */
export function unknownVariables(text: string): readonly string[] {
  return [...text.matchAll(/\$\{?(\w+)\}?/g)].map((match) => match[1] ?? "");
}
