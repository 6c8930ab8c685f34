/** What ldconfig reads of a shared library. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

export interface Library {
  /** `e_machine`. */
  readonly machine: number;
  readonly bits: 32 | 64;
  readonly flags: number;
  /** Null when it has none. */
  readonly soname: string | null;
  /** Of the oldest kernel that it asks for, as ld.so.cache has it; 0 when it asks for none. */
  readonly osVersion: number;
}

const [PT_LOAD, PT_DYNAMIC, PT_NOTE] = [1, 2, 4];
const [DT_STRTAB, DT_STRSZ, DT_SONAME] = [5, 10, 14];

/** More of them has no library. */
const MOST = { segments: 256, dynamic: 1 << 20, strings: 1 << 20 } as const;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Null for what is no ELF file with a dynamic section. Big files are read in parts. */
export function readLibrary(path: string): Library | null {
  const descriptor = openSync(Buffer.from(path, "latin1"), "r");
  try {
    if (!fstatSync(descriptor).isFile()) return null;
    return parse((position, length) => {
      const buffer = Buffer.alloc(length);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, length, position));
    });
  } catch (error) {
    // A damaged file has offsets that lead nowhere.
    if (error instanceof RangeError) return null;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function parse(read: (position: number, length: number) => Buffer): Library | null {
  const header = read(0, 64);
  if (header.length < 52 || header.toString("latin1", 0, 4) !== "\x7fELF") return null;
  const wide = header[4] === 2;
  const little = header[5] === 1;
  const half = (data: Buffer, at: number): number => (little ? data.readUInt16LE(at) : data.readUInt16BE(at));
  const word = (data: Buffer, at: number): number => (little ? data.readUInt32LE(at) : data.readUInt32BE(at));
  const long = (data: Buffer, at: number): number =>
    wide ? Number(little ? data.readBigUInt64LE(at) : data.readBigUInt64BE(at)) : word(data, at);
  const start = long(header, wide ? 32 : 28);
  const size = half(header, wide ? 54 : 42);
  const count = Math.min(half(header, wide ? 56 : 44), MOST.segments);
  const table = read(start, size * count);
  const segments = Array.from({ length: count }, (_, index): Segment => {
    const at = index * size;
    return {
      type: word(table, at),
      offset: long(table, at + (wide ? 8 : 4)),
      address: long(table, at + (wide ? 16 : 8)),
      size: long(table, at + (wide ? 32 : 16)),
    };
  });
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return null;
  const entries = read(dynamic.offset, Math.min(dynamic.size, MOST.dynamic));
  const width = wide ? 8 : 4;
  const values = new Map<number, number>();
  for (let at = 0; at + 2 * width <= entries.length; at += 2 * width) {
    const tag = long(entries, at);
    if (tag === 0) break;
    if (!values.has(tag)) values.set(tag, long(entries, at + width));
  }
  return {
    machine: half(header, 18),
    bits: wide ? 64 : 32,
    flags: word(header, wide ? 48 : 36),
    soname: sonameOf(values, segments, read),
    osVersion: osVersionOf(segments, read, word),
  };
}

function sonameOf(
  values: ReadonlyMap<number, number>,
  segments: readonly Segment[],
  read: (position: number, length: number) => Buffer,
): string | null {
  const [table, name] = [values.get(DT_STRTAB), values.get(DT_SONAME)];
  if (table === undefined || name === undefined) return null;
  const loaded = segments.find(
    ({ type, address, size }) => type === PT_LOAD && table >= address && table < address + size,
  );
  const offset = loaded === undefined ? table : table - loaded.address + loaded.offset;
  const length = Math.min((values.get(DT_STRSZ) ?? MOST.strings) - name, 4096);
  if (length <= 0) return null;
  const text = read(offset + name, length).toString("latin1");
  return text.slice(0, text.indexOf("\0"));
}

/** The note NT_GNU_ABI_TAG of Linux. */
function osVersionOf(
  segments: readonly Segment[],
  read: (position: number, length: number) => Buffer,
  word: (data: Buffer, at: number) => number,
): number {
  for (const { offset, size } of segments.filter(({ type }) => type === PT_NOTE)) {
    const notes = read(offset, Math.min(size, 65_536));
    for (let at = 0; at + 32 <= notes.length; ) {
      const [nameSize, dataSize, type] = [word(notes, at), word(notes, at + 4), word(notes, at + 8)];
      const data = at + 12 + Math.ceil(nameSize / 4) * 4;
      if (type === 1 && notes.toString("latin1", at + 12, at + 16) === "GNU\0" && dataSize === 16) {
        const [system, major, minor, patch] = [0, 4, 8, 12].map((index) => word(notes, data + index));
        return (
          ((system ?? 0) << 24) | (((major ?? 0) & 0xff) << 16) | (((minor ?? 0) & 0xff) << 8) | ((patch ?? 0) & 0xff)
        );
      }
      at = data + Math.ceil(dataSize / 4) * 4;
    }
  }
  return 0;
}
