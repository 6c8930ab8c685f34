/** `rpmoci explain`: what an error's code means. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RpmociError } from "../errors.js";
import { packageRoot } from "../package-root.js";

/**
 * What `docs/errors.md` says of a code, in Markdown. Throws an `RpmociError` of kind `usage` for a code that there is not.
 */
export async function explainError(code: string): Promise<string> {
  const text = await readFile(join(packageRoot(), "docs", "errors.md"), "utf8");
  const sections = text.split(/^(?=#{1,2} )/m).filter((section) => section.startsWith("## "));
  const found = sections.find((section) => section.startsWith(`## ${code.toUpperCase()}\n`));
  if (found !== undefined) return `${found.slice("## ".length).trim()}\n`;
  throw new RpmociError(`no error has the code '${code}'`, {
    kind: "usage",
    code: "CODE_UNKNOWN",
    hint: "errors have theirs on a terminal, with -v, and in --progress=json",
  });
}
