/** Variables in texts, in dnf's syntax: `$name`, `${name}`, `${name:-default}`, `${name:+alternative}`. */
import type { Variables } from "./variables.js";

/** As in dnf; what is nested deeper stays as it is. */
const MOST_NESTED = 32;

export interface Expansion {
  readonly text: string;
  /** Names of variables without a value, which stay in the text as they are. */
  readonly unknown: readonly string[];
}

/** A backslash takes the meaning from the character after it. */
export function expandVariables(text: string, variables: Variables): Expansion {
  const unknown: string[] = [];
  const { text: expanded } = expandFrom(text, 0, variables, unknown, 0);
  return { text: expanded, unknown };
}

interface Part {
  readonly text: string;
  /** Where the scan stopped: at the end, or, inside of braces, at the one that closes them. */
  readonly end: number;
}

function expandFrom(source: string, start: number, variables: Variables, unknown: string[], depth: number): Part {
  let text = "";
  let at = start;
  while (at < source.length && !(depth > 0 && source[at] === "}")) {
    if (source[at] === "\\" && at + 1 < source.length) {
      text += source[at + 1];
      at += 2;
    } else if (source[at] === "$") {
      const part = expandOne(source, at, variables, unknown, depth);
      text += part.text;
      at = part.end;
    } else {
      text += source[at];
      at += 1;
    }
  }
  return { text, end: at };
}

/** The expression that begins with the dollar sign at `start`. */
function expandOne(source: string, start: number, variables: Variables, unknown: string[], depth: number): Part {
  const match = /^\$(?:\{(\w+)(\}|:[-+])|(\w+))/.exec(source.slice(start));
  const name = match?.[1] ?? match?.[3];
  if (match === null || name === undefined) return { text: "$", end: start + 1 };
  const [whole] = match;
  const value = variables.get(name) ?? variables.get(name.toLowerCase());
  const operator = match[2];
  if (operator === ":-" || operator === ":+") {
    const skipped: string[] = [];
    const word =
      depth < MOST_NESTED ? expandFrom(source, start + whole.length, variables, skipped, depth + 1) : undefined;
    if (word === undefined || source[word.end] !== "}") return { text: whole, end: start + whole.length };
    const empty = value === undefined || value === "";
    const taken = operator === ":-" ? empty : !empty;
    if (taken) unknown.push(...skipped);
    return { text: taken ? word.text : operator === ":-" ? (value ?? "") : "", end: word.end + 1 };
  }
  if (value === undefined) unknown.push(name);
  return { text: value ?? whole, end: start + whole.length };
}
