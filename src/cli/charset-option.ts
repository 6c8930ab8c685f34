/** The option `--charset`. */
import { RpmociError } from "../index.js";
import { type Charset, charsetOf } from "../reporters/charset.js";

/** The character set that was asked for, else the locale's. */
export function charsetFrom(option: string | undefined): Charset {
  if (option === undefined) return charsetOf(process.env);
  if (option === "utf8" || option === "ascii") return option;
  throw new RpmociError(`--charset: '${option}' is neither utf8 nor ascii`, {
    kind: "usage",
    code: "CHARSET_INVALID",
  });
}
