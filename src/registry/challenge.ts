/** `WWW-Authenticate` (RFC 9110, 11.6.1). */

export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

/** The challenges of the header's lines, in their order; what cannot be read is left out. */
export function parseChallenges(lines: readonly string[]): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  const item = new RegExp(`\\s*(?:(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))|(${TOKEN}))\\s*,?`, "y");
  for (const line of lines) {
    item.lastIndex = 0;
    for (let match = item.exec(line); match !== null; match = item.exec(line)) {
      const [, name, quoted, plain, scheme] = match;
      if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: {} });
      const current = challenges.at(-1);
      if (name === undefined || current === undefined) continue;
      current.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/gs, "$1") ?? plain ?? "";
    }
  }
  return challenges;
}
