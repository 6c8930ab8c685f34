/** Command lines that name no command. */
import { RpmociError, similarNames } from "../index.js";

/**
 * The error for a line whose first words are no command, with those that may be meant; null for any other. `paths` are
 * the words of each command.
 */
export function unknownCommand(line: readonly string[], paths: readonly (readonly string[])[]): RpmociError | null {
  const [first, second] = line;
  if (first === undefined || first.startsWith("-")) return null;
  const group = paths.filter(([word]) => word === first);
  if (group.length === 0) {
    const similar = similarNames(first, [...new Set(paths.map(([word = ""]) => word))]);
    return wrongLine(
      `there is no command '${first}'`,
      similar.length === 0 ? "rpmoci --help lists commands" : `did you mean ${similar.join(" or ")}?`,
    );
  }
  const next = group.map(([, word]) => word);
  if (next.includes(undefined) || next.includes(second)) return null;
  const hint = `rpmoci ${first} takes ${next.sort().join(", ")}`;
  if (second === undefined || second.startsWith("-")) return wrongLine(`another word must follow '${first}'`, hint);
  return wrongLine(`there is no command '${first} ${second}'`, hint);
}

/** For a line that cannot be understood. */
export function wrongLine(message: string, hint: string): RpmociError {
  return new RpmociError(message, { kind: "usage", code: "COMMAND_LINE", hint });
}
