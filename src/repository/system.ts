/** Repositories that are configured on this system, in the files that dnf reads. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { compareText } from "../model/nevra.js";
import { parseIni, type Sections } from "./ini.js";
import { parseList } from "./options.js";
import { VARIABLE_DIRECTORIES } from "./variables.js";

/** Where dnf looks for `.repo` files unless `reposdir` in dnf.conf says otherwise. */
const REPOSITORY_DIRECTORIES = ["etc/yum.repos.d", "etc/yum/repos.d", "etc/distro.repos.d"];

/** Options of dnf.conf's `[main]` that are also defaults of every repository and change something here. */
const INHERITED: ReadonlySet<string> = new Set([
  "gpgcheck",
  "pkg_gpgcheck",
  "repo_gpgcheck",
  "skip_if_unavailable",
  "metadata_expire",
  "sslverify",
  "sslverifystatus",
  "sslcacert",
  "sslclientcert",
  "sslclientkey",
  "username",
  "password",
  "proxy",
  "proxy_username",
  "proxy_password",
  "proxy_auth_method",
  "proxy_sslverify",
  "proxy_sslcacert",
  "proxy_sslclientcert",
  "proxy_sslclientkey",
  "ip_resolve",
  "user_agent",
  "timeout",
  "minrate",
  "retries",
]);

/** dnf.conf, and the folders that it names or that are dnf's own; all absolute. */
export interface DnfConfiguration {
  readonly path: string;
  readonly sections: Sections;
  readonly main: Readonly<Record<string, string>>;
  readonly repositoryDirectories: readonly string[];
  readonly variableDirectories: readonly string[];
}

export interface RepositoryDefinition {
  /** Those of `[main]` are among them where the repository has none of its own. */
  readonly options: Readonly<Record<string, string>>;
  /** When its file was changed last, in milliseconds since the epoch. */
  readonly definedAt: number;
  /** Headers of every request, which only a plugin can set. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SystemRepositories {
  readonly definitions: ReadonlyMap<string, RepositoryDefinition>;
  /** The directories that were looked through, for messages. */
  readonly directories: readonly string[];
}

/** Reads dnf.conf below `root`, with which all paths begin; one that cannot be read counts as empty. */
export async function readDnfConfiguration(root: string): Promise<DnfConfiguration> {
  const path = join(root, "etc/dnf/dnf.conf");
  const sections = (await readSections(path)).sections;
  const main = sections.get("main") ?? {};
  const directories = (option: string, fallback: readonly string[]): readonly string[] =>
    (main[option] === undefined ? fallback : parseList(main[option])).map((directory) => join(root, directory));
  return {
    path,
    sections,
    main,
    repositoryDirectories: directories("reposdir", REPOSITORY_DIRECTORIES),
    variableDirectories: directories("varsdir", VARIABLE_DIRECTORIES),
  };
}

/**
 * The repositories of dnf.conf and of every `.repo` file, in the order of their paths; as in dnf, the first of equal ids
 * counts. Files that cannot be read count as absent.
 */
export async function readSystemRepositories(configuration: DnfConfiguration): Promise<SystemRepositories> {
  const { main, repositoryDirectories, path } = configuration;
  const inherited = Object.fromEntries(Object.entries(main).filter(([name]) => INHERITED.has(name)));
  const files = [path];
  const found = await Promise.all(repositoryDirectories.map((directory) => repositoryFiles(directory)));
  files.push(...found.flat().sort((a, b) => compareText(sortKey(a), sortKey(b))));
  const definitions = new Map<string, RepositoryDefinition>();
  for (const file of files) {
    const { sections, changedAt } = await readSections(file);
    for (const [id, section] of sections) {
      if (id === "main" || definitions.has(id)) continue;
      definitions.set(id, { options: { ...inherited, ...section }, definedAt: changedAt });
    }
  }
  return { definitions, directories: repositoryDirectories };
}

async function repositoryFiles(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => name.endsWith(".repo")).map((name) => join(directory, name));
}

/** dnf compares paths part by part, without the extension. */
function sortKey(path: string): string {
  return path.slice(0, -".repo".length).replaceAll(sep, "\0");
}

async function readSections(path: string): Promise<{ readonly sections: Sections; readonly changedAt: number }> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
    return { sections: parseIni(text), changedAt: mtimeMs };
  } catch {
    return { sections: new Map(), changedAt: 0 };
  }
}
