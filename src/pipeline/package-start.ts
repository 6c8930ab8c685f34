/** The beginning of an RPM file: its lead, its signature header, its header. */
import { open } from "node:fs/promises";

/** The lead and the signature header of nearly every package are smaller. */
const USUAL_START = 16 << 10;
/** A larger header is not read: it would be of more files than any package has. */
const LARGEST_START = 64 << 20;

const LEAD = 96;
/** A header's magic, version, and the numbers of its entries and of bytes behind them. */
const INTRODUCTION = 16;

/**
 * The bytes up to where `endOf` says, from the file at `kept` if there is one, else by `read`. What is damaged, or too
 * large, is returned as far as it was read.
 */
export async function startOfPackage(
  kept: string,
  read: (count: number) => Promise<Buffer>,
  endOf: (start: Buffer) => number,
): Promise<Buffer> {
  const take = async (count: number): Promise<Buffer> => (await startOfFile(kept, count)) ?? read(count);
  let start = await take(USUAL_START);
  for (;;) {
    const end = endOf(start);
    if (end <= start.length || end > LARGEST_START) return start;
    const more = await take(end);
    if (more.length <= start.length) return start;
    start = more;
  }
}

/** Where the signature header ends; 0 for what is too short to tell. */
export function signatureEnd(start: Buffer): number {
  return endOfHeader(start, LEAD) ?? 0;
}

/** Where the header ends, which begins at the next multiple of eight; of a short beginning, where more is known. */
export function headerEnd(start: Buffer): number {
  const begins = Math.ceil(signatureEnd(start) / 8) * 8;
  if (begins === 0) return 0;
  return endOfHeader(start, begins) ?? begins + INTRODUCTION;
}

/** Null where its introduction is not there. */
function endOfHeader(start: Buffer, at: number): number | null {
  if (start.length < at + INTRODUCTION) return null;
  return at + INTRODUCTION + start.readUInt32BE(at + 8) * 16 + start.readUInt32BE(at + 12);
}

/** Null where there is no such file. */
async function startOfFile(path: string, count: number): Promise<Buffer | null> {
  const file = await open(path).catch(() => null);
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
