/** Status lines: a right-aligned verb, then the message, as Rust's package manager made familiar. */

export type Colour = "green" | "yellow" | "red";

const CODES: Readonly<Record<Colour, readonly [string, string]>> = {
  green: ["\u001b[32m", "\u001b[39m"],
  yellow: ["\u001b[33m", "\u001b[39m"],
  red: ["\u001b[1;31m", "\u001b[0m"],
};

const VERB_WIDTH = 20;

export function statusLine(verb: string, message: string, colour: Colour | null): string {
  const padded = verb.padStart(VERB_WIDTH);
  if (colour === null) return `${padded} ${message}`;
  const [on, off] = CODES[colour];
  return `${on}${padded}${off} ${message}`;
}

/** A continuation of a message, below its first line. */
export function continuationLine(message: string): string {
  return `${" ".repeat(VERB_WIDTH)} ${message}`;
}
