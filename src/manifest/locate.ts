/** Where a key stands in a TOML text, for messages; the parser does not keep positions. */

function escaped(key: string): string {
  return key.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/**
 * The number of the line (from 1) that sets `path` (`["contents", "packages"]`), or opens the table of that name. Of an
 * array of tables, `element` says which of them has the key, or is meant; the first by default. Null when the text spells it in a way that this search does not know, as inside an inline table.
 */
export function findLine(text: string, path: readonly string[], element = 0): number | null {
  const key = path.at(-1);
  if (key === undefined) return null;
  const table = path.slice(0, -1).map(escaped).join("\\s*\\.\\s*");
  const tableHeader = new RegExp(`^\\s*\\[\\[?\\s*${table}\\s*\\]\\]?`);
  const ownHeader = new RegExp(
    `^\\s*\\[\\[?\\s*${table === "" ? "" : `${table}\\s*\\.\\s*`}"?${escaped(key)}"?\\s*\\]\\]?`,
  );
  const assignment = new RegExp(`^\\s*["']?${escaped(key)}["']?\\s*(=|\\.)`);
  let inside = table === "";
  let own = 0;
  let elements = 0;
  for (const [index, line] of text.split("\n").entries()) {
    if (ownHeader.test(line) && (!isElement(line) || own++ === element)) return index + 1;
    if (/^\s*\[/.test(line)) {
      inside = table !== "" && tableHeader.test(line);
      if (inside && isElement(line)) inside = elements++ === element;
    } else if (inside && assignment.test(line)) return index + 1;
  }
  return null;
}

function isElement(header: string): boolean {
  return /^\s*\[\[/.test(header);
}

/** A string of TOML, multi-line ones first, or a comment, a bracket, a line's end. */
const TOKEN = /"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*|[[\]\n]/g;

/** The numbers of the lines (from 1) on which the items of the array of strings at `path` begin; empty as for `findLine`. */
export function findItemLines(text: string, path: readonly string[]): readonly number[] {
  const start = findLine(text, path);
  if (start === null) return [];
  const rest = text
    .split("\n")
    .slice(start - 1)
    .join("\n");
  const lines: number[] = [];
  let line = start;
  let open = 0;
  for (const [token] of rest.slice(rest.indexOf("=") + 1).matchAll(TOKEN)) {
    if (token === "[") open += 1;
    else if (token === "]") open -= 1;
    else if (open > 0 && /^["']/.test(token)) lines.push(line);
    line += token.split("\n").length - 1;
    if (open === 0) break;
  }
  return lines;
}
