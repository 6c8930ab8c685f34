/** The command line as data, out of the definitions that it is parsed by: for completions and manual pages. */
import type { Definition } from "clipanion";
import { architectureNames, distributionNames, interchangeFormats, SBOM_FORMATS } from "../index.js";
import { PROGRESS_MODES } from "../reporters/choose.js";
import { SHELLS } from "./shells.js";

/** What a value may be, as far as a shell can offer it. */
export type ValueKind =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "files" | "directories" | "packages" | "other" };

export interface OptionModel {
  /** `-f`, `--file`. */
  readonly names: readonly string[];
  readonly description: string;
  /** Null for an option without a value. */
  readonly value: ValueKind | null;
}

export interface CommandModel {
  /** `cache ls`. */
  readonly name: string;
  readonly category: string | undefined;
  readonly description: string;
  readonly details: string;
  readonly examples: readonly (readonly [description: string, command: string])[];
  readonly options: readonly OptionModel[];
  /** As clipanion writes them: `<LAYOUT>`, `[PACKAGE]`, `...`; empty for none. */
  readonly arguments: string;
  readonly argument: ValueKind;
}

const DIRECTORY: ValueKind = { kind: "directories" };
const FILE: ValueKind = { kind: "files" };
const PACKAGES: ValueKind = { kind: "packages" };

/** What the definitions do not tell; by the option, or by the command and the option where commands differ in it. */
const VALUES: Readonly<Record<string, ValueKind>> = {
  "--progress": { kind: "words", words: PROGRESS_MODES },
  "--arch": { kind: "words", words: architectureNames },
  "--engine": { kind: "words", words: ["dnf", "rpm"] },
  "--charset": { kind: "words", words: ["utf8", "ascii"] },
  "--distro": { kind: "words", words: distributionNames },
  "export --format": { kind: "words", words: interchangeFormats },
  "sbom --format": { kind: "words", words: SBOM_FORMATS },
  "--sbom": { kind: "words", words: [...SBOM_FORMATS, SBOM_FORMATS.join(",")] },
  "--by": { kind: "words", words: ["package", "source", "directory", "layer"] },
  "--without": PACKAGES,
  "--file": FILE,
  "--html": FILE,
  "--output": FILE,
  "--lockfile": FILE,
  "--image-refs": FILE,
  "--digest-file": FILE,
  "--cache-dir": DIRECTORY,
  "--image": DIRECTORY,
  "--previous": DIRECTORY,
  "--vendor-dir": DIRECTORY,
  "--out-dir": DIRECTORY,
  "--sbom-dir": DIRECTORY,
};

/** By the argument, or by the command where it is called otherwise. */
const ARGUMENTS: Readonly<Record<string, ValueKind>> = {
  IMAGE: FILE,
  LAYOUT: DIRECTORY,
  LOCKFILE: FILE,
  PACKAGE: PACKAGES,
  diff: FILE,
  files: FILE,
  push: FILE,
  update: PACKAGES,
  SHELL: { kind: "words", words: SHELLS },
};

/** Options of every command. */
const HELP: OptionModel = { names: ["-h", "--help"], description: "Show what the command does", value: null };

const OTHER: ValueKind = { kind: "other" };

/** Sorted by name. */
export function commandModels(definitions: readonly Definition[]): readonly CommandModel[] {
  return definitions.map(modelOf).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function modelOf({
  path,
  category,
  description = "",
  details = "",
  examples = [],
  usage,
  options,
}: Definition): CommandModel {
  const name = path.replace(/^\S+ /, "");
  const rest = options
    .reduce((text, { definition }) => text.replace(`[${definition}]`, ""), usage.slice(path.length))
    .trim();
  const argument = rest.replace(/[^A-Z]/g, "");
  return {
    name,
    category: category?.trim(),
    description: description.trim(),
    details: details.trim(),
    examples: examples.map(([text, command]) => [text.trim(), command] as const),
    options: [...options.flatMap((option) => optionModels(name, option)), HELP],
    arguments: rest,
    argument: ARGUMENTS[argument] ?? ARGUMENTS[name] ?? OTHER,
  };
}

/** An option that is on by default has its opposite in its description. */
function optionModels(
  command: string,
  { definition, description = "" }: Definition["options"][number],
): readonly OptionModel[] {
  const names = (definition.split(" ")[0] ?? "").split(",");
  const takesValue = definition.includes("#");
  const known = names.flatMap((name) => VALUES[`${command} ${name}`] ?? VALUES[name] ?? []);
  const value = takesValue ? (known[0] ?? OTHER) : null;
  const [, opposite] = /(--no-[\w-]+)/.exec(description) ?? [];
  const model = { names, description, value };
  return opposite === undefined || takesValue ? [model] : [model, { ...model, names: [opposite] }];
}

/** The commands and what they begin with: `cache`, `cache ls`. */
export function commandPrefixes(models: readonly CommandModel[]): readonly string[] {
  const all = models.flatMap(({ name }) => {
    const words = name.split(" ");
    return words.map((_, index) => words.slice(0, index + 1).join(" "));
  });
  return [...new Set(all)].sort();
}

/** What may follow a prefix, each with its description; `` is before all. */
export function nextWords(models: readonly CommandModel[], prefix: string): ReadonlyMap<string, string> {
  const depth = prefix === "" ? 0 : prefix.split(" ").length;
  const words = new Map<string, string>();
  for (const { name, description, category } of models) {
    if (prefix !== "" && !name.startsWith(`${prefix} `)) continue;
    const parts = name.split(" ");
    const word = parts[depth] ?? "";
    const whole = parts.length === depth + 1;
    words.set(word, whole ? description : `${category ?? word}: ${word} \u2026`);
  }
  return words;
}
