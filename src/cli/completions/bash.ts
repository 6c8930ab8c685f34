import { type CommandModel, commandPrefixes, nextWords, type ValueKind } from "../command-models.js";
import { LOCKED_NAMES } from "./locked-names.js";

/** A function that needs nothing but bash 4 itself. */
export function bashCompletion(models: readonly CommandModel[]): string {
  const prefixes = commandPrefixes(models);
  const groups = ["", ...prefixes.filter((prefix) => nextWords(models, prefix).size > 0)];
  const values = new Map<string, ValueKind>();
  for (const { names, value } of models.flatMap(({ options }) => options)) {
    if (value !== null) values.set(names.join("|"), value);
  }
  return `# Completion of rpmoci for bash: source <(rpmoci completions bash)

_rpmoci() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command= kind= words= word i
  # bash makes a word of its own of "=".
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${command:+$command }\${COMP_WORDS[i]}
    case $word in
      ${prefixes.map(quoted).join("|")}) command=$word ;;
    esac
  done
  case $prev in
${[...values].map(([names, value]) => `    ${names}) ${assignment(value)} ;;`).join("\n")}
  esac
  if [[ -z $kind && $cur == -* ]]; then
    kind=words
    case $command in
${models.map(({ name, options }) => `      ${quoted(name)}) words=${quoted(options.flatMap(({ names }) => names).join(" "))} ;;`).join("\n")}
      '') words='--version --help' ;;
    esac
  elif [[ -z $kind ]]; then
    case $command in
${groups.map((prefix) => `      ${quoted(prefix)}) kind=words words=${quoted([...nextWords(models, prefix).keys()].join(" "))} ;;`).join("\n")}
${models.map(({ name, argument }) => `      ${quoted(name)}) ${assignment(argument)} ;;`).join("\n")}
    esac
  fi
  COMPREPLY=()
  case $kind in
    words) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur") ;;
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    directories) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    packages)
      while read -r word; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
      done < <(${LOCKED_NAMES})
      ;;
  esac
}
complete -F _rpmoci rpmoci
`;
}

function assignment(value: ValueKind): string {
  return value.kind === "words" ? `kind=words words=${quoted(value.words.join(" "))}` : `kind=${value.kind}`;
}

/** Nothing in it has a quote. */
function quoted(text: string): string {
  return `'${text}'`;
}
