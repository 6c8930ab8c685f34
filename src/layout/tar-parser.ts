/**
 * Reads tar archives (POSIX.1-2001 pax, ustar, and GNU's long names) as they come. Names and extended attributes are
 * bytes, of which the libraries for tar make UTF-8; here each byte is a character.
 */
import type { FileType } from "../model/image-tree.js";

export interface TarEntry {
  /** As it is written. */
  readonly name: string;
  readonly type: FileType | "hardlink";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of contents that follow. */
  readonly size: number;
  /** Seconds since the epoch, and what is beyond them in nanoseconds. */
  readonly mtime: number;
  readonly nanoseconds: number;
  readonly linkName: string;
  /** `major:minor`; empty for all but devices. */
  readonly device: string;
  /** By name. */
  readonly xattrs: ReadonlyMap<string, string>;
}

/** Takes an entry's contents piece by piece. */
export type ContentSink = (bytes: Buffer) => void;

/** Thrown with the reason, for what is no archive, or has entries that are not known. */
export class InvalidArchive extends Error {}

const BLOCK = 512;

/** Bytes of a pax header or a long name; extended attributes of an entry may have 1 MiB. */
const LONGEST_HEADER = 2 << 20;

const TYPES: Readonly<Record<string, TarEntry["type"]>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};

const XATTR = "SCHILY.xattr.";

export class TarParser {
  readonly #onEntry: (entry: TarEntry) => ContentSink | null;
  #sink: ContentSink | null = null;
  /** Bytes of contents, and then of padding, that are still to come. */
  #contents = 0;
  #padding = 0;
  /** Of a header, as far as it came. */
  readonly #header = Buffer.alloc(BLOCK);
  #filled = 0;
  #global = new Map<string, string>();
  #extended = new Map<string, string>();
  #ended = false;

  /** `onEntry` says where the contents of each entry go; null to leave them out. */
  constructor(onEntry: (entry: TarEntry) => ContentSink | null) {
    this.#onEntry = onEntry;
  }

  /** Throws `InvalidArchive`. */
  push(chunk: Buffer): void {
    for (let position = 0; position < chunk.length && !this.#ended; ) {
      if (this.#contents > 0) {
        const length = Math.min(this.#contents, chunk.length - position);
        this.#sink?.(chunk.subarray(position, position + length));
        this.#contents -= length;
        position += length;
      } else if (this.#padding > 0) {
        const length = Math.min(this.#padding, chunk.length - position);
        this.#padding -= length;
        position += length;
      } else {
        const length = Math.min(BLOCK - this.#filled, chunk.length - position);
        chunk.copy(this.#header, this.#filled, position, position + length);
        this.#filled += length;
        position += length;
      }
      if (this.#filled === BLOCK) this.#readHeader();
    }
  }

  /** The caller leaves out what it need not read: the contents of the entry that was told last, up to the next header. */
  skipContents(): void {
    this.#contents = 0;
    this.#padding = 0;
  }

  /** Whether the blocks came that end an archive. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Throws `InvalidArchive` unless the archive ended where one may. */
  end(): void {
    if (this.#contents + this.#padding + this.#filled > 0) throw new InvalidArchive("the archive ends too early");
  }

  #readHeader(): void {
    this.#filled = 0;
    const header = this.#header;
    // What follows a block of zeros is no part of the archive.
    if (header.every((byte) => byte === 0)) {
      this.#ended = true;
      return;
    }
    if (number(header, 148, 8) !== checksum(header)) throw new InvalidArchive("it is not a tar archive, or damaged");
    const flag = String.fromCharCode(header[156] ?? 0);
    const size = number(header, 124, 12);
    if (size < 0) throw new InvalidArchive("a size in a header is negative");
    if (flag === "x" || flag === "g") {
      this.#collect(size, (text) => {
        const records = paxRecords(text);
        if (flag === "x") this.#extended = records;
        else this.#global = new Map([...this.#global, ...records]);
      });
    } else if (flag === "L" || flag === "K") {
      this.#collect(size, (text) => {
        this.#extended.set(flag === "L" ? "path" : "linkpath", text.replace(/\0[\s\S]*$/, ""));
      });
    } else {
      this.#readEntry(header, flag, size);
    }
  }

  #readEntry(header: Buffer, flag: string, ownSize: number): void {
    const attributes = new Map([...this.#global, ...this.#extended]);
    this.#extended = new Map();
    const decimal = (key: string, offset: number, length: number): number => {
      const text = attributes.get(key);
      return text === undefined ? number(header, offset, length) : wholeNumber(text);
    };
    const ownName = nameOf(header);
    const name = attributes.get("path") ?? ownName;
    const type = TYPES[flag];
    if (type === undefined || attributes.has("GNU.sparse.major") || attributes.has("GNU.sparse.map")) {
      throw new InvalidArchive(`entries such as ${JSON.stringify(name)} (type ${JSON.stringify(flag)}) are not known`);
    }
    const size = attributes.has("size") ? decimal("size", 0, 0) : ownSize;
    // A hard link to a file may tell the file's size, and has no contents all the same.
    const contents = type === "file" ? size : 0;
    const time = attributes.get("mtime");
    const { seconds, nanoseconds } =
      time === undefined ? { seconds: number(header, 136, 12), nanoseconds: 0 } : timeOf(time);
    const isDevice = type === "character" || type === "block";
    this.#sink = this.#onEntry({
      name,
      // Before ustar, a slash at the end was all that told a directory.
      type: type === "file" && name.endsWith("/") ? "directory" : type,
      mode: number(header, 100, 8) & 0o7777,
      uid: decimal("uid", 108, 8),
      gid: decimal("gid", 116, 8),
      size: contents,
      mtime: seconds,
      nanoseconds,
      linkName: attributes.get("linkpath") ?? text(header, 157, 100),
      device: isDevice ? `${number(header, 329, 8)}:${number(header, 337, 8)}` : "",
      xattrs: xattrsOf(attributes),
    });
    this.#expect(contents);
  }

