/** Patterns of names, as a shell has them: `*`, `?` and `[…]` with ranges and `!`; a slash is a character like others. */

export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Whether the whole of `text` matches; a pattern without special characters is the text itself. */
export function matchesGlob(pattern: string, text: string, options: { readonly ignoreCase?: boolean } = {}): boolean {
  return new RegExp(`^(?:${sourceOf(pattern)})$`, options.ignoreCase === true ? "isu" : "su").test(text);
}

function sourceOf(pattern: string): string {
  // A bracket that is first in its set stands for itself, one without an end too.
  return pattern.replace(
    /\*+|\?|\[(!?)(\]?[^\]]*)\]|[\s\S]/gu,
    (part, negated: string | undefined, set: string | undefined) => {
      if (part.startsWith("*")) return ".*";
      if (part === "?") return ".";
      if (set === undefined || set === "") return escaped(part);
      return `[${negated === "!" ? "^" : ""}${rangesOf(set)}]`;
    },
  );
}

/** A range that runs backwards matches nothing. */
function rangesOf(set: string): string {
  return set.replace(/([\s\S])-([\s\S])|[\s\S]/gu, (part, from: string | undefined, to: string | undefined) => {
    if (from === undefined || to === undefined) return part === "-" ? "\\-" : escaped(part);
    return from <= to ? `${escaped(from)}-${escaped(to)}` : "";
  });
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
}
