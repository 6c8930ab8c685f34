/** Command lines that name a command, and something that it does not take. */
import type { Definition } from "clipanion";
import { RpmociError } from "../index.js";
import { similarWords } from "./similar.js";

/** The error for what clipanion says of a line; `definition` is that of the command, if one is named. */
export function wrongLine(error: unknown, line: readonly string[], definition: Definition | null): RpmociError {
  const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
  if (definition === null) return fault(reason, "rpmoci --help lists commands");
  const { path, usage, options } = definition;
  const help = `${path.replace(" ", " help ")} shows all that it takes`;
  const unknown = unknownOption(line, definition);
  if (unknown !== null) {
    const similar = similarWords(unknown, [...optionsOf(definition).keys()]);
    const hint = similar.length === 0 ? help : `did you mean ${similar.join(" or ")}?`;
    return fault(`${path} has no option ${unknown}`, hint);
  }
  const [, hungry] = /^Not enough arguments to option (\S+?)\.?$/.exec(reason) ?? [];
  if (hungry !== undefined) return fault(`the option ${hungry} needs a value`, help);
  const [, superfluous] = /^Extraneous positional argument \("(.*)"\)/.exec(reason) ?? [];
  if (superfluous !== undefined) return fault(`${path} takes no argument '${superfluous}'`, help);
  if (reason.startsWith("Not enough positional arguments")) {
    const needed = options.reduce((text, option) => text.replace(`[${option.definition}]`, ""), usage).split(/\s+/);
    return fault(`${path} needs more arguments`, `it is called as: ${needed.join(" ").trim()}`);
  }
  return fault(reason, help);
}

/** By their names, whether they take a value. */
function optionsOf({ options }: Definition): ReadonlyMap<string, boolean> {
  const named = options.flatMap(({ definition }) => {
    const [names = "", value] = definition.split(" ");
    return names.split(",").map((name): [string, boolean] => [name, value !== undefined]);
  });
  return new Map([...named, ["-h", false], ["--help", false]]);
}

/** The first that the command does not have. */
function unknownOption(line: readonly string[], definition: Definition): string | null {
  const known = optionsOf(definition);
  for (let index = 0; index < line.length && line[index] !== "--"; index += 1) {
    const [word = ""] = (line[index] ?? "").split("=");
    if (!/^-./.test(word) || /^-[vq]+$/.test(word)) continue;
    const takesValue = known.get(word) ?? known.get(word.replace(/^--no-/, "--"));
    if (takesValue === undefined) return word;
    if (takesValue && word === line[index]) index += 1;
  }
  return null;
}

function fault(message: string, hint: string): RpmociError {
  return new RpmociError(message, { kind: "usage", code: "COMMAND_LINE", hint });
}
