/** The dialect of INI that dnf reads: values are text to the end of the line, whatever characters are in them. */

export type Sections = ReadonlyMap<string, Readonly<Record<string, string>>>;

/**
 * The values by section and key. Lines that start with `#` or `;` are comments, an indented line continues the value
 * above it (joined by a space), and the later of two equal keys wins. Lines that fit no rule are passed over.
 */
export function parseIni(text: string): Sections {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | null = null;
  let key: string | null = null;
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    const header = line.match(/^\[([^\]]+)\]/)?.[1];
    const equals = trimmed.indexOf("=");
    if (trimmed === "") key = null;
    else if (/^[#;]/.test(trimmed)) continue;
    else if (header !== undefined) {
      section = sections.get(header) ?? new Map();
      sections.set(header, section);
      key = null;
    } else if (/^[ \t]/.test(line) && key !== null) section?.set(key, `${section.get(key)} ${trimmed}`.trim());
    else if (equals > 0) {
      key = trimmed.slice(0, equals).trimEnd();
      section?.set(key, trimmed.slice(equals + 1).trimStart());
    }
  }
  return new Map([...sections].map(([id, values]) => [id, Object.fromEntries(values)]));
}
