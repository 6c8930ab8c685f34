/** Whether the terminal's character set has more than ASCII, as the locale says. */

export type Charset = "utf8" | "ascii";

/** POSIX: the first of these variables that is set and not empty decides; without any, the locale is C. */
export function charsetOf({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): Charset {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "C") ? "utf8" : "ascii";
}

/** Arrows as the character set has them. */
export function withArrows(text: string, charset: Charset): string {
  return charset === "utf8" ? text : text.replaceAll("\u2192", "->");
}
