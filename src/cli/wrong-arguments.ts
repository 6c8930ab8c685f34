/** Command lines with options or arguments that their command does not take. */
import { type RpmociError, similarNames } from "../index.js";
import type { CommandModel, OptionModel } from "./command-models.js";
import { wrongLine } from "./unknown-command.js";

/** The error for the first thing that is wrong with a line, which begins with a command; null when nothing is. */
export function wrongArguments(line: readonly string[], models: readonly CommandModel[]): RpmociError | null {
  const command = models.find(({ name }) => name.split(" ").every((word, index) => line[index] === word));
  if (command === undefined) return strayOption(line[0] ?? "");
  const { name } = command;
  const open = line.slice(name.split(" ").length);
  const given: string[] = [];
  for (let word = open.shift(); word !== undefined; word = open.shift()) {
    if (word === "--") given.push(...open.splice(0));
    else if (!/^-./.test(word)) given.push(word);
    else {
      const [option = "", value] = splitOnce(word);
      const known = optionOf(option, command);
      if (known === undefined) return unknownOption(option, command);
      if (known.value === null && value !== undefined) {
        return wrongLine(`the option ${option} takes no value`, `rpmoci help ${name} describes it`);
      }
      const takesNext = known.value !== null && value === undefined;
      if (takesNext && open[0] === undefined) {
        return wrongLine(`the option ${option} needs a value`, `rpmoci help ${name} describes it`);
      }
      if (takesNext && /^-./.test(open[0] ?? "")) {
        return wrongLine(`the option ${option} needs a value`, `write ${option}=${open[0]} if that is meant to be one`);
      }
      if (takesNext) open.shift();
    }
  }
  return wrongCount(given, command);
}

function splitOnce(word: string): readonly [string, string | undefined] {
  const index = word.indexOf("=");
  return index < 0 ? [word, undefined] : [word.slice(0, index), word.slice(index + 1)];
}

/** `-vq` is `-v` and `-q`; whatever is on can be turned off. */
function optionOf(option: string, { options }: CommandModel): OptionModel | undefined {
  const named = (wanted: string) => options.find(({ names }) => names.includes(wanted));
  const own = named(option);
  if (own !== undefined) return own;
  if (option.startsWith("--no-")) {
    const opposite = named(option.replace("--no-", "--"));
    return opposite?.value === null ? opposite : undefined;
  }
  if (!/^-[^-]./.test(option)) return undefined;
  const letters = [...option.slice(1)].map((letter) => named(`-${letter}`));
  return letters.every((letter) => letter?.value === null) ? letters[0] : undefined;
}

function unknownOption(option: string, { name, options }: CommandModel): RpmociError {
  const known = options.flatMap(({ names }) => names).filter((other) => other.startsWith("--"));
  const plain = (text: string): string => text.replace(/^--?/, "");
  const similar = similarNames(plain(option), known.map(plain)).map((other) => `--${other}`);
  const question = similar.length === 0 ? "" : `did you mean ${similar.join(" or ")}? `;
  return wrongLine(`${name} has no option ${option}`, `${question}rpmoci help ${name} lists all`);
}

function strayOption(option: string): RpmociError {
  return wrongLine(
    `rpmoci itself has no option ${splitOnce(option)[0]}`,
    "options stand behind the command; rpmoci --help lists commands",
  );
}

/** Of `<IMAGE> [GLOB] ...`, what is in angle brackets must be there, and dots stand for any number. */
function wrongCount(given: readonly string[], { name, arguments: usage }: CommandModel): RpmociError | null {
  const required = [...usage.matchAll(/<([^>]*)>/g)].map(([, word = ""]) => word);
  const optional = usage.match(/\[[^\]]*\]/g)?.length ?? 0;
  const missing = required[given.length];
  const hint = `it is: rpmoci ${[name, usage].filter(Boolean).join(" ")}`;
  if (missing !== undefined) return wrongLine(`${name} needs ${withArticle(missing)}`, hint);
  const extra = usage.includes("...") ? undefined : given[required.length + optional];
  return extra === undefined ? null : wrongLine(`${name} cannot do anything with '${extra}'`, hint);
}

function withArticle(word: string): string {
  return `${/^[AEIO]/.test(word) ? "an" : "a"} ${word}`;
}
