/** Command lines that name no command. */
import { RpmociError } from "../index.js";

/**
 * The error for a line whose first words are no command, with those that may be meant; null for any other. `paths` are
 * the words of each command.
 */
export function unknownCommand(line: readonly string[], paths: readonly (readonly string[])[]): RpmociError | null {
  const [first, second] = line;
  if (first === undefined || first.startsWith("-")) return null;
  const group = paths.filter(([word]) => word === first);
  if (group.length === 0) {
    const words = [...new Set(paths.map(([word = ""]) => word))];
    const similar = words.filter((word) => word.startsWith(first) || distance(word, first) <= 2);
    const hint = similar.length === 0 ? "rpmoci --help lists commands" : `did you mean ${similar.sort().join(" or ")}?`;
    return fault(`there is no command '${first}'`, hint);
  }
  const next = group.map(([, word]) => word);
  if (next.includes(undefined) || next.includes(second)) return null;
  const hint = `rpmoci ${first} takes ${next.sort().join(", ")}`;
  if (second === undefined || second.startsWith("-")) return fault(`another word must follow '${first}'`, hint);
  return fault(`there is no command '${first} ${second}'`, hint);
}

function fault(message: string, hint: string): RpmociError {
  return new RpmociError(message, { kind: "usage", code: "COMMAND_LINE", hint });
}

/** Levenshtein's: how many letters must be inserted, removed or replaced. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
