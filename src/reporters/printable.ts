/** Names of files are bytes, of which some would move the cursor, or begin a line that is none. */

/** The text with escapes for control characters. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\\]/gu, (character) => {
    if (character === "\\") return "\\\\";
    if (character === "\n") return "\\n";
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
