import { type CommandModel, commandPrefixes, nextWords, type OptionModel, type ValueKind } from "../command-models.js";
import { LOCKED_NAMES } from "./locked-names.js";

export function fishCompletion(models: readonly CommandModel[]): string {
  const prefixes = commandPrefixes(models);
  const groups = ["", ...prefixes.filter((prefix) => nextWords(models, prefix).size > 0)];
  const words = groups.flatMap((prefix) =>
    [...nextWords(models, prefix)].map(
      ([word, description]) => `${condition(prefix)} -a ${quoted(word)} -d ${quoted(description)}`,
    ),
  );
  const options = models.flatMap(({ name, options }) => options.map((option) => optionLine(name, option)));
  const positional = models.flatMap(({ name, argument }) => {
    if (argument.kind === "files") return [`${condition(name)} -F`];
    const words = offer(argument);
    return words === "" ? [] : [`${condition(name)} -a ${words}`];
  });
  return `# Completion of rpmoci for fish: rpmoci completions fish | source

function __rpmoci_packages
    ${LOCKED_NAMES}
end

function __rpmoci_in
    set -l command
    for word in (commandline -opc)[2..-1]
        set -l candidate (string join ' ' $command $word)
        if contains -- "$candidate" ${prefixes.map(quoted).join(" ")}
            set command $candidate
        end
    end
    test "$command" = "$argv"
end

complete -c rpmoci -f
${[...words, ...options, ...positional].join("\n")}
`;
}

function condition(prefix: string): string {
  return `complete -c rpmoci -n ${quoted(`__rpmoci_in ${prefix}`.trim())}`;
}

function optionLine(command: string, { names, description, value }: OptionModel): string {
  const forms = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const takes = value === null ? "" : value.kind === "files" ? " -r -F" : ` -x${offered(value)}`;
  return `${condition(command)} ${forms.join(" ")}${takes} -d ${quoted(description)}`;
}

function offered(value: ValueKind): string {
  const words = offer(value);
  return words === "" ? "" : ` -a ${words}`;
}

function offer(value: ValueKind): string {
  switch (value.kind) {
    case "words":
      return quoted(value.words.join(" "));
    case "directories":
      return quoted("(__fish_complete_directories)");
    case "packages":
      return quoted("(__rpmoci_packages)");
    default:
      return "";
  }
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
