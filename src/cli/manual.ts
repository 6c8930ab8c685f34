/** Manual pages in the macros of man(7), which both groff and mandoc read. */
import { version } from "../index.js";
import type { CommandModel, OptionModel, ValueKind } from "./command-models.js";
import { EXIT_CODES } from "./exit-codes.js";

export interface ManualPage {
  /** `rpmoci-cache-ls.1`. */
  readonly file: string;
  readonly text: string;
}

/** The page of the program, and one for each command; `date` is as in 2026-12-31, or empty. */
export function manualPages(models: readonly CommandModel[], date: string): readonly ManualPage[] {
  return [programPage(models, date), ...models.map((model) => commandPage(model, date))];
}

function programPage(models: readonly CommandModel[], date: string): ManualPage {
  return page("rpmoci", date, "build OCI images straight from RPM packages", [
    ".SH SYNOPSIS",
    ".B rpmoci",
    "\\fICOMMAND\\fR [\\fIOPTION\\fR]...",
    ".SH DESCRIPTION",
    line(
      "Builds OCI container images from RPM packages: no Dockerfile, no container runtime, no root. A manifest names " +
        "repositories and packages, a lockfile pins every one of them, and the same lockfile gives the same image.",
    ),
    ".SH COMMANDS",
    ...models.flatMap((model) => [".TP", `.BR ${pageName(model)} (1)`, line(sentence(model.description))]),
    ".SH FILES",
    ...entry("rpmoci.toml", "The package manifest; `rpmoci init` writes one, `rpmoci schema` describes its keys."),
    ...entry("rpmoci.lock", "The lockfile: the manifest's path with another extension."),
    ...entry("~/.cache/rpmoci", "Downloads, metadata and layers, unless `--cache-dir` names another folder."),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(([name, text]) => entry(name, text)),
    ".SH EXIT STATUS",
    ...EXIT_CODES.flatMap(([code, text]) => entry(String(code), sentence(upperFirst(text)))),
  ]);
}

function commandPage(model: CommandModel, date: string): ManualPage {
  const { name, details, examples, options } = model;
  const positional = model.arguments === "" ? "" : ` \\fI${escaped(model.arguments)}\\fR`;
  return page(pageName(model), date, lowerFirst(model.description), [
    ".SH SYNOPSIS",
    `.B rpmoci ${escaped(name)}`,
    `[\\fIOPTION\\fR]...${positional}`,
    ".SH DESCRIPTION",
    line(sentence(model.description)),
    ...details.split(/\n{2,}/).flatMap((paragraph) => (paragraph === "" ? [] : [".PP", line(paragraph)])),
    ".SH OPTIONS",
    ...options.flatMap(optionLines),
    ...(examples.length === 0 ? [] : [".SH EXAMPLES"]),
    ...examples.flatMap(([text, command]) => [".TP", line(text), `.B ${escaped(command)}`]),
    ".SH EXIT STATUS",
    "0, or the kind of the error; see",
    ".BR rpmoci (1).",
    ".SH SEE ALSO",
    ".BR rpmoci (1)",
  ]);
}

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["SOURCE_DATE_EPOCH", "Seconds: the image's creation time, and the upper bound of times in it."],
  ["RPMOCI_PROGRESS", "As `--progress`."],
  ["RPMOCI_ID_HTTP_USERNAME, RPMOCI_ID_HTTP_PASSWORD", "Credentials for the repository ID, in upper case."],
  ["XDG_CACHE_HOME", "Where the cache lies, instead of ~/.cache."],
  ["TMPDIR", "Where the image's root is made, instead of /tmp."],
  ["http_proxy, https_proxy, all_proxy, no_proxy", "Proxies, unless a repository's options name one."],
  ["SSL_CERT_FILE", "Certificates of CAs, instead of the system's."],
  ["NO_COLOR", "No colours."],
  ["DNF_VAR_name", "The value of the variable $name in URLs."],
];

function page(name: string, date: string, description: string, lines: readonly string[]): ManualPage {
  const head = [
    `.TH ${name.toUpperCase()} 1 "${date}" "rpmoci ${version()}" "User Commands"`,
    ".SH NAME",
    `${escaped(name)} \\- ${escaped(description)}`,
  ];
  return { file: `${name}.1`, text: `${[...head, ...lines].join("\n")}\n` };
}

function pageName({ name }: CommandModel): string {
  return `rpmoci-${name.replaceAll(" ", "-")}`;
}

function entry(term: string, text: string): readonly string[] {
  return [".TP", `.B ${escaped(term)}`, line(text)];
}

function optionLines({ names, description, value }: OptionModel): readonly string[] {
  const forms = names.map((name) => {
    const placed = value === null ? "" : `${name.startsWith("--") ? "=" : " "}\\fI${placeholder(value)}\\fR`;
    return `\\fB${escaped(name)}\\fR${placed}`;
  });
  return [".TP", forms.join(", "), line(sentence(description))];
}

/** What a command line has in the place of a value. */
export function placeholder(value: ValueKind): string {
  switch (value.kind) {
    case "words":
      return value.words.length <= 5 ? value.words.join("|") : "NAME";
    case "files":
      return "FILE";
    case "directories":
      return "DIR";
    default:
      return "VALUE";
  }
}

/** A line of text, with what stands between backquotes in bold. */
function line(text: string): string {
  return escaped(text.replace(/\s+/g, " ")).replace(/`([^`]+)`/g, "\\fB$1\\fR");
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("\u2026", "...").replace(/^[.']/, "\\&$&");
}

export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
