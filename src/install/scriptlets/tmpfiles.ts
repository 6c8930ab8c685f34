/** systemd-tmpfiles(8) --create: the files and directories of tmpfiles.d(5). */
import {
  appendFileSync,
  chmodSync,
  cpSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path/posix";
import { expandSpecifiers, readConfiguration, splitWords } from "./configuration.js";
import { matching } from "./glob.js";
import { SystemAccounts } from "./system-accounts.js";
import type { ToolRun } from "./tool.js";

interface Item {
  readonly type: string;
  readonly modifiers: string;
  readonly path: string;
  readonly mode: Mode | null;
  readonly uid: Id | null;
  readonly gid: Id | null;
  /** Null when the line has none. */
  readonly argument: string | null;
}

/** `onlyNew`: what is there keeps its own. */
interface Mode {
  readonly bits: number;
  readonly onlyNew: boolean;
  /** Only as far as what is there has such bits. */
  readonly masked: boolean;
}

interface Id {
  readonly id: number;
  readonly onlyNew: boolean;
}

/** What only files that age or go have to do with; ACLs and attributes of files are in no layer. */
const WITHOUT_EFFECT = new Set(["x", "X", "r", "R", "h", "H", "a", "A"]);

const DIRECTORIES = new Set(["d", "D", "v", "q", "Q"]);

const KNOWN = new Set([...DIRECTORIES, "e", "f", "F", "w", "L", "C", "z", "Z", "m"]);

/** Wrong lines of configuration; systemd's exit codes for these, and for what could not be made. */
const [BAD_LINES, FAILED] = [65, 73];

/** What systemd-tmpfiles says since its version 243 where there is no /proc, as in the root of a transaction. */
const NEEDS_PROC = "is not mounted, but required for successful operation of systemd-tmpfiles";

const PROGRAMS = ["/usr/bin/systemd-tmpfiles", "/bin/systemd-tmpfiles"];

export function runTmpfiles({ arguments: args, input, say }: ToolRun): number {
  if (PROGRAMS.some(needsProc)) {
    say("systemd-tmpfiles of this root would do nothing, as it needs /proc");
    return 1;
  }
  const boot = args.includes("--boot");
  const replaces = args.find((arg) => arg.startsWith("--replace="))?.slice("--replace=".length);
  const files = args.filter((arg) => !arg.startsWith("--"));
  let lines: readonly string[];
  try {
    lines = readConfiguration({ directory: "tmpfiles.d", files, replaces, input });
  } catch (error) {
    say(messageOf(error));
    return 1;
  }
  const accounts = new SystemAccounts();
  let status = 0;
  const items: Item[] = [];
  for (const line of lines) {
    try {
      const item = parseLine(line, accounts);
      if (item !== null && (boot || !item.modifiers.includes("!"))) items.push(item);
    } catch (error) {
      say(messageOf(error));
      status = BAD_LINES;
    }
  }
  for (const item of inOrder(items)) {
    try {
      make(item);
    } catch (error) {
      if (item.modifiers.includes("-")) continue;
      say(messageOf(error));
      status ||= FAILED;
    }
  }
  return status;
}

function needsProc(program: string): boolean {
  if (statSync(program, { throwIfNoEntry: false })?.isFile() !== true) return false;
  return readFileSync(program).includes(NEEDS_PROC);
}

function messageOf(error: unknown): string {
  return `tmpfiles: ${error instanceof Error ? error.message : String(error)}`;
}

/** These change what is there, by patterns. */
const CHANGES = new Set(["e", "w", "z", "Z", "m"]);

/** Of several lines that say what a path is, the first counts. */
const OWNING = new Set([...DIRECTORIES, "e", "f", "F", "w", "L", "C"]);

/**
 * What is made comes before what is changed, and lines for a path after those for the nearest path that leads there;
 * apart from that, the order of the lines counts.
 */
function inOrder(items: readonly Item[]): readonly Item[] {
  const made = byPath(items.filter(({ type }) => !CHANGES.has(type)));
  const changed = byPath(items.filter(({ type }) => CHANGES.has(type)));
  const done = new Set<readonly Item[]>();
  const ordered: Item[] = [];
  const add = (path: string, lines: readonly Item[]): void => {
    if (done.has(lines)) return;
    done.add(lines);
    for (let parent = dirname(path); parent !== "/"; parent = dirname(parent)) {
      const above = made.get(parent) ?? changed.get(parent);
      if (above === undefined) continue;
      add(parent, above);
      break;
    }
    ordered.push(...lines);
  };
  for (const table of [made, changed]) for (const [path, lines] of table) add(path, lines);
  return ordered;
}

function byPath(items: readonly Item[]): ReadonlyMap<string, readonly Item[]> {
  const table = new Map<string, Item[]>();
  for (const item of items) {
    const lines = table.get(item.path) ?? [];
    const repeats =
      OWNING.has(item.type) && !item.modifiers.includes("+") && lines.some(({ type }) => OWNING.has(type));
    if (!repeats) table.set(item.path, [...lines, item]);
  }
  const rank = ({ type }: Item): number => (OWNING.has(type) ? 0 : type.charCodeAt(0));
  for (const lines of table.values()) lines.sort((a, b) => rank(a) - rank(b));
  return table;
}

function parseLine(line: string, accounts: SystemAccounts): Item | null {
  const { words, rest } = splitWords(line, 6);
  const [action = "", rawPath = "", mode = "-", user = "-", group = "-"] = words;
  const type = action.slice(0, 1);
  const modifiers = action.slice(1);
  if (WITHOUT_EFFECT.has(type)) return null;
  if (!KNOWN.has(type) || /[^+!=-]/.test(modifiers)) throw new Error(`this line cannot be done here: ${line}`);
  const path = expandSpecifiers(rawPath)
    .replace(/\/{2,}/g, "/")
    .replace(/(.)\/$/, "$1");
  if (!path.startsWith("/") || path.split("/").includes("..")) throw new Error(`not an absolute path: ${line}`);
  const argument = rest === "" || rest === "-" ? null : unescaped(expandSpecifiers(rest));
  return {
    type,
    modifiers,
    path,
    mode: parseMode(mode, line),
    uid: parseId("passwd", user, accounts),
    gid: parseId("group", group, accounts),
    argument,
  };
}

function parseMode(text: string, line: string): Mode | null {
  if (text === "-") return null;
  const [, marks = "", digits = ""] = /^([~:]*)([0-7]{1,5})$/.exec(text) ?? [];
  if (digits === "") throw new Error(`not a mode: ${line}`);
  return { bits: Number.parseInt(digits, 8), onlyNew: marks.includes(":"), masked: marks.includes("~") };
}

function parseId(table: "passwd" | "group", text: string, accounts: SystemAccounts): Id | null {
  if (text === "-") return null;
  const name = expandSpecifiers(text.replace(/^:/, ""));
  // Root is known without any files.
  const id = name === "root" ? 0 : accounts.idOf(table, name);
  if (id === undefined) throw new Error(`the root has no ${table === "group" ? "group" : "user"} ${name}`);
  return { id, onlyNew: text.startsWith(":") };
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "'": "'", s: " " };

/** As in C; other escapes than these are not known here. */
function unescaped(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|[0-7]{3}|.)/g, (whole, code: string) => {
    const known = ESCAPES[code];
    if (known !== undefined) return known;
    if (/^x../.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]{3}$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    throw new Error(`the escape ${whole} is not known here`);
  });
}

