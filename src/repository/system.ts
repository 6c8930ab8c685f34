/** Repositories that are configured on this system, in the files that dnf reads. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { compareText } from "../model/nevra.js";
import { parseIni, type Sections } from "./ini.js";
import { parseList } from "./options.js";

/** Where dnf looks for `.repo` files unless `reposdir` in dnf.conf says otherwise. */
const REPOSITORY_DIRECTORIES = ["etc/yum.repos.d", "etc/yum/repos.d", "etc/distro.repos.d"];

/** Options of dnf.conf's `[main]` that are also defaults of every repository. */
const INHERITED = [
  "gpgcheck",
  "repo_gpgcheck",
  "sslverify",
  "sslcacert",
  "sslclientcert",
  "sslclientkey",
  "username",
  "password",
  "proxy",
  "proxy_username",
  "proxy_password",
  "timeout",
  "retries",
];

export interface SystemRepositories {
  /** Options by repository id, those of `[main]` included where the repository has none of its own. */
  readonly options: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** The directories that were looked through, for messages. */
  readonly directories: readonly string[];
}

/**
 * Reads the repositories of dnf.conf and of every `.repo` file below `root`; as in dnf, the first of equal ids counts.
 * Files that cannot be read count as absent.
 */
export async function readSystemRepositories(root = "/"): Promise<SystemRepositories> {
  const configuration = await readSections(join(root, "etc/dnf/dnf.conf"));
  const main = configuration.get("main") ?? {};
  const { reposdir } = main;
  const directories = (reposdir === undefined ? REPOSITORY_DIRECTORIES : parseList(reposdir)).map((path) =>
    join(root, path),
  );
  const inherited = Object.fromEntries(Object.entries(main).filter(([name]) => INHERITED.includes(name)));
  const options = new Map<string, Readonly<Record<string, string>>>();
  const take = (sections: Sections): void => {
    for (const [id, section] of sections) {
      if (id !== "main" && !options.has(id)) options.set(id, { ...inherited, ...section });
    }
  };
  take(configuration);
  for (const directory of directories) {
    const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(".repo"));
    for (const name of names.sort(compareText)) take(await readSections(join(directory, name)));
  }
  return { options, directories };
}

async function readSections(path: string): Promise<Sections> {
  return parseIni(await readFile(path, "utf8").catch(() => ""));
}
