/** Paths by patterns, in a process whose root directory is the root. */
import { lstatSync, readdirSync, statSync } from "node:fs";

/** glob(7): what is there, sorted by bytes. Paths are byte strings. */
export function matching(pattern: string): readonly string[] {
  let found = [""];
  for (const name of pattern.split("/").slice(1)) {
    found = found.flatMap((directory) => matchingIn(directory, name).map((entry) => `${directory}/${entry}`));
  }
  return found;
}

function matchingIn(directory: string, pattern: string): readonly string[] {
  if (!/[*?[]/.test(pattern)) {
    const path = Buffer.from(`${directory}/${pattern}`, "latin1");
    return lstatSync(path, { throwIfNoEntry: false }) === undefined ? [] : [pattern];
  }
  const path = Buffer.from(`${directory}/`, "latin1");
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  const expression = expressionOf(pattern);
  return readdirSync(path, "latin1")
    .filter((name) => expression.test(name))
    .sort();
}

function expressionOf(pattern: string): RegExp {
  const hidden = pattern.startsWith(".") ? "" : "(?!\\.)";
  const body = pattern.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (part.length > 1) return part.replace(/\\/g, "\\\\").replace(/^\[!/, "[^");
    return part.replace(/[\\^$.|+(){}[\]]/g, "\\$&");
  });
  return new RegExp(`^${hidden}${body}$`, "s");
}