function make(item: Item): void {
  const { type, path } = item;
  if (DIRECTORIES.has(type)) makeDirectory(item);
  else if (type === "f" || type === "F") makeFile(item);
  else if (type === "L") makeSymlink(item);
  else if (type === "C") copy(item);
  else {
    for (const found of matching(path)) {
      if (type === "w") writeInto(found, item);
      else if (type === "Z") walk(found, (inner) => setPermissions(inner, item, false));
      else if (type !== "e" || isDirectory(found)) setPermissions(found, item, false);
    }
  }
}

function writeInto(path: string, { argument, modifiers }: Item): void {
  const contents = bytesOf(argument ?? "");
  if (modifiers.includes("+")) appendFileSync(hostOf(path), contents);
  else writeFileSync(hostOf(path), contents, { flag: "r+" });
}

function makeDirectory(item: Item): void {
  makeParents(item.path);
  const present = lstatSync(hostOf(item.path), { throwIfNoEntry: false });
  if (present !== undefined && !isDirectory(item.path)) throw new Error(`${item.path} is not a directory`);
  if (present === undefined) mkdirSync(hostOf(item.path), { mode: 0o755 });
  setPermissions(item.path, item, present === undefined);
}

function makeFile(item: Item): void {
  const { path, argument, type, modifiers } = item;
  makeParents(path);
  const present = lstatSync(hostOf(path), { throwIfNoEntry: false });
  if (present !== undefined && !present.isFile()) throw new Error(`${path} is not a regular file`);
  const truncates = type === "F" || modifiers.includes("+");
  if (present === undefined || truncates) writeFileSync(hostOf(path), bytesOf(argument ?? ""), { mode: 0o644 });
  setPermissions(path, item, present === undefined);
}

