/** The text of docs/manifest.md. */
import type { ManifestKey, SchemaNode } from "./manifest-keys.js";

/** What the original tool reads; whatever else a manifest has is an error there. */
const ORIGINAL: ReadonlySet<string> = new Set([
  ...["contents", "contents.repositories", "contents.repositories.url", "contents.repositories.id"],
  ...["contents.repositories.options", "contents.packages", "contents.gpgkeys", "contents.docs", "contents.os_release"],
  ...["contents.exclude", "image", "image.user", "image.workingdir", "image.stopsignal", "image.author"],
  ...["image.entrypoint", "image.cmd", "image.exposed_ports", "image.volumes", "image.envs", "image.labels"],
]);

/** What a manifest as a whole must have, which one that is included need not. */
const NEEDED: ReadonlySet<string> = new Set(["contents", "contents.repositories", "contents.packages"]);

export interface Example {
  /** Of the file, from the project's root. */
  readonly path: string;
  readonly keys: ReadonlySet<string>;
}

const INTRODUCTION = `# Keys of the manifest

Every key that \`rpmoci.toml\` may have; any other is an error, at every level. \`rpmoci schema\` writes the same as a JSON
schema for editors, and [README.md](../README.md#manifest) explains how the keys work together. A key marked *new* is
unknown to the original \`rpmoci\`, which refuses a manifest that has it.
`;

/** Keys in the order in which they are given, each with the first of the examples that has it. */
export function manifestReference(keys: readonly ManifestKey[], examples: readonly Example[]): string {
  const entries = keys.map((key) => {
    const children = keys.filter(({ path }) => path.startsWith(`${key.path}.`));
    return entryOf(key, children.length > 0, examples);
  });
  return `${[INTRODUCTION, ...entries].join("\n")}`;
}

function entryOf(key: ManifestKey, hasKeys: boolean, examples: readonly Example[]): string {
  const { path, node } = key;
  const depth = path.includes(".") ? "###" : "##";
  const facts = [
    typeOf(node, hasKeys),
    ...defaultOf(key),
    ...(ORIGINAL.has(path) ? [] : ["*new*"]),
    ...exampleOf(path, examples),
  ];
  return `${depth} \`${path}\`\n\n${node.description ?? ""}\n\n${facts.join(" · ")}\n`;
}

function exampleOf(path: string, examples: readonly Example[]): readonly string[] {
  const example = examples.find(({ keys }) => keys.has(path));
  if (example === undefined) return [];
  const [, name = ""] = /^examples\/(?:topics\/)?(.*)\/[^/]+$/.exec(example.path) ?? [];
  return [`example: [${name}](../${example.path})`];
}

function defaultOf({ path, node, required }: ManifestKey): readonly string[] {
  if (required || NEEDED.has(path)) return ["required"];
  const value = node.default;
  if (value === undefined || (typeof value === "object" && !Array.isArray(value))) return [];
  return [`default \`${JSON.stringify(value)}\``];
}

function typeOf(node: SchemaNode, hasKeys: boolean): string {
  if (node.items !== undefined) {
    const item = typeOf(node.items, hasKeys);
    return item === "table" ? "list of tables" : `list, each ${item}`;
  }
  const alternatives = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  if (alternatives.length > 0)
    return [...new Set(alternatives.flatMap((one) => typeOf(one, hasKeys).split(" or ")))].join(" or ");
  if (node.const !== undefined) return `\`"${node.const}"\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`"${value}"\``).join(" or ");
  if (node.type === "object") return hasKeys ? "table" : "table of strings by name";
  if (node.minimum !== undefined && node.maximum !== undefined)
    return `integer from ${node.minimum} to ${node.maximum}`;
  return node.type ?? "anything";
}
