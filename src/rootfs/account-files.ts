/** The root's users and groups: passwd(5), group(5), shadow(5) and gshadow(5). */
import { lstat, readFile } from "node:fs/promises";
import { type FileOwner, replaceFile } from "./change.js";
import type { Root } from "./root.js";

const FILES = {
  passwd: { path: "/etc/passwd", mode: 0o644 },
  group: { path: "/etc/group", mode: 0o644 },
  // As Fedora has them: root reads them by its capability.
  shadow: { path: "/etc/shadow", mode: 0o000 },
  gshadow: { path: "/etc/gshadow", mode: 0o000 },
} as const;

type FileName = keyof typeof FILES;

/** A line's fields, as byte strings. Lines of other shapes stay as they are. */
export type Entry = string[];

/** A table with a key in the first field of its lines. */
interface Table {
  /** Inside the root, without symlinks. */
  readonly path: string;
  readonly owner: FileOwner;
  readonly entries: Entry[];
  changed: boolean;
}

export class AccountFiles {
  private constructor(
    private readonly root: Root,
    private readonly tables: Readonly<Record<FileName, Table>>,
  ) {}

  /** Files that are not there count as empty. */
  static async read(root: Root): Promise<AccountFiles> {
    const [passwd, group, shadow, gshadow] = await Promise.all([
      readTable(root, "passwd"),
      readTable(root, "group"),
      readTable(root, "shadow"),
      readTable(root, "gshadow"),
    ]);
    return new AccountFiles(root, { passwd, group, shadow, gshadow });
  }

  find(file: FileName, name: string): Entry | undefined {
    return this.tables[file].entries.find(([first]) => first === name);
  }

  /** By the numeric id, which both passwd and group have in the third field. */
  findId(file: "passwd" | "group", id: number): Entry | undefined {
    return this.tables[file].entries.find((entry) => entry[2] === String(id));
  }

  add(file: FileName, entry: Entry): void {
    this.tables[file].entries.push(entry);
    this.tables[file].changed = true;
  }

  /** Adds a user to the last field of a group's lines, unless it is there. */
  addMember(group: string, user: string): void {
    for (const file of ["group", "gshadow"] as const) {
      const entry = this.find(file, group);
      const members = entry?.[3]?.split(",").filter((name) => name !== "") ?? [];
      if (entry === undefined || members.includes(user)) continue;
      entry[3] = [...members, user].join(",");
      this.tables[file].changed = true;
    }
  }

  /** Writes what has changed. */
  async write(): Promise<void> {
    for (const { path, owner, entries, changed } of Object.values(this.tables)) {
      if (!changed) continue;
      const text = entries.map((entry) => `${entry.join(":")}\n`).join("");
      await replaceFile(this.root, path, Buffer.from(text, "latin1"), owner);
    }
  }
}

async function readTable(root: Root, name: FileName): Promise<Table> {
  const { mode } = FILES[name];
  const path = await root.resolve(FILES[name].path, "follow");
  const status = await lstat(root.host(path)).catch(() => null);
  if (status === null) return { path, owner: { mode, uid: 0, gid: 0 }, entries: [], changed: false };
  const lines = (await readFile(root.host(path), "latin1")).split("\n");
  if (lines.at(-1) === "") lines.pop();
  const owner = { mode: status.mode & 0o7777, uid: status.uid, gid: status.gid };
  return { path, owner, entries: lines.map((line) => line.split(":")), changed: false };
}
