/** The root's users and groups, in a process whose root directory is the root. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";

const TABLES = {
  passwd: 0o644,
  group: 0o644,
  shadow: 0o000,
  gshadow: 0o000,
} as const;

type TableName = keyof typeof TABLES;

interface Table {
  readonly lines: string[];
  changed: boolean;
}

export class SystemAccounts {
  readonly #tables: Readonly<Record<TableName, Table>>;

  constructor() {
    const read = (name: TableName): Table => ({ lines: readLines(`/etc/${name}`), changed: false });
    this.#tables = { passwd: read("passwd"), group: read("group"), shadow: read("shadow"), gshadow: read("gshadow") };
  }

  find(table: TableName, name: string): readonly string[] | undefined {
    return this.#fields(table).find(([first]) => first === name);
  }

  findId(table: "passwd" | "group", id: number): readonly string[] | undefined {
    return this.#fields(table).find((fields) => fields[2] === String(id));
  }

  /** The id of a user or group, given by name or as a number. */
  idOf(table: "passwd" | "group", name: string): number | undefined {
    if (/^\d+$/.test(name)) return Number(name);
    const id = this.find(table, name)?.[2];
    return id === undefined || !/^\d+$/.test(id) ? undefined : Number(id);
  }

  add(table: TableName, fields: readonly string[]): void {
    this.#tables[table].lines.push(fields.join(":"));
    this.#tables[table].changed = true;
  }

  /** Members are sorted by name when one is added. */
  addMember(group: string, user: string): void {
    for (const name of ["group", "gshadow"] as const) {
      const table = this.#tables[name];
      const index = table.lines.findIndex((line) => line.startsWith(`${group}:`));
      const fields = table.lines[index]?.split(":");
      if (fields === undefined) continue;
      const members = (fields[3] ?? "").split(",").filter((member) => member !== "");
      if (members.includes(user)) continue;
      fields[3] = [...members, user].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).join(",");
      table.lines[index] = fields.join(":");
      table.changed = true;
    }
  }

  /** Writes what has changed, and keeps what was there beside it, as all programs that change these files do. */
  write(): void {
    for (const name of Object.keys(TABLES) as TableName[]) {
      const { lines, changed } = this.#tables[name];
      if (changed) replace(`/etc/${name}`, lines, TABLES[name]);
    }
  }

  #fields(table: TableName): readonly (readonly string[])[] {
    return this.#tables[table].lines.map((line) => line.split(":"));
  }
}

function readLines(path: string): string[] {
  try {
    const lines = readFileSync(path, "latin1").split("\n");
    if (lines.at(-1) === "") lines.pop();
    return lines;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function replace(path: string, lines: readonly string[], mode: number): void {
  mkdirSync("/etc", { recursive: true });
  const present = lstatSync(path, { throwIfNoEntry: false });
  const partial = `${path}.rpmoci`;
  writeFileSync(partial, Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1"), { flag: "w", mode: 0o600 });
  if (present === undefined) chmodSync(partial, mode);
  else {
    const { mode: old, uid, gid, atime, mtime } = statSync(path);
    copyFileSync(path, `${path}-`);
    chownSync(`${path}-`, uid, gid);
    chmodSync(`${path}-`, old & 0o7777);
    utimesSync(`${path}-`, atime, mtime);
    chownSync(partial, uid, gid);
    chmodSync(partial, old & 0o7777);
  }
  renameSync(partial, path);
}
