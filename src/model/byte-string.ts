/** Byte strings: each byte a character, for names and paths, which need not be UTF-8. */

export function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** For people. */
export function textOf(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString();
}
