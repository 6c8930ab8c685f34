/** ldconfig(8) without arguments: links by the names that programs ask for, and the cache of libraries. */
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path/posix";
import { type Library, readLibrary } from "./elf.js";
import { matching } from "./glob.js";
import { type CacheEntry, compareNames, encodeLibraryCache } from "./library-cache.js";
import type { ToolRun } from "./tool.js";

const CACHE = "/etc/ld.so.cache";

/** The program, whose text in the cache tells of its version. */
const PROGRAMS = ["/sbin/ldconfig", "/usr/sbin/ldconfig", "/sbin/ldconfig.real"];

/** Of an ldconfig that does not tell. */
const USUAL_DIRECTORIES = ["/lib", "/lib64", "/usr/lib", "/usr/lib64"];

/** glibc's flag of a library, as its `ldconfig.h` has it: that of version 6 of the C library, and that of the machine. */
const LIBC6 = 0x0003;

interface Found {
  readonly name: string;
  readonly soname: string;
  readonly isLink: boolean;
  readonly flags: number;
  readonly osVersion: number;
}

export function runLdconfig({ say }: ToolRun): number {
  const generator = generatorOf();
  if (generator === null) {
    say("ldconfig: the cache of this version of glibc is not known here");
    return 1;
  }
  const entries: CacheEntry[] = [];
  let endianness: "little" | "big" = "little";
  for (const directory of directories(generator.directories)) {
    for (const found of librariesIn(directory)) {
      if (!found.isLink) link(directory, found);
      const { soname, flags } = found;
      // Later versions leave the kernel's out.
      const osVersion = generator.minor < 36 ? found.osVersion : 0;
      entries.push({ soname, path: `${directory}/${soname}`, flags, osVersion });
      if (flags === (LIBC6 | 0x0400)) endianness = "big";
    }
  }
  const partial = `${CACHE}~`;
  writeFileSync(partial, encodeLibraryCache(entries, generator.text, endianness), { mode: 0o644 });
  chmodSync(partial, 0o644);
  renameSync(partial, CACHE);
  return 0;
}

interface Generator {
  readonly text: string;
  /** glibc's version after "2.". */
  readonly minor: number;
  /** Where it looks beside what is configured. */
  readonly directories: readonly string[];
}

function generatorOf(): Generator | null {
  for (const program of PROGRAMS) {
    if (statSync(program, { throwIfNoEntry: false })?.isFile() !== true) continue;
    const text = readFileSync(program, "latin1");
    const found = /ldconfig [^\0\n]* release version 2\.(\d+)[^\0\n]*(?=\0)/.exec(text);
    if (found !== null) return { text: found[0], minor: Number(found[1]), directories: systemDirectories(text) };
  }
  return null;
}

/** The loader's own, one after the other. Where they are called lib64, the one for other programs comes before. */
function systemDirectories(program: string): readonly string[] {
  const list = /(?<=\0)(?:\/(?:usr\/)?lib[^\0]*\/\0){2,}/.exec(program)?.[0];
  if (list === undefined) return USUAL_DIRECTORIES;
  const names = list
    .split("\0")
    .filter((name) => name !== "")
    .map((name) => name.slice(0, -1));
  return names.flatMap((name) => (/\/lib64(\/|$)/.test(name) ? [name.replace(/\/lib64.*/, "/lib"), name] : [name]));
}

/** In the order of ld.so.conf, then the system's; a directory that has several names, by the first. */
function directories(system: readonly string[]): readonly string[] {
  const known = new Set<string>();
  return [...configured("/etc/ld.so.conf"), ...system].filter((directory) => {
    const status = statSync(Buffer.from(directory, "latin1"), { throwIfNoEntry: false });
    if (status?.isDirectory() !== true) return false;
    const key = `${status.dev}:${status.ino}`;
    const isNew = !known.has(key);
    known.add(key);
    return isNew;
  });
}

