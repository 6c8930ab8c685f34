/** The name by which OpenSSL looks for a certificate in a directory: X509_NAME_hash_ex(3) of its subject. */
import { createHash } from "node:crypto";

/** One element of DER (X.690): its tag, its contents, and all of its bytes. */
interface Element {
  readonly tag: number;
  readonly contents: Buffer;
  readonly bytes: Buffer;
}

const UTF8_STRING = 0x0c;
const SEQUENCE = 0x30;
const SET = 0x31;

/** By tag, the text of the string types that OpenSSL compares as texts. */
const TEXTS: Readonly<Record<number, (contents: Buffer) => string>> = {
  [UTF8_STRING]: (contents) => contents.toString(),
  // PrintableString, T61String, IA5String, VisibleString
  19: (contents) => contents.toString("latin1"),
  20: (contents) => contents.toString("latin1"),
  22: (contents) => contents.toString("latin1"),
  26: (contents) => contents.toString("latin1"),
  // UniversalString, BMPString
  28: (contents) => wide(contents, 4),
  30: (contents) => wide(contents, 2),
};

/** Eight hexadecimal digits. `der` is a certificate (RFC 5280). */
export function subjectHash(der: Buffer): string {
  const [certificate] = elementsOf(der);
  const [toBeSigned] = elementsOf(certificate?.contents);
  // The version is optional, and the only one with that tag.
  const fields = elementsOf(toBeSigned?.contents).filter(({ tag }) => tag !== 0xa0);
  const names = elementsOf(fields[4]?.contents).map(({ contents }) => canonicalName(contents));
  const hash = createHash("sha1").update(Buffer.concat(names)).digest();
  return hash.readUInt32LE(0).toString(16).padStart(8, "0");
}

/** A RelativeDistinguishedName, its texts without differences of case, spaces and string type. */
function canonicalName(contents: Buffer): Buffer {
  const attributes = elementsOf(contents).map((attribute) => {
    const [type, value] = elementsOf(attribute.contents);
    const text = value && TEXTS[value.tag]?.(value.contents);
    if (type === undefined || text === undefined) return attribute.bytes;
    const canonical = text
      .replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, "")
      .replace(/[ \t\n\v\f\r]+/g, " ")
      .replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    return encode(SEQUENCE, Buffer.concat([type.bytes, encode(UTF8_STRING, Buffer.from(canonical))]));
  });
  return encode(SET, Buffer.concat(attributes.sort(Buffer.compare)));
}

function elementsOf(bytes: Buffer = Buffer.alloc(0)): readonly Element[] {
  const elements: Element[] = [];
  for (let start = 0; start + 2 <= bytes.length; ) {
    const first = bytes.readUInt8(start + 1);
    const width = first < 0x80 ? 0 : first & 0x7f;
    const length = width === 0 ? first : bytes.readUIntBE(start + 2, width);
    const end = start + 2 + width + length;
    const contents = bytes.subarray(start + 2 + width, end);
    elements.push({ tag: bytes.readUInt8(start), contents, bytes: bytes.subarray(start, end) });
    start = end;
  }
  return elements;
}

function encode(tag: number, contents: Buffer): Buffer {
  const { length } = contents;
  const width = length < 0x80 ? 0 : Math.ceil(Math.log2(length + 1) / 8);
  const head = Buffer.alloc(2 + width);
  head.writeUInt8(tag, 0);
  head.writeUInt8(width === 0 ? length : 0x80 + width, 1);
  if (width > 0) head.writeUIntBE(length, 2, width);
  return Buffer.concat([head, contents]);
}

function wide(contents: Buffer, width: 2 | 4): string {
  const codes: number[] = [];
  for (let at = 0; at + width <= contents.length; at += width) codes.push(contents.readUIntBE(at, width));
  return width === 2 ? String.fromCharCode(...codes) : String.fromCodePoint(...codes);
}
