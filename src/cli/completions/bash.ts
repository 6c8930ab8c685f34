import { type CommandModel, commandPrefixes, nextWords, type ValueKind } from "../command-models.js";
import { LOCKED_NAMES } from "./locked-names.js";

/** A function that needs nothing but bash 4 itself. */
export function bashCompletion(models: readonly CommandModel[]): string {
  const prefixes = commandPrefixes(models);
  const groups = ["", ...prefixes.filter((prefix) => nextWords(models, prefix).size > 0)];
  const values = optionValues(models);
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
  case "$command $prev" in
${[...values].map(([pattern, value]) => `    ${pattern}) ${assignment(value)} ;;`).join("\n")}
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

/** By patterns of command and option, those of a single command before those of all. */
function optionValues(models: readonly CommandModel[]): ReadonlyMap<string, ValueKind> {
  const single = new Map<string, ValueKind>();
  const all = new Map<string, ValueKind>();
  for (const { name: command, options } of models) {
    for (const { names, value } of options) {
      if (value === null) continue;
      const pattern = names.map((name) => `*${quoted(` ${name}`)}`).join("|");
      const known = all.get(pattern);
      if (known === undefined) all.set(pattern, value);
      else if (known !== value) single.set(names.map((name) => quoted(`${command} ${name}`)).join("|"), value);
    }
  }
  return new Map([...single, ...all]);
}

function assignment(value: ValueKind): string {
  return value.kind === "words" ? `kind=words words=${quoted(value.words.join(" "))}` : `kind=${value.kind}`;
}

/** Nothing in it has a quote. */
function quoted(text: string): string {
  return `'${text}'`;
}
