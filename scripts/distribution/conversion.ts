/** Turns one Debian package into the recipe of an RPM. Nothing but the .deb itself decides what comes out. */
import { runCommand } from "../packaging/command.js";
import type { Entry, FileMark, PackageRecipe } from "../packaging/recipe.js";
import { adjust } from "./adjustments.js";
import { commonDirectories } from "./base-files.js";
import { type Paragraph, parseControl } from "./control.js";
import { licenseOf } from "./copyright.js";
import { Draft } from "./draft.js";
import { relationsOf } from "./relations.js";
import { readTar } from "./tar.js";
import { mergedEntries, mergedPath } from "./usrmerge.js";
import { evrOf } from "./version.js";

export const vendor = "rpmoci demo";

/** `plain`: Debian's relations only. `elf`: what rpm finds in ELF files as well, as in Fedora's packages. */
export type Kind = "plain" | "elf";

const architectures: Readonly<Record<string, string>> = { all: "noarch", amd64: "x86_64", arm64: "aarch64" };

/**
 * A plugin that is linked against what Debian only recommends (q_atm of iproute2 needs libatm), and object files, which
 * nobody loads.
 */
const optionalPlugins = "(/tc/q_atm[.]so|[.]o)$";

/** Reads a .deb and converts it. Throws for packages with devices, or of a foreign architecture. */
export async function convert(deb: string, kind: Kind): Promise<PackageRecipe> {
  const [control, contents] = await Promise.all([
    runCommand("dpkg-deb", ["--ctrl-tarfile", deb]).then(readTar),
    runCommand("dpkg-deb", ["--fsys-tarfile", deb]).then(readTar),
  ]);
  const controlText = (name: string): string =>
    control.find((member) => member.name === name)?.content.toString() ?? "";
  const paragraph = parseControl(controlText("control"))[0] ?? new Map<string, string>();
  const field = requiredField(deb, paragraph);
  const name = field("Package");
  const arch = architectures[field("Architecture")];
  if (arch === undefined) throw new Error(`${deb} is for ${field("Architecture")}`);

  const conffiles = new Set(controlText("conffiles").split("\n").map(mergedPath));
  const merged = mergedEntries(contents).filter((entry) => name === "base-files" || !isCommonDirectory(entry));
  const sourceDateEpoch = Math.max(...[...control, ...contents].map((member) => member.mtime));
  const draft = new Draft(
    merged.map((entry) => marked(entry, conffiles)),
    relationsOf(paragraph),
    sourceDateEpoch,
  );
  provideUnmergedPaths(
    draft,
    contents.map((member) => `/${member.name}`),
  );
  adjust(name, draft);
  const entries = [...draft.entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  if (name !== "base-passwd" && entries.some(({ user, group }) => user !== "root" || group !== "root"))
    draft.relate("Requires(pre)", "base-passwd");

  const [summary = name, ...description] = (paragraph.get("Description") ?? name).split("\n");
  const copyright = draft.entries.get(`/usr/share/doc/${name}/copyright`);
  return {
    name,
    ...evrOf(field("Version")),
    arch,
    summary,
    description: description.map((line) => (line === "." ? "" : line)).join("\n"),
    license: licenseOf(copyright?.type === "file" ? Buffer.from(copyright.content).toString() : null),
    vendor,
    source: sourceOf(paragraph, name, field("Version")),
    relations: draft.relations,
    scriptlets: draft.scriptlets,
    entries,
    sourceDateEpoch,
    elfRelations: kind === "elf",
    elfIgnored: optionalPlugins,
  };
}

function requiredField(deb: string, paragraph: Paragraph): (name: string) => string {
  return (name) => {
    const value = paragraph.get(name);
    if (value === undefined) throw new Error(`${deb} has no field ${name}`);
    return value;
  };
}

function isCommonDirectory(entry: Entry): boolean {
  return entry.type === "directory" && commonDirectories.has(entry.path);
}

/** rpm knows only the paths that it installed: `/bin/sh` has to be provided by whoever has `/usr/bin/sh`. */
function provideUnmergedPaths(draft: Draft, paths: readonly string[]): void {
  for (const path of paths.filter((path) => /^\/s?bin\/[\w.+-]+$/.test(path)).sort()) draft.relate("Provides", path);
}

function marked(entry: Entry, conffiles: ReadonlySet<string>): Entry {
  const mark = markOf(entry, conffiles);
  return mark === null ? entry : { ...entry, marks: [mark] };
}

function markOf(entry: Entry, conffiles: ReadonlySet<string>): FileMark | null {
  if (entry.type === "directory") return null;
  if (conffiles.has(entry.path)) return "config(noreplace)";
  if (/^\/usr\/share\/(?:doc\/[^/]+\/copyright|common-licenses\/.+)$/.test(entry.path)) return "license";
  // A link that stands for a whole folder leads to another package's licence.
  if (/^\/usr\/share\/doc\/[^/]+$/.test(entry.path)) return null;
  return /^\/usr\/share\/(?:doc|man|info)\//.test(entry.path) ? "doc" : null;
}

/** The field is `name` or `name (version)`, and absent when both are the package's own. */
function sourceOf(paragraph: Paragraph, name: string, version: string): NonNullable<PackageRecipe["source"]> {
  const match = /^(\S+)(?:\s+\((\S+)\))?$/.exec(paragraph.get("Source") ?? name);
  const evr = evrOf(match?.[2] ?? version);
  return { name: match?.[1] ?? name, version: evr.version, release: evr.release };
}
