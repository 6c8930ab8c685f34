/** The option `--label`. */
import { RpmociError } from "../index.js";

/** Throws an `RpmociError` of kind `usage` for what is not `KEY=VALUE`. */
export function parseLabels(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(texts.map(parseLabel));
}

function parseLabel(text: string): readonly [string, string] {
  const index = text.indexOf("=");
  if (index > 0) return [text.slice(0, index), text.slice(index + 1)];
  throw new RpmociError(`--label: \`${text}\` should be of the form KEY=VALUE.`, {
    kind: "usage",
    code: "LABEL_INVALID",
  });
}
