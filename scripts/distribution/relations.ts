/** Debian's relations as rpm's. */
import type { Relation, RelationKind } from "../packaging/recipe.js";
import { type DebianRelation, type Paragraph, parseRelations } from "./control.js";
import { evrText } from "./version.js";

/**
 * Packages that only Debian's maintainer scripts call. The scripts are not carried over, so that requirements of these
 * are left out, and the first three, although Essential, are not part of the distribution.
 */
export const maintainerTools: ReadonlySet<string> = new Set([
  "dpkg",
  "init-system-helpers",
  "usrmerge",
  "usr-is-merged",
  "debconf",
  "debconf-2.0",
  "adduser",
  "ucf",
  "lsb-base",
  "install-info",
]);

const operators = { "<<": "<", "<=": "<=", "=": "=", ">=": ">=", ">>": ">" } as const;

/** Lower than all versions that Debian has. */
const unversioned = "0~~-0";

const fields: readonly (readonly [string, RelationKind])[] = [
  ["Pre-Depends", "Requires(pre)"],
  ["Depends", "Requires"],
  ["Recommends", "Recommends"],
  ["Suggests", "Suggests"],
  ["Enhances", "Enhances"],
  ["Conflicts", "Conflicts"],
  ["Breaks", "Conflicts"],
];

/** The relations of a binary package. Alternatives become rich dependencies. */
export function relationsOf(control: Paragraph): Relation[] {
  const result: Relation[] = [];
  for (const [field, kind] of fields) {
    for (const alternatives of parseRelations(control.get(field))) {
      if (alternatives.some(({ name }) => maintainerTools.has(name))) continue;
      result.push({ kind, text: kind === "Conflicts" ? conflictText(alternatives) : alternativesText(alternatives) });
    }
  }
  for (const [provided] of parseRelations(control.get("Provides")))
    if (provided !== undefined) result.push({ kind: "Provides", text: providesText(provided) });
  return unique(result);
}

function alternativesText(alternatives: readonly DebianRelation[]): string {
  const texts = alternatives.map(relationText);
  return texts.length === 1 ? (texts[0] as string) : `(${texts.join(" or ")})`;
}

/**
 * Conflicts are mostly about old versions; the name's version must not be the one that stands for none (see
 * `providesText`), or what replaced an old package and provides its name would conflict as well.
 */
function conflictText(alternatives: readonly DebianRelation[]): string {
  const text = alternativesText(alternatives);
  const [only] = alternatives;
  const old = only?.operator === "<<" || only?.operator === "<=";
  return only !== undefined && old ? `(${text} with ${only.name} > ${unversioned})` : text;
}

/**
 * `-0` stands for the missing revision, because rpm compares no releases at all with a version that has none, and
 * `(>> 2.36)` is true of 2.36-1 in Debian.
 */
function relationText({ name, operator, version }: DebianRelation): string {
  if (operator === undefined || version === undefined) return name;
  return `${name} ${operators[operator]} ${evrText(version)}`;
}

/**
 * An unversioned name never satisfies a versioned relation in Debian, and always does in rpm: the lowest of all versions
 * satisfies no `>=`, which is what relations on names that others provide ask for.
 */
function providesText({ name, version }: DebianRelation): string {
  return `${name} = ${version === undefined ? unversioned : evrText(version)}`;
}

function unique(relations: readonly Relation[]): Relation[] {
  return [...new Map(relations.map((relation) => [`${relation.kind} ${relation.text}`, relation])).values()];
}
