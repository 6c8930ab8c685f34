/** Trees entry by entry. */
import type { Tree, TreeEntry } from "./tree-listing.js";

export interface Comparison {
  /** Entries, or single fields of entries, that need not be equal. */
  readonly except?: (path: Buffer, field: keyof TreeEntry | "entry", expected: TreeEntry | undefined) => boolean;
}

/** A line for each thing that is not as expected, sorted; at most a hundred. */
export function differences(expected: Tree, actual: Tree, { except = () => false }: Comparison = {}): string[] {
  const lines: string[] = [];
  for (const path of new Set([...expected.keys(), ...actual.keys()])) {
    const [left, right] = [expected.get(path), actual.get(path)];
    const bytes = Buffer.from(path, "hex");
    if (left === undefined || right === undefined) {
      if (!except(bytes, "entry", left)) lines.push(`${shown(bytes)} is ${left === undefined ? "new" : "missing"}`);
      continue;
    }
    for (const field of new Set([...Object.keys(left), ...Object.keys(right)]) as Set<keyof TreeEntry>) {
      const [wanted, found] = [left[field], right[field]].map((value) => canonical(field, value)) as [string, string];
      if (wanted === found || except(bytes, field, left)) continue;
      lines.push(`${shown(bytes)}: ${field} is ${short(found)}, not ${short(wanted)}`);
    }
  }
  return lines.sort().slice(0, 100);
}

const shown = (bytes: Buffer): string => JSON.stringify(bytes.toString("latin1"));

const short = (text: string): string => (text.length > 400 ? `${text.slice(0, 400)}…` : text);

function canonical(field: keyof TreeEntry, value: TreeEntry[keyof TreeEntry]): string {
  if (typeof value === "number" && field === "mode") return value.toString(8);
  if (typeof value === "string" && (field === "target" || field === "sameAs")) return shown(Buffer.from(value, "hex"));
  if (typeof value !== "object") return String(value);
  const named = Object.entries(value).map(([name, bytes]) => `${Buffer.from(name, "hex").toString("latin1")}=${bytes}`);
  return named.sort().join(" ");
}
