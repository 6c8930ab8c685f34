/** os-release(5). */

export interface Distribution {
  readonly id: string;
  /** Empty for a rolling release. */
  readonly versionId: string;
  readonly prettyName: string;
}

/** Null without an `ID`. */
export function parseOsRelease(text: string | null): Distribution | null {
  const fields = new Map<string, string>();
  for (const line of (text ?? "").split("\n")) {
    const [, name, value] = /^\s*([A-Z_][A-Z0-9_]*)=(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields.set(name, unquoted(value));
  }
  const id = fields.get("ID") ?? "";
  const versionId = fields.get("VERSION_ID") ?? "";
  if (!/^[a-z0-9._-]+$/.test(id)) return null;
  return { id, versionId, prettyName: fields.get("PRETTY_NAME") ?? `${id} ${versionId}`.trim() };
}

/** As a shell would have it. */
function unquoted(value: string): string {
  const [, single, double] = /^(?:'([^']*)'|"((?:[^"\\]|\\.)*)")$/.exec(value) ?? [];
  return single ?? (double ?? value).replace(/\\(.)/g, "$1");
}
