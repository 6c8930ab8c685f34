import { type CommandModel, commandPrefixes, nextWords, type OptionModel, type ValueKind } from "../command-models.js";
import { LOCKED_NAMES } from "./locked-names.js";

export function zshCompletion(models: readonly CommandModel[]): string {
  const prefixes = commandPrefixes(models);
  const groups = ["", ...prefixes.filter((prefix) => nextWords(models, prefix).size > 0)];
  return `#compdef rpmoci
# Completion of rpmoci for zsh: source <(rpmoci completions zsh)

_rpmoci_packages() {
  local -a names
  names=(\${(f)"$(${LOCKED_NAMES})"})
  compadd -a names
}

_rpmoci() {
  local command= word
  local -a next
  integer i at=1
  for ((i = 2; i < CURRENT; i++)); do
    word=\${command:+$command }$words[i]
    case $word in
      (${prefixes.map(quoted).join("|")}) command=$word at=i ;;
    esac
  done
  # What follows the command is for _arguments.
  words=(rpmoci "\${(@)words[at+1,-1]}")
  ((CURRENT -= at - 1))
  case $command in
${groups.map((prefix) => groupCase(models, prefix)).join("\n")}
${models.map(commandCase).join("\n")}
  esac
}

if [[ $funcstack[1] == _rpmoci ]]; then _rpmoci "$@"; else compdef _rpmoci rpmoci; fi
`;
}

function groupCase(models: readonly CommandModel[], prefix: string): string {
  const words = [...nextWords(models, prefix)].map(([word, description]) => quoted(`${word}:${description}`));
  return `    (${quoted(prefix)}) next=(${words.join(" ")}); _describe command next ;;`;
}

function commandCase({ name, options, argument }: CommandModel): string {
  const positional = action(argument);
  const lines = [...options.map(optionSpec), ...(positional === "" ? [] : [quoted(`*:argument:${positional}`)])];
  return `    (${quoted(name)}) _arguments -s \\\n${lines.map((line) => `      ${line}`).join(" \\\n")} ;;`;
}

/** Every option may be given again: which of them has an effect then, the command knows. */
function optionSpec({ names, description, value }: OptionModel): string {
  const text = `[${description.replace(/[[\]\\]/g, "\\$&")}]${value === null ? "" : `:value:${action(value)}`}`;
  const forms = names.map((name) => (value === null ? name : name.startsWith("--") ? `${name}=` : `${name}+`));
  return forms.length === 1 ? quoted(`*${forms[0]}${text}`) : `'*'{${forms.join(",")}}${quoted(text)}`;
}

function action(value: ValueKind): string {
  switch (value.kind) {
    case "words":
      return `(${value.words.join(" ")})`;
    case "files":
      return "_files";
    case "directories":
      return "_files -/";
    case "packages":
      return "_rpmoci_packages";
    case "other":
      return "";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
