/** YAML of lockfiles. */
import { readFile } from "node:fs/promises";
import { messageOf, RpmociError } from "../errors.js";

/** Far more than any lockfile has. */
const MOST_BYTES = 64 << 20;

/** All scalars are texts, since a version such as 1.10 is no number. Throws an `RpmociError` of kind `usage`. */
export async function readYaml(path: string): Promise<unknown> {
  const { FAILSAFE_SCHEMA, load } = await import("js-yaml");
  try {
    const bytes = await readFile(path);
    if (bytes.length > MOST_BYTES) throw new Error("it is larger than 64 MiB");
    return load(bytes.toString("utf8"), { schema: FAILSAFE_SCHEMA, maxAliases: 0 });
  } catch (error) {
    throw new RpmociError(`Failed to read ${path}: ${messageOf(error).split("\n")[0]}`, {
      kind: "usage",
      code: "INTERCHANGE_UNREADABLE",
      cause: error,
    });
  }
}

export async function yamlText(document: object): Promise<string> {
  const { dump } = await import("js-yaml");
  return dump(document, { lineWidth: -1 });
}
