/** The licence of a Debian package, as far as its copyright file tells. */
import { parseControl } from "./control.js";

/** The short names of the machine-readable format, joined; else a reference to the file. */
export function licenseOf(copyright: string | null): string {
  const unknown = "LicenseRef-See-Copyright-File";
  if (copyright === null || !/^Format: .*copyright-format/m.test(copyright)) return unknown;
  const names = new Set<string>();
  for (const paragraph of parseControl(copyright)) {
    // The paragraphs on files; those on licences only repeat the names.
    if (!paragraph.has("Files")) continue;
    const name = (paragraph.get("License") ?? "").split("\n")[0]?.trim() ?? "";
    if (/^[\w.+-]+(?: (?:and|or|with) [\w.+-]+)*$/.test(name))
      names.add(name.replace(/ (?:and|or|with) /g, (word) => word.toUpperCase()));
  }
  const expressions = [...names].sort().map((name) => (/ OR /.test(name) ? `(${name})` : name));
  return expressions.length === 0 ? unknown : expressions.join(" AND ");
}
