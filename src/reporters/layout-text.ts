/** What commands on layouts found, as text. */
import type { Garbage, LayoutProblem } from "../index.js";
import { megabytes } from "./messages.js";

export function garbageText({ digests, size }: Garbage, dryRun: boolean): string {
  const blobs = `${digests.length} blob${digests.length === 1 ? "" : "s"}, ${megabytes(size)}`;
  return `${digests.map((digest) => `${digest}\n`).join("")}${dryRun ? "would remove" : "removed"} ${blobs}\n`;
}

/** A line for each; one that says so when there is none. */
export function problemsText(problems: readonly LayoutProblem[]): string {
  if (problems.length === 0) return "the layout is valid\n";
  return problems.map(({ code, subject, message }) => `${subject}: ${message} [${code}]\n`).join("");
}
