/** New inputs out of old ones. */

const LONGEST = 4096;
const CHARACTERS = [
  "\0",
  "\n",
  "\r",
  "\t",
  " ",
  '"',
  "'",
  "\\",
  "<",
  "&",
  "=",
  "[",
  "]",
  "{",
  "$",
  "%",
  "..",
  "é",
  "\u2028",
];

/** A text that differs from one of `corpus` in one to eight places. `random` gives integers below its argument. */
export function mutate(
  corpus: readonly string[],
  tokens: readonly string[],
  random: (limit: number) => number,
): string {
  const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T;
  let text = pick(corpus);
  for (let steps = 1 + random(8); steps > 0; steps -= 1) {
    const at = random(text.length + 1);
    const length = random(Math.min(text.length - at, 64) + 1);
    const [before, part, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)];
    switch (random(7)) {
      case 0:
        text = before + after;
        break;
      case 1:
        text = before + part.repeat(2 + random(20)) + after;
        break;
      case 2:
        text = before + pick(tokens) + text.slice(at);
        break;
      case 3:
        text = before + pick(tokens) + after;
        break;
      case 4:
        text = before + pick(CHARACTERS) + text.slice(at + 1);
        break;
      case 5:
        text = before + String.fromCharCode(random(128)) + text.slice(at);
        break;
      default: {
        const other = pick(corpus);
        const from = random(other.length + 1);
        text = before + other.slice(from, from + random(256)) + after;
      }
    }
  }
  // As read from a file in UTF-8: halves of surrogate pairs cannot come in.
  return Buffer.from(text.slice(0, LONGEST)).toString();
}
