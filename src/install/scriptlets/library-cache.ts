/** The bytes of /etc/ld.so.cache, in the format of glibc since 2.33 (its `dl-cache.h`). */

export interface CacheEntry {
  readonly soname: string;
  readonly path: string;
  /** Of the library's kind. */
  readonly flags: number;
  readonly osVersion: number;
}

const MAGIC = "glibc-ld.so.cache1.1";
const [HEADER, ENTRY] = [48, 24];
const EXTENSION_MAGIC = 0xeaa42174;

/** `entries` in the order in which they were found; of equal ones, the first is used. `generator` is glibc's own text. */
export function encodeLibraryCache(
  entries: readonly CacheEntry[],
  generator: string,
  endianness: "little" | "big",
): Buffer {
  const little = endianness === "little";
  const sorted = entries
    .map((entry, index) => ({ entry, index }))
    .sort((a, b) => compare(a.entry, b.entry) || a.index - b.index);
  const { offsets, bytes } = stringTable(entries.flatMap(({ soname, path }) => [soname, path]));
  const stringsAt = HEADER + ENTRY * entries.length;
  const extensionAt = Math.ceil((stringsAt + bytes.length) / 4) * 4;
  const generatorAt = extensionAt + 8 + 16;
  const cache = Buffer.alloc(generatorAt + generator.length);
  const word = (value: number, at: number): unknown =>
    little ? cache.writeUInt32LE(value, at) : cache.writeUInt32BE(value, at);
  cache.write(MAGIC, "latin1");
  word(entries.length, 20);
  word(bytes.length, 24);
  // Which end comes first.
  cache.writeUInt8(little ? 2 : 3, 28);
  word(extensionAt, 32);
  for (const [index, { entry }] of sorted.entries()) {
    const at = HEADER + ENTRY * index;
    word(entry.flags, at);
    word(stringsAt + (offsets.get(entry.soname) ?? 0), at + 4);
    word(stringsAt + (offsets.get(entry.path) ?? 0), at + 8);
    word(entry.osVersion, at + 12);
  }
  bytes.copy(cache, stringsAt);
  // One section: the program that wrote it.
  for (const [index, value] of [EXTENSION_MAGIC, 1, 0, 0, generatorAt, generator.length].entries()) {
    word(value, extensionAt + 4 * index);
  }
  cache.write(generator, generatorAt, "latin1");
  return cache;
}

/** The last first, so that the loader's search ends soon. */
function compare(a: CacheEntry, b: CacheEntry): number {
  return compareNames(b.soname, a.soname) || b.flags - a.flags || b.osVersion - a.osVersion;
}

/** Digits as numbers, which come after all else. */
export function compareNames(a: string, b: string): number {
  const isDigit = (character: string | undefined): boolean => character !== undefined && /\d/.test(character);
  let [left, right] = [0, 0];
  while (left < a.length) {
    const [first, second] = [a[left], b[right]];
    if (isDigit(first) && isDigit(second)) {
      const [x = "", y = ""] = [/^\d+/.exec(a.slice(left))?.[0], /^\d+/.exec(b.slice(right))?.[0]];
      if (Number(x) !== Number(y)) return Number(x) - Number(y);
      left += x.length;
      right += y.length;
    } else if (isDigit(first)) return 1;
    else if (isDigit(second)) return -1;
    else if (first !== second) return code(a, left) - code(b, right);
    else {
      left += 1;
      right += 1;
    }
  }
  return -code(b, right);
}

function code(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : 0;
}

/** Each text once, and one that another ends with in that one. */
function stringTable(texts: readonly string[]): {
  readonly offsets: ReadonlyMap<string, number>;
  readonly bytes: Buffer;
} {
  const sorted = [...new Set(texts)].sort(compareFromTheEnd);
  const offsets = new Map<string, number>();
  const parts: string[] = [];
  let length = 0;
  let previous = "";
  for (const text of sorted) {
    if (previous !== "" && previous.endsWith(text)) {
      offsets.set(text, (offsets.get(previous) ?? 0) + previous.length - text.length);
    } else {
      offsets.set(text, length);
      parts.push(`${text}\0`);
      length += text.length + 1;
    }
    previous = text;
  }
  return { offsets, bytes: Buffer.from(parts.join(""), "latin1") };
}

/** Descending; longer texts before those that they end with. */
function compareFromTheEnd(a: string, b: string): number {
  for (let back = 1; back <= Math.min(a.length, b.length); back += 1) {
    const difference = b.charCodeAt(b.length - back) - a.charCodeAt(a.length - back);
    if (difference !== 0) return difference;
  }
  return b.length - a.length;
}
