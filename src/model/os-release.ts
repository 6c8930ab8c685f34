/** os-release(5). */

export function osReleaseFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, value] = /^\s*([A-Z_][A-Z0-9_]*)=(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields.set(name, unquoted(value));
  }
  return fields;
}

/** A field's value; empty when the text does not have it. */
export function osReleaseField(text: string, name: string): string {
  return osReleaseFields(text).get(name) ?? "";
}

/** As a shell would have it. */
function unquoted(value: string): string {
  const [, single, double] = /^(?:'([^']*)'|"((?:[^"\\]|\\.)*)")$/.exec(value) ?? [];
  return single ?? (double ?? value).replace(/\\(.)/g, "$1");
}
