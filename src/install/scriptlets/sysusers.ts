/** systemd-sysusers(8): the users and groups of sysusers.d(5). */
import { lstatSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { expandSpecifiers, linesOf, readConfiguration, splitWords } from "./configuration.js";
import { SystemAccounts } from "./system-accounts.js";
import type { ToolRun } from "./tool.js";

const SECONDS_A_DAY = 86_400;

/** Where the search for an unused id begins, unless login.defs(5) says another. */
const HIGHEST_SYSTEM_ID = 999;

interface Item {
  readonly name: string;
  readonly id: string;
  readonly description: string;
  readonly home: string;
  readonly shell: string;
}

interface Items {
  readonly users: Map<string, Item>;
  readonly groups: Map<string, Item>;
  readonly members: (readonly [user: string, group: string])[];
  /** The first that is wrong ends nothing, but fails all. */
  faults: number;
}

export function runSysusers({ arguments: args, input, now, say }: ToolRun): number {
  const inline = args.includes("--inline");
  const given = args.filter((arg) => !arg.startsWith("--"));
  const replaces = args.find((arg) => arg.startsWith("--replace="))?.slice("--replace=".length);
  let lines: readonly string[];
  try {
    lines = readConfiguration({
      directory: "sysusers.d",
      files: inline ? ["-"] : given,
      replaces,
      input: inline ? given.join("\n") : input,
    });
  } catch (error) {
    say(textOf(error));
    return 1;
  }
  const items = parse(lines, say);
  const accounts = new SystemAccounts();
  // What the program leaves behind, as it locks the files by it.
  if (lstatSync("/etc/.pwd.lock", { throwIfNoEntry: false }) === undefined) {
    writeFileSync("/etc/.pwd.lock", "", { flag: "wx", mode: 0o600 });
  }
  const maker = new Maker(accounts, String(Math.floor(now / SECONDS_A_DAY)));
  try {
    for (const item of items.groups.values()) maker.makeGroup(item);
    for (const item of items.users.values()) maker.makeUser(item, items.groups.get(item.name));
    for (const [user, group] of items.members) accounts.addMember(group, user);
    accounts.write();
  } catch (error) {
    say(textOf(error));
    return 1;
  }
  return items.faults === 0 ? 0 : 65;
}

function textOf(error: unknown): string {
  return `sysusers: ${error instanceof Error ? error.message : String(error)}`;
}

function parse(lines: readonly string[], say: ToolRun["say"]): Items {
  const items: Items = { users: new Map(), groups: new Map(), members: [], faults: 0 };
  for (const line of lines.flatMap((text) => linesOf(text))) {
    try {
      parseLine(line, items);
    } catch (error) {
      say(textOf(error));
      items.faults += 1;
    }
  }
  // Members are users and groups, if nothing else says so.
  for (const [user, group] of items.members) {
    if (!items.users.has(user)) items.users.set(user, itemOf(user));
    if (!items.groups.has(group) && !items.users.has(group)) items.groups.set(group, itemOf(group));
  }
  return items;
}

function itemOf(name: string): Item {
  return { name, id: "", description: "", home: "", shell: "" };
}

function parseLine(line: string, items: Items): void {
  const { words, rest } = splitWords(line, 6);
  const [type = "", rawName = "", id = "-", description = "-", home = "-", shell = "-"] = words;
  if (rest !== "") throw new Error(`there is more than belongs to a line: ${line}`);
  const given = (text: string): string => (text === "-" ? "" : expandSpecifiers(text));
  const name = expandSpecifiers(rawName);
  if (!/^[A-Za-z_][\w.-]{0,30}$/.test(name)) {
    // The range of ids to choose from is a machine's.
    if (type === "r") throw new Error(`ranges of ids are not known here: ${line}`);
    throw new Error(`not a name: ${line}`);
  }
  const item: Item = { name, id: given(id), description: given(description), home: given(home), shell: given(shell) };
  switch (type) {
    case "u":
    case "u!": {
      if (!items.users.has(name)) items.users.set(name, item);
      return;
    }
    case "g": {
      if (!items.groups.has(name)) items.groups.set(name, item);
      return;
    }
    case "m": {
      items.members.push([name, given(id)]);
      return;
    }
    default:
      throw new Error(`not known: ${line}`);
  }
}

class Maker {
  readonly #highest = highestSystemId();
  #nextUser = this.#highest;
  #nextGroup = this.#highest;

  constructor(
    private readonly accounts: SystemAccounts,
    /** Since the epoch. */
    private readonly day: string,
  ) {}

  /** The group's id. */
  makeGroup({ name, id }: Item, wanted: number | undefined = ownerOf(id, "gid")): number {
    const present = this.accounts.find("group", name)?.[2];
    if (present !== undefined) return Number(present);
    const gid = wanted !== undefined && this.#isFree(wanted, name, true) ? wanted : this.#freeGroup(name);
    this.accounts.add("group", [name, "x", String(gid), ""]);
    if (this.accounts.find("gshadow", name) === undefined) this.accounts.add("gshadow", [name, "!*", "", ""]);
    return gid;
  }

  makeUser(item: Item, ownGroup: Item | undefined): void {
    const { name, id, description, home, shell } = item;
    const [first = "", second] = id.split(":");
    const wanted = ownerOf(first, "uid");
    const gid = this.#groupOf(item, second, ownGroup, wanted);
    if (this.accounts.find("passwd", name) !== undefined) return;
    const uid = this.#userId(name, wanted, gid);
    const path = home === "" ? (uid === 0 ? "/root" : "/") : home;
    this.accounts.add("passwd", [name, "x", String(uid), String(gid), description, path, shell || defaultShell(uid)]);
    if (this.accounts.find("shadow", name) === undefined) {
      this.accounts.add("shadow", [name, "!*", this.day, "", "", "", "", "", ""]);
    }
  }

  #groupOf({ name }: Item, second: string | undefined, ownGroup: Item | undefined, uid: number | undefined): number {
    if (second !== undefined && !/^\d+$/.test(second)) {
      const gid = this.accounts.idOf("group", second);
      if (gid === undefined) throw new Error(`the user ${name} is to be in the group ${second}, which is not there`);
      return gid;
    }
    if (second !== undefined && this.accounts.findId("group", Number(second)) !== undefined) return Number(second);
    if (ownGroup !== undefined) return this.makeGroup(ownGroup);
    return this.makeGroup(itemOf(name), second === undefined ? uid : Number(second));
  }

  /** The one that is asked for, that of the user's group, or the highest that nobody has. */
  #userId(name: string, wanted: number | undefined, gid: number): number {
    for (const id of [wanted, gid]) if (id !== undefined && this.#isFree(id, name, false)) return id;
    for (; this.#nextUser > 0; this.#nextUser -= 1) if (this.#isFree(this.#nextUser, name, true)) return this.#nextUser;
    throw new Error(`there is no id left for the user ${name}`);
  }

  #freeGroup(name: string): number {
    for (; this.#nextGroup > 0; this.#nextGroup -= 1) {
      if (this.#isFree(this.#nextGroup, name, true)) return this.#nextGroup;
    }
    throw new Error(`there is no id left for the group ${name}`);
  }

  /** An id belongs to the user and to the group of a name. */
  #isFree(id: number, name: string, forGroup: boolean): boolean {
    const user = this.accounts.findId("passwd", id)?.[0];
    const group = this.accounts.findId("group", id)?.[0];
    return forGroup
      ? group === undefined && (user === undefined || user === name)
      : user === undefined && (group === undefined || group === name);
  }
}

/** An id as a number, or that of whoever owns a path. */
function ownerOf(id: string, field: "uid" | "gid"): number | undefined {
  if (/^\d+$/.test(id)) return Number(id);
  if (!id.startsWith("/")) return undefined;
  return statSync(id, { throwIfNoEntry: false })?.[field];
}

function highestSystemId(): number {
  try {
    const found = /^\s*SYS_UID_MAX\s+(\d+)/m.exec(readFileSync("/etc/login.defs", "latin1"))?.[1];
    return found === undefined ? HIGHEST_SYSTEM_ID : Number(found);
  } catch {
    return HIGHEST_SYSTEM_ID;
  }
}

function defaultShell(uid: number): string {
  if (uid === 0) return "/bin/sh";
  // Where the directories for programs are one, it is called by its name in that one.
  const merged = lstatSync("/usr/sbin", { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return merged ? "/usr/bin/nologin" : "/usr/sbin/nologin";
}
