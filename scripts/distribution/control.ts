/** Debian's control files: paragraphs of fields, and the relations in them. */

export type Paragraph = ReadonlyMap<string, string>;

/** The paragraphs of a control file. Continuation lines keep their line breaks; comments are left out. */
export function parseControl(text: string): Paragraph[] {
  return text
    .split(/\n(?:[ \t]*\n)+/)
    .map(parseParagraph)
    .filter((paragraph) => paragraph.size > 0);
}

function parseParagraph(text: string): Paragraph {
  const fields = new Map<string, string>();
  let current = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) continue;
    if (/^[ \t]/.test(line)) {
      fields.set(current, `${fields.get(current) ?? ""}\n${line.slice(1)}`);
      continue;
    }
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    current = line.slice(0, colon);
    fields.set(current, line.slice(colon + 1).trim());
  }
  fields.delete("");
  return fields;
}

export type DebianOperator = "<<" | "<=" | "=" | ">=" | ">>";

export interface DebianRelation {
  readonly name: string;
  readonly operator?: DebianOperator;
  readonly version?: string;
}

/** The field's relations: each is a list of alternatives. Architecture qualifiers such as `:any` are left out. */
export function parseRelations(field: string | undefined): DebianRelation[][] {
  if (field === undefined) return [];
  return field
    .split(",")
    .map((alternatives) => alternatives.split("|").flatMap(parseRelation))
    .filter((alternatives) => alternatives.length > 0);
}

function parseRelation(text: string): DebianRelation[] {
  const match = /^\s*([^\s:(]+)(?::\S+)?\s*(?:\(\s*(<<|<=|>=|>>|=|<|>)\s*([^\s)]+)\s*\))?/.exec(text);
  if (match?.[1] === undefined) return [];
  const [, name, operator, version] = match;
  if (operator === undefined || version === undefined) return [{ name }];
  // Debian's manual: the old `<` and `>` mean `<=` and `>=`.
  const modern = operator === "<" ? "<=" : operator === ">" ? ">=" : (operator as DebianOperator);
  return [{ name, operator: modern, version }];
}