function configured(file: string, depth = 0): readonly string[] {
  if (depth > 10 || statSync(Buffer.from(file, "latin1"), { throwIfNoEntry: false })?.isFile() !== true) return [];
  const lines = readFileSync(Buffer.from(file, "latin1"), "latin1").split("\n");
  return lines.flatMap((line) => {
    const text = line.replace(/#.*/, "").trim();
    const [word = "", ...patterns] = text.split(/\s+/);
    if (word === "include") {
      const paths = patterns.map((pattern) => (pattern.startsWith("/") ? pattern : `${dirname(file)}/${pattern}`));
      return paths.flatMap(matching).flatMap((path) => configured(path, depth + 1));
    }
    if (word === "hwcap" || !text.startsWith("/")) return [];
    return [
      text
        .replace(/=libc[456]$/, "")
        .replace(/\/+/g, "/")
        .replace(/(.)\/$/, "$1"),
    ];
  });
}

/** One for each name that programs ask for. */
function librariesIn(directory: string): readonly Found[] {
  const bySoname = new Map<string, Found>();
  for (const name of readdirSync(Buffer.from(`${directory}/`, "latin1"), "latin1")) {
    const found = isLibraryName(name) ? examine(directory, name) : null;
    if (found === null) continue;
    const other = bySoname.get(found.soname);
    const better =
      other === undefined ||
      (!found.isLink && other.isLink) ||
      (found.isLink === other.isLink && compareNames(other.name, found.name) < 0);
    if (better) bySoname.set(found.soname, found);
  }
  return [...bySoname.values()];
}

function isLibraryName(name: string): boolean {
  if (!/^(?:lib|ld-|ld\.so)/.test(name) || !name.includes(".so")) return false;
  // What rpm and prelink write beside a library while they replace it, and what debuggers load.
  return !/\.#prelink#$|\.#prelink#\.\w{6}$|;[0-9a-f]{8}$|-gdb\.py$/.test(name);
}

function examine(directory: string, name: string): Found | null {
  const path = Buffer.from(`${directory}/${name}`, "latin1");
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isFile() !== true) return null;
  const library = readLibrary(`${directory}/${name}`);
  const flags = library === null ? null : flagsOf(library);
  if (library === null || flags === null) return null;
  const soname = library.soname ?? name;
  let isLink = lstatSync(path).isSymbolicLink();
  // Links for the linker are kept by their own names, and others only by the library's.
  if (isLink && name !== soname) isLink = name.endsWith(".so") && soname.startsWith(name);
  return { name, soname: isLink ? name : soname, isLink, flags, osVersion: library.osVersion };
}

function flagsOf({ machine, bits, flags }: Library): number | null {
  switch (`${machine}/${bits}`) {
    case "3/32":
      return LIBC6;
    case "62/64":
      return LIBC6 | 0x0300;
    case "22/64":
      return LIBC6 | 0x0400;
    case "21/64":
      return LIBC6 | 0x0500;
    case "40/32":
      return LIBC6 | ((flags & 0x400) !== 0 ? 0x0900 : 0x0b00);
    case "183/64":
      return LIBC6 | 0x0a00;
    case "243/64":
      return LIBC6 | ((flags & 6) === 4 ? 0x1000 : 0x0f00);
    case "258/64":
      return LIBC6 | ((flags & 7) === 3 ? 0x1200 : 0x1100);
    default:
      return null;
  }
}

/** The name that programs ask for leads to the library; what is there and is no symlink stays. */
function link(directory: string, { name, soname }: Found): void {
  if (name === soname) return;
  const path = Buffer.from(`${directory}/${soname}`, "latin1");
  const present = lstatSync(path, { throwIfNoEntry: false });
  const target = statSync(path, { throwIfNoEntry: false });
  const own = statSync(Buffer.from(`${directory}/${name}`, "latin1"));
  if (target !== undefined && target.dev === own.dev && target.ino === own.ino) return;
  if (present !== undefined && !present.isSymbolicLink()) return;
  if (present !== undefined) rmSync(path);
  symlinkSync(Buffer.from(name, "latin1"), path);
}
