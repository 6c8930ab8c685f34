/** Reads the tar archives of Debian packages (GNU and ustar formats, as deb(5) has them). */

export interface TarMember {
  /** As stored, without `./` in front and `/` at the end; empty for the root itself. */
  readonly name: string;
  readonly type: "file" | "directory" | "symlink" | "hardlink";
  readonly mode: number;
  readonly user: string;
  readonly group: string;
  /** Seconds. */
  readonly mtime: number;
  /** What a link points to, as stored. */
  readonly target: string;
  /** A view of the archive, empty for all but files. */
  readonly content: Buffer;
}

const block = 512;
const types: Readonly<Record<string, TarMember["type"]>> = {
  "\0": "file",
  "0": "file",
  "1": "hardlink",
  "2": "symlink",
  "5": "directory",
};

/** The members in the archive's order. Throws for a member that is neither file, directory nor link. */
export function readTar(archive: Buffer): TarMember[] {
  const members: TarMember[] = [];
  let longName: string | null = null;
  let longTarget: string | null = null;
  for (let offset = 0; offset + block <= archive.length; ) {
    const header = archive.subarray(offset, offset + block);
    if (header[0] === 0) break;
    const size = number(header, 124, 12);
    const content = archive.subarray(offset + block, offset + block + size);
    offset += block + Math.ceil(size / block) * block;
    const flag = String.fromCharCode(header[156] ?? 0);
    if (flag === "L") longName = text(content, 0, size);
    else if (flag === "K") longTarget = text(content, 0, size);
    else {
      members.push(member(header, flag, content, longName, longTarget));
      longName = null;
      longTarget = null;
    }
  }
  return members;
}

function member(
  header: Buffer,
  flag: string,
  content: Buffer,
  longName: string | null,
  longTarget: string | null,
): TarMember {
  // POSIX archives have a prefix where GNU's have times.
  const prefix = text(header, 257, 6) === "ustar" ? text(header, 345, 155) : "";
  const shortName = text(header, 0, 100);
  const name = longName ?? (prefix === "" ? shortName : `${prefix}/${shortName}`);
  const type = types[flag];
  if (type === undefined) throw new Error(`the archive's member ${name} is of the type ${JSON.stringify(flag)}`);
  return {
    name: name.replace(/^\.?\/+/, "").replace(/^\.$|\/+$/g, ""),
    type,
    mode: number(header, 100, 8) & 0o7777,
    user: text(header, 265, 32),
    group: text(header, 297, 32),
    mtime: number(header, 136, 12),
    target: longTarget ?? text(header, 157, 100),
    content: type === "file" ? content : Buffer.alloc(0),
  };
}

function text(buffer: Buffer, offset: number, length: number): string {
  const field = buffer.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? field.length : end);
}

/** Octal digits, or GNU's binary form for what does not fit. */
function number(header: Buffer, offset: number, length: number): number {
  if (((header[offset] ?? 0) & 0x80) !== 0) return Number(header.readBigUInt64BE(offset + length - 8));
  return Number.parseInt(text(header, offset, length).trim() || "0", 8);
}
