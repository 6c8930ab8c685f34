/** The configuration that systemd's programs read: sysusers.d(5), tmpfiles.d(5). */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path/posix";

export interface ConfigurationRequest {
  /** `sysusers.d` or `tmpfiles.d`. */
  readonly directory: string;
  /** Paths, names in the directories, or `-`; none for all that there is. */
  readonly files: readonly string[];
  /** `files` stand in for this one, among all. */
  readonly replaces: string | undefined;
  /** What `-` stands for. */
  readonly input: string;
}

/** In their order: the first that has a name wins. */
const PARENTS = ["/etc", "/run", "/usr/local/lib", "/usr/lib"];

/** Lines without comments and empty ones. Throws what the file system says about a file that is asked for. */
export function readConfiguration({ directory, files, replaces, input }: ConfigurationRequest): readonly string[] {
  const directories = PARENTS.map((parent) => `${parent}/${directory}`);
  const given = (): readonly string[] =>
    files.flatMap((file) => (file === "-" ? linesOf(input) : linesOf(readNamed(directories, file))));
  if (files.length > 0 && replaces === undefined) return given();
  const found = new Map<string, string>();
  for (const folder of directories) {
    for (const name of namesIn(folder)) if (name.endsWith(".conf") && !found.has(name)) found.set(name, folder);
  }
  if (replaces !== undefined) {
    const name = basename(replaces);
    const rank = (folder: string): number => directories.indexOf(folder);
    const other = found.get(name);
    // One of a directory that comes first still wins.
    if (other === undefined || rank(other) >= rank(dirname(replaces))) found.set(name, "");
  }
  const names = [...found.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return names.flatMap((name) => {
    const folder = found.get(name);
    return folder === "" ? given() : linesOf(readFileSync(`${folder}/${name}`, "latin1"));
  });
}

function readNamed(directories: readonly string[], file: string): string {
  if (file.startsWith("/")) return readFileSync(file, "latin1");
  for (const directory of directories) {
    try {
      return readFileSync(`${directory}/${file}`, "latin1");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  throw new Error(`there is no ${file} in ${directories.join(", ")}`);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory, "latin1");
  } catch {
    return [];
  }
}

/** Byte strings. */
export function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/**
 * The first words of a line, without their quotes, and what follows the last of them as it stands. Throws for quotes that
 * do not end.
 */
export function splitWords(line: string, limit: number): { readonly words: readonly string[]; readonly rest: string } {
  const words: string[] = [];
  let at = 0;
  while (words.length < limit) {
    while (/\s/.test(line[at] ?? "")) at += 1;
    if (at >= line.length) break;
    let word = "";
    while (at < line.length && !/\s/.test(line[at] ?? "")) {
      const character = line[at] ?? "";
      if (character === "'" || character === '"') {
        const end = line.indexOf(character, at + 1);
        if (end < 0) throw new Error(`a quote does not end: ${line}`);
        word += line.slice(at + 1, end);
        at = end + 1;
      } else {
        word += character;
        at += 1;
      }
    }
    words.push(word);
  }
  return { words, rest: line.slice(at).trim() };
}

/** Directories that specifiers stand for; the others tell of a machine, which an image has not. */
const SPECIFIERS: Readonly<Record<string, string>> = {
  "%": "%",
  C: "/var/cache",
  L: "/var/log",
  S: "/var/lib",
  t: "/run",
  T: "/tmp",
  V: "/var/tmp",
};

/** Throws for a specifier of the machine or its user. */
export function expandSpecifiers(text: string): string {
  return text.replace(/%(.?)/g, (whole, letter: string) => {
    const value = SPECIFIERS[letter];
    if (value === undefined) throw new Error(`the specifier ${whole} has no value here`);
    return value;
  });
}