function makeSymlink({ path, argument, modifiers }: Item): void {
  const target = argument ?? `/usr/share/factory${path}`;
  makeParents(path);
  const present = lstatSync(hostOf(path), { throwIfNoEntry: false });
  if (present !== undefined) {
    const same = present.isSymbolicLink() && readlinkSync(hostOf(path), "latin1") === target;
    if (same || !modifiers.includes("+")) return;
    rmSync(hostOf(path), { recursive: true });
  }
  symlinkSync(bytesOf(target), hostOf(path));
}

/** What is there already, but for an empty directory, stays. */
function copy(item: Item): void {
  const source = item.argument ?? `/usr/share/factory${item.path}`;
  if (lstatSync(hostOf(source), { throwIfNoEntry: false }) === undefined) return;
  makeParents(item.path);
  const present = lstatSync(hostOf(item.path), { throwIfNoEntry: false });
  const empty = present?.isDirectory() === true && readdirSync(hostOf(item.path)).length === 0;
  if (present === undefined || empty) {
    cpSync(source, item.path, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    walk(source, (inner) => {
      const status = lstatSync(hostOf(inner));
      const made = hostOf(`${item.path}${inner.slice(source.length)}`);
      lchownSync(made, status.uid, status.gid);
      if (!status.isSymbolicLink()) chmodSync(made, status.mode & 0o7777);
    });
  }
  setPermissions(item.path, item, present === undefined);
}

function makeParents(path: string): void {
  const parent = dirname(path);
  if (lstatSync(hostOf(parent), { throwIfNoEntry: false }) !== undefined) return;
  makeParents(parent);
  mkdirSync(hostOf(parent), { mode: 0o755 });
}

/** Of symlinks, only the owner. */
function setPermissions(path: string, { mode, uid, gid, type }: Item, isNew: boolean): void {
  const host = hostOf(path);
  const status = lstatSync(host);
  const applies = (value: { readonly onlyNew: boolean } | null): boolean => value !== null && (isNew || !value.onlyNew);
  if (applies(uid) || applies(gid)) {
    lchownSync(host, applies(uid) ? (uid?.id ?? 0) : status.uid, applies(gid) ? (gid?.id ?? 0) : status.gid);
  }
  if (mode === null || !applies(mode) || status.isSymbolicLink()) return;
  chmodSync(host, mode.masked || type === "Z" ? maskedMode(mode, status.mode, status.isDirectory()) : mode.bits);
}

/** Bits to execute and to write stay away where there are none; those of directories to enter them stay. */
function maskedMode({ bits, masked }: Mode, present: number, directory: boolean): number {
  if (!masked) return bits;
  let mode = bits;
  if ((present & 0o111) === 0) mode &= ~0o111;
  if ((present & 0o222) === 0) mode &= ~0o222;
  if ((present & 0o444) === 0) mode &= ~0o444;
  if (!directory) mode &= ~0o7000;
  return mode;
}

function walk(path: string, visit: (path: string) => void): void {
  visit(path);
  if (lstatSync(hostOf(path)).isDirectory()) {
    for (const name of readdirSync(hostOf(path), "latin1")) walk(`${path}/${name}`, visit);
  }
}

function isDirectory(path: string): boolean {
  return statSync(hostOf(path), { throwIfNoEntry: false })?.isDirectory() === true;
}

function hostOf(path: string): Buffer {
  return bytesOf(path);
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
