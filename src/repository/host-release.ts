/** The release of this system's distribution, as dnf finds it out for `$releasever`. */
import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { osReleaseField } from "../model/os-release.js";

/** What release packages provide; the first that somebody provides counts. */
const RELEASE_CAPABILITIES = [
  "system-release(releasever)",
  "system-release",
  "distribution-release(releasever)",
  "distribution-release",
  "redhat-release",
  "suse-release",
];

/** Distributions whose release packages carry VERSION_ID's first number, or all of it, as `$releasever`. */
const RPM_DISTRIBUTIONS = /\b(fedora|rhel|centos|azurelinux|mariner|amzn|opensuse|suse|ol|rocky|almalinux)\b/;

/** A line with name and version of a package, then one for each of what it provides. */
const QUERY_FORMAT = "%{NAME}\\t%{VERSION}\\n[\\t%{PROVIDENAME}\\t%{PROVIDEFLAGS:depflags}\\t%{PROVIDEVERSION}\\n]";

/** The variables by name; none on systems of another kind of packages. */
export async function hostRelease(root: string, environment: NodeJS.ProcessEnv): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(root, "etc/os-release"), "utf8").catch(() => "");
  const field = (name: string): string => osReleaseField(text, name);
  if (!RPM_DISTRIBUTIONS.test(`${field("ID")} ${field("ID_LIKE")}`)) return new Map();
  const provided = await queryRelease(root, environment);
  if (provided !== null) return provided;
  const version = field("VERSION_ID");
  if (version === "") return new Map();
  const major = /\b(rhel|centos|ol|rocky|almalinux)\b/.test(field("ID"));
  return new Map([["releasever", major ? (version.split(".")[0] ?? version) : version]]);
}

/** Null when the rpm database does not tell. */
async function queryRelease(root: string, environment: NodeJS.ProcessEnv): Promise<ReadonlyMap<string, string> | null> {
  const database = root === "/" ? [] : ["--dbpath", await databaseBelow(root)];
  const args = [...database, "--query", "--queryformat", QUERY_FORMAT, "--whatprovides", ...RELEASE_CAPABILITIES];
  // It ends with an error, too, when nobody provides some of them; what it prints of these fits no rule.
  const { stdout } = await promisify(execFile)("rpm", args, { env: { ...environment, LC_ALL: "C.UTF-8" } }).catch(
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? "" }),
  );
  return parseRelease(stdout);
}

async function databaseBelow(root: string): Promise<string> {
  const [sysimage, traditional] = [join(root, "usr/lib/sysimage/rpm"), join(root, "var/lib/rpm")];
  return (await stat(sysimage).catch(() => null)) === null ? traditional : sysimage;
}

interface ReleasePackage {
  readonly name: string;
  readonly version: string;
  /** The version that each capability has. */
  readonly provides: Map<string, string>;
}

function parseRelease(output: string): ReadonlyMap<string, string> | null {
  const packages: ReleasePackage[] = [];
  for (const line of output.split("\n")) {
    const [name = "", second = "", third = "", fourth = ""] = line.split("\t");
    if (name !== "" && second !== "") packages.push({ name, version: second, provides: new Map() });
    else if (name === "" && second !== "") packages.at(-1)?.provides.set(second, third.trim() === "=" ? fourth : "");
  }
  for (const capability of RELEASE_CAPABILITIES) {
    const found = packages.find(({ provides }) => provides.has(capability));
    if (found === undefined) continue;
    const { name, version, provides } = found;
    const release = name === capability ? version : provides.get(capability) || version;
    const variables = new Map([["releasever", release]]);
    for (const part of ["releasever_major", "releasever_minor"]) {
      const value = provides.get(`system-release(${part})`);
      if (value !== undefined && value !== "") variables.set(part, value);
    }
    return variables;
  }
  return null;
}
