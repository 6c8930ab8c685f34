/** Command lines that name no command. */
import { RpmociError } from "../index.js";
import { similarWords } from "./similar.js";

/**
 * The error for a line whose first words are no command, with those that may be meant; null for any other. `paths` are
 * the words of each command.
 */
export function unknownCommand(line: readonly string[], paths: readonly (readonly string[])[]): RpmociError | null {
  const [first, second] = line;
  if (first === undefined || first.startsWith("-")) return null;
  const group = paths.filter(([word]) => word === first);
  if (group.length === 0) {
    const similar = similarWords(
      first,
      paths.map(([word = ""]) => word),
    );
    const hint = similar.length === 0 ? "rpmoci --help lists commands" : `did you mean ${similar.join(" or ")}?`;
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
