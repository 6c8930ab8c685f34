/** Writes a recipe as a spec file, which is nothing but tags, scriptlets and a file list: the files exist already. */
import type { Entry, PackageRecipe, Scriptlet } from "./recipe.js";

/** The text of a spec file that packs the recipe's entries from a prepared build root. */
export function specFile(recipe: PackageRecipe): string {
  const main = recipe.source === undefined || recipe.source.name === recipe.name;
  const section = main ? "" : ` -n ${recipe.name}`;
  const lines = main ? [`Name: ${recipe.name}`, ...versionTags(recipe)] : sourcePreamble(recipe);
  if (recipe.arch === "noarch") lines.push("BuildArch: noarch");
  lines.push(recipe.elfRelations === true ? "AutoReqProv: yes" : "AutoReqProv: no");
  for (const { kind, text } of recipe.relations) lines.push(`${kind}: ${escapeMacros(text)}`);
  lines.push("", `%description${section}`, escapeText(recipe.description ?? recipe.summary), "");
  for (const scriptlet of recipe.scriptlets) lines.push(...scriptletLines(scriptlet, section));
  lines.push(`%files${section}`);
  const byPath = new Map(recipe.entries.map((entry) => [entry.path, entry]));
  for (const entry of recipe.entries) {
    const target = entry.type === "hardlink" ? byPath.get(entry.target) : undefined;
    lines.push(fileLine(entry, target ?? entry));
  }
  if (recipe.changelog !== undefined) lines.push("", "%changelog", escapeMacros(recipe.changelog));
  return `${lines.join("\n")}\n`;
}

function versionTags(recipe: PackageRecipe): string[] {
  const tags = recipe.epoch === undefined ? [] : [`Epoch: ${recipe.epoch}`];
  tags.push(`Version: ${recipe.version}`, `Release: ${recipe.release}`);
  tags.push(`Summary: ${escapeText(recipe.summary)}`, `License: ${escapeMacros(recipe.license)}`);
  // A subpackage inherits the vendor; naming it there again is an error.
  if (recipe.vendor !== undefined && (recipe.source === undefined || recipe.source.name === recipe.name))
    tags.push(`Vendor: ${escapeMacros(recipe.vendor)}`);
  return tags;
}

/** A package gets the name of its source RPM from the spec's main package, which here has no files and is not built. */
function sourcePreamble(recipe: PackageRecipe): string[] {
  const { name, version, release } = recipe.source as NonNullable<PackageRecipe["source"]>;
  const lines = [`Name: ${name}`, `Version: ${version}`, `Release: ${release}`];
  lines.push(`Summary: Source of ${recipe.name}`, `License: ${escapeMacros(recipe.license)}`);
  if (recipe.vendor !== undefined) lines.push(`Vendor: ${escapeMacros(recipe.vendor)}`);
  lines.push("", "%description", `Source of ${recipe.name}.`, "", `%package -n ${recipe.name}`);
  return [...lines, ...versionTags(recipe)];
}

function scriptletLines(scriptlet: Scriptlet, section: string): string[] {
  const interpreter = scriptlet.interpreter === undefined ? "" : ` -p ${scriptlet.interpreter}`;
  const trigger = scriptlet.trigger === undefined ? "" : ` -- ${scriptlet.trigger}`;
  const head = `%${scriptlet.section}${section}${interpreter}${trigger}`;
  return scriptlet.body === undefined ? [head, ""] : [head, escapeMacros(scriptlet.body.trimEnd()), ""];
}

/** @param shared the entry that has the attributes: for a hard link the file, whose inode it is. */
function fileLine(entry: Entry, shared: Entry): string {
  const mode = "mode" in shared ? shared.mode.toString(8).padStart(4, "0") : "-";
  const words = [`%attr(${mode}, ${shared.user}, ${shared.group})`];
  if (entry.type === "directory") words.push("%dir");
  if (shared.type === "file" && shared.capabilities !== undefined) words.push(`%caps(${shared.capabilities})`);
  if (entry.type === "file" && entry.unverified !== undefined) words.push(`%verify(not ${entry.unverified.join(" ")})`);
  for (const mark of entry.marks ?? []) words.push(`%${mark}`);
  words.push(fileListPath(entry.path));
  return words.join(" ");
}

/**
 * A path as `%files` takes it. Generations of rpm differ on what a backslash or a quote means there, and on how often
 * macros are expanded; they agree on patterns. A path with anything special in it becomes a pattern that matches it,
 * and hardly anything else.
 */
export function fileListPath(path: string): string {
  if (/^[^*?[\]{}%\\"\s]*$/.test(path)) return path;
  if (/^[^*?[\]{}%\\"\t\n]*$/.test(path)) return `"${path}"`;
  return path.replace(/[*?[]/g, "[$&]").replace(/[{}%\\"\s]/g, "?");
}

function escapeMacros(text: string): string {
  return text.replaceAll("%", "%%");
}

/** Free text: a line that starts with `%` would open a section even when it is doubled. */
function escapeText(text: string): string {
  return escapeMacros(text).replace(/^(?=%)/gm, " ");
}
