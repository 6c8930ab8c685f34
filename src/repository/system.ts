/** Repositories that are configured on this system, in the files that dnf reads. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse as parseIni } from "ini";
import { compareText } from "../model/nevra.js";
import { parseList } from "./options.js";

/** Where dnf looks for `.repo` files unless `reposdir` in dnf.conf says otherwise. */
const REPOSITORY_DIRECTORIES = ["etc/yum.repos.d", "etc/yum/repos.d", "etc/distro.repos.d"];

/** Options of dnf.conf's `[main]` that are also defaults of every repository. */
const INHERITED = [
  "gpgcheck",
  "sslverify",
  "sslcacert",
  "sslclientcert",
  "sslclientkey",
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

/** Reads every `.repo` file below `root`. Files that cannot be read count as absent. */
export async function readSystemRepositories(root = "/"): Promise<SystemRepositories> {
  const main = (await readSections(join(root, "etc/dnf/dnf.conf"))).get("main") ?? {};
  const { reposdir } = main;
  const directories = (reposdir === undefined ? REPOSITORY_DIRECTORIES : parseList(reposdir)).map((path) =>
    join(root, path),
  );
  const inherited = Object.fromEntries(Object.entries(main).filter(([name]) => INHERITED.includes(name)));
  const options = new Map<string, Readonly<Record<string, string>>>();
  for (const directory of directories) {
    const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(".repo"));
    for (const name of names.sort(compareText)) {
      for (const [id, section] of await readSections(join(directory, name))) {
        if (id !== "main" && !options.has(id)) options.set(id, { ...inherited, ...section });
      }
    }
  }
  return { options, directories };
}

async function readSections(path: string): Promise<Map<string, Record<string, string>>> {
  const text = await readFile(path, "utf8").catch(() => "");
  // An indented line continues the value above it; the library knows no continuation lines.
  const joined = text.replace(/\r\n/g, "\n").replace(/\n[ \t]+(?=\S)/g, " ");
  // A dot in an id would open a nested section.
  const escaped = joined.replace(/^\[(.*)\]\s*$/gm, (_, id: string) => `[${id.replaceAll(".", "\\.")}]`);
  const sections = new Map<string, Record<string, string>>();
  for (const [id, section] of Object.entries(parseIni(escaped))) {
    if (typeof section !== "object" || section === null) continue;
    const values = Object.entries(section).map(([name, value]) => [name, String(value)] as const);
    sections.set(id, Object.fromEntries(values));
  }
  return sections;
}
