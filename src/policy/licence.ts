/** Expressions of licences, as the License tag of RPMs has them: SPDX's, and those that Fedora wrote before. */
import { matchesGlob } from "../model/glob.js";

/** Longer than any that somebody reads; nests cannot be deeper. */
const LONGEST = 4000;

/**
 * Whether a licence may be chosen so that all that applies is allowed: each of those joined by AND, one of those joined
 * by OR; AND binds closer, and both are written in any case. What is no expression must be allowed as it is. An exception
 * (`WITH`) is a part of its licence's name.
 */
export function isAllowed(expression: string, allowed: readonly string[]): boolean {
  const permits = (licence: string): boolean =>
    allowed.some((pattern) => matchesGlob(pattern, licence, { ignoreCase: true }));
  if (permits(expression.trim())) return true;
  if (expression.length > LONGEST) return false;
  const tokens = expression.split(/(\(|\)|\s+(?:and|or)\s+|(?<=\))(?:and|or)\s+)/i).map((token) => token.trim());
  const parser = new Parser(
    tokens.filter((token) => token !== ""),
    permits,
  );
  return parser.parse() ?? false;
}

class Parser {
  #at = 0;
  #wrong = false;

  constructor(
    private readonly tokens: readonly string[],
    private readonly permits: (licence: string) => boolean,
  ) {}

  /** Null for what is no expression. */
  parse(): boolean | null {
    const result = this.#either();
    return this.#wrong || this.#at < this.tokens.length ? null : result;
  }

  #either(): boolean {
    let result = this.#all();
    while (this.#takes("or")) result = this.#all() || result;
    return result;
  }

  #all(): boolean {
    let result = this.#one();
    while (this.#takes("and")) result = this.#one() && result;
    return result;
  }

  #one(): boolean {
    if (this.#takes("(")) {
      const result = this.#either();
      if (!this.#takes(")")) this.#wrong = true;
      return result;
    }
    const token = this.tokens[this.#at];
    if (token === undefined || /^(?:and|or|\))$/i.test(token)) {
      this.#wrong = true;
      return false;
    }
    this.#at += 1;
    return this.permits(token);
  }

  #takes(word: string): boolean {
    if (this.tokens[this.#at]?.toLowerCase() !== word) return false;
    this.#at += 1;
    return true;
  }
}
