/** Options of the form KEY=VALUE. */
import { RpmociError } from "../index.js";

/** Of `--label`. Throws an `RpmociError` of kind `usage` for what is not of that form. */
export function parseLabels(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(texts.map((text) => parsePair("--label", "LABEL_INVALID", text)));
}

/** Of `--annotation`; undefined without any. Throws as `parseLabels`, and for the name of the tag, which is the layout's. */
export function parseAnnotations(texts: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (texts.length === 0) return undefined;
  const pairs = texts.map((text) => parsePair("--annotation", "ANNOTATION_INVALID", text));
  const tag = pairs.find(([key]) => key === "org.opencontainers.image.ref.name");
  if (tag === undefined) return Object.fromEntries(pairs);
  throw new RpmociError(`--annotation: ${tag[0]} is the tag.`, {
    kind: "usage",
    code: "ANNOTATION_INVALID",
    hint: "give it with --tag",
  });
}

function parsePair(option: string, code: string, text: string): readonly [string, string] {
  const index = text.indexOf("=");
  if (index > 0) return [text.slice(0, index), text.slice(index + 1)];
  throw new RpmociError(`${option}: \`${text}\` should be of the form KEY=VALUE.`, { kind: "usage", code });
}
