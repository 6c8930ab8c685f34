/** The text of docs/commands.md. */
import type { CommandModel, OptionModel } from "../../src/cli/command-models.js";
import { placeholder, sentence } from "../../src/cli/manual.js";

const INTRODUCTION = `# Commands

Every command with all of its options, as \`rpmoci COMMAND --help\` and \`rpmoci man COMMAND\` tell them.
[README.md](../README.md#commands) has an overview, and the exit codes.
`;

/** Arguments of which there may be several, or none: definitions do not tell their names. */
const REST: Readonly<Record<string, string>> = {
  files: "<IMAGE> [GLOB]\u2026",
  init: "[PACKAGE]\u2026",
  man: "[COMMAND]",
  push: "<IMAGE> <DESTINATION>\u2026",
  update: "[PACKAGE]\u2026",
};

/** What every command takes is told once. */
export function commandsReference(models: readonly CommandModel[]): string {
  const [first, ...others] = models.map(
    ({ options }) => new Map(options.map((option) => [option.names.at(-1), option])),
  );
  const common = [...(first ?? [])].filter(([name]) => others.every((options) => options.has(name)));
  const known = new Set(common.map(([name]) => name));
  const shared = ["## All commands", "", ...common.map(([, option]) => optionLine(option)), ""];
  const sections = models.map((model) => sectionOf(model, known));
  return [INTRODUCTION, shared.join("\n"), ...sections].join("\n");
}

function sectionOf(model: CommandModel, common: ReadonlySet<string | undefined>): string {
  const { name, description, details, options, examples } = model;
  const own = options.filter(({ names }) => !common.has(names.at(-1)));
  const rest = REST[name] ?? model.arguments;
  const positional = rest === "" ? "" : ` ${rest}`;
  return [
    `## rpmoci ${name}`,
    `\`rpmoci ${name}${own.length === 0 ? "" : " [OPTION]\u2026"}${positional}\``,
    sentence(description),
    ...details.split(/\n{2,}/).flatMap((paragraph) => (paragraph === "" ? [] : [paragraph.replace(/\s+/g, " ")])),
    ...(own.length === 0 ? [] : [withOpposites(own).map(optionLine).join("\n")]),
    ...(examples.length === 0
      ? []
      : [`\`\`\`console\n${examples.map(([text, command]) => `$ ${command}    # ${text}`).join("\n")}\n\`\`\``]),
  ]
    .join("\n\n")
    .concat("\n");
}

/** An option and its opposite have one description. */
function withOpposites(options: readonly OptionModel[]): readonly OptionModel[] {
  return options.flatMap((option, index) => {
    if (options[index - 1]?.description === option.description) return [];
    const next = options[index + 1];
    const names = next?.description === option.description ? [...option.names, ...next.names] : option.names;
    return [{ ...option, names }];
  });
}

function optionLine({ names, description, value }: OptionModel): string {
  const forms = names.map((name) => `\`${name}${value === null ? "" : ` ${valueName(value)}`}\``);
  return `- ${forms.join(", ")}: ${description}`;
}

function valueName(value: NonNullable<OptionModel["value"]>): string {
  return value.kind === "packages" ? "PACKAGE" : placeholder(value);
}