  /** Bytes up to the end of a block follow the contents. */
  #expect(size: number): void {
    this.#contents = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
  }

  #collect(size: number, use: (text: string) => void): void {
    if (size > LONGEST_HEADER) throw new InvalidArchive(`a header of ${size} bytes is too long`);
    let collected = "";
    this.#sink = (bytes) => {
      collected += bytes.toString("latin1");
      if (collected.length === size) use(collected);
    };
    this.#expect(size);
  }
}

function checksum(header: Buffer): number {
  let sum = 8 * 0x20;
  for (let index = 0; index < BLOCK; index += 1) {
    if (index < 148 || index >= 156) sum += header[index] ?? 0;
  }
  return sum;
}

/** Octal digits, or, with the first bit set, a binary number in two's complement (GNU). */
function number(header: Buffer, offset: number, length: number): number {
  const field = header.subarray(offset, offset + length);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    const value = Number(BigInt.asIntN(8 * length - 1, BigInt(`0x${field.toString("hex")}`)));
    if (Number.isSafeInteger(value)) return value;
    throw new InvalidArchive("a number in a header is too large");
  }
  const digits = field.toString("latin1").replace(/^[ \0]+|[ \0][\s\S]*$/g, "");
  if (!/^[0-7]*$/.test(digits)) throw new InvalidArchive("it is not a tar archive, or damaged");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

/** A decimal number that may have a fraction, of which a double has not all digits, or a sign; 0 for what is none. */
function timeOf(text: string): { readonly seconds: number; readonly nanoseconds: number } {
  const [, sign = "", digits = "0", fraction = ""] = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text) ?? [];
  const [whole, part] = [Number(digits), Number(fraction.slice(0, 9).padEnd(9, "0"))];
  if (sign === "") return { seconds: whole, nanoseconds: part };
  return part === 0 ? { seconds: -whole || 0, nanoseconds: 0 } : { seconds: -whole - 1, nanoseconds: 1e9 - part };
}

function wholeNumber(digits: string): number {
  const value = Number(digits);
  if (/^\d+$/.test(digits) && Number.isSafeInteger(value)) return value;
  throw new InvalidArchive(`a pax header has ${JSON.stringify(digits)} for a number`);
}

function text(header: Buffer, offset: number, length: number): string {
  return header
    .subarray(offset, offset + length)
    .toString("latin1")
    .replace(/\0[\s\S]*$/, "");
}

function nameOf(header: Buffer): string {
  const name = text(header, 0, 100);
  // GNU's own format has times where ustar has the prefix.
  const prefix = header.toString("latin1", 257, 263) === "ustar\0" ? text(header, 345, 155) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** `LENGTH KEY=VALUE\n`, one after the other (pax, "pax Header Block"). */
function paxRecords(whole: string): Map<string, string> {
  const records = new Map<string, string>();
  for (let position = 0; position < whole.length; ) {
    const [, digits = ""] = /^(\d+) /.exec(whole.slice(position, position + 20)) ?? [];
    const end = position + Number(digits);
    const record = whole.slice(position + digits.length + 1, end);
    const equals = record.indexOf("=");
    if (digits === "" || end > whole.length || !record.endsWith("\n") || equals <= 0) {
      throw new InvalidArchive("a pax header is damaged");
    }
    records.set(record.slice(0, equals), record.slice(equals + 1, -1));
    position = end;
  }
  return records;
}

function xattrsOf(attributes: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const found = [...attributes].filter(([key]) => key.startsWith(XATTR));
  return new Map(found.map(([key, value]) => [key.slice(XATTR.length), value]));
}
