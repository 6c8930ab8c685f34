/** The licence tag of a package: an SPDX expression, or words that only people understand. */
import parse from "spdx-expression-parse";

export interface Licence {
  /** As the package has it, but for white space. */
  readonly text: string;
  /** Whether `text` is an SPDX expression, of identifiers of the licence list and `LicenseRef-…` only. */
  readonly isExpression: boolean;
  /** The `LicenseRef-…` in an expression. */
  readonly references: readonly string[];
}

/** Null for a package that has none. Nothing is guessed: an older name of a licence is not taken for SPDX's. */
export function parseLicence(tag: string): Licence | null {
  const text = tag.replace(/\s+/g, " ").trim();
  if (text === "") return null;
  try {
    parse(text);
  } catch {
    return { text, isExpression: false, references: [] };
  }
  // What another document defines is unknown to ours.
  if (text.includes("DocumentRef-")) return { text, isExpression: false, references: [] };
  return { text, isExpression: true, references: [...new Set(text.match(/LicenseRef-[A-Za-z0-9.-]+/g))] };
}
