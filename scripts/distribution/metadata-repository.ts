/**
 * A repository of the size of Fedora's that is metadata only: all packages of Debian's index, with their relations, and
 * no files. For measuring and testing how packages are resolved.
 */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import type { Relation, RelationKind } from "../packaging/recipe.js";
import type { Paragraph } from "./control.js";
import { DebianArchive } from "./debian-archive.js";
import { relationsOf } from "./relations.js";
import { evrOf } from "./version.js";
import { makeWorkDirectory } from "./work-directory.js";

export interface MetadataRepository {
  readonly packages: number;
  readonly requirements: number;
  /** Identifies the index that it was made of, and this code. */
  readonly inputs: string;
}

/** This file is compiled to build/js/scripts/distribution. */
const projectRoot = resolve(import.meta.dirname, "../../../..");

/**
 * Writes `repodata/` to the folder, or leaves the one that is there when nothing has changed. The same index gives the
 * same bytes. Throws `ArchiveUnavailableError` where Debian's index cannot be had.
 */
export async function makeMetadataRepository(out: string): Promise<MetadataRepository> {
  const cache = join(projectRoot, ".cache/distribution");
  mkdirSync(cache, { recursive: true });
  const archive = await DebianArchive.open(cache);
  const sources = ["control.js", "metadata-repository.js", "relations.js", "version.js"];
  const texts = sources.map((name) => readFileSync(join(import.meta.dirname, name), "utf8"));
  const inputs = sha256([await archive.stamp(), ...texts].join("\n"));
  const description = join(out, "metadata-repository.json");
  if (existsSync(description)) {
    const existing = JSON.parse(readFileSync(description, "utf8")) as MetadataRepository;
    if (existing.inputs === inputs) return existing;
  }
  const paragraphs = (await archive.paragraphs()).filter((paragraph) => paragraph.has("Filename")).sort(byIdentity);
  mkdirSync(dirname(out), { recursive: true });
  const work = makeWorkDirectory(dirname(out), "metadata");
  try {
    const requirements = write(work, paragraphs);
    const made = { packages: paragraphs.length, requirements, inputs };
    writeFileSync(join(work, "metadata-repository.json"), JSON.stringify(made));
    chmodSync(work, 0o777 & ~process.umask());
    rmSync(out, { recursive: true, force: true });
    renameSync(work, out);
    return made;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function byIdentity(a: Paragraph, b: Paragraph): number {
  const [left, right] = [a, b].map((paragraph) => `${paragraph.get("Package")} ${paragraph.get("Version")}`);
  return (left ?? "") < (right ?? "") ? -1 : 1;
}

/** Returns the number of requirements. */
function write(folder: string, paragraphs: readonly Paragraph[]): number {
  const entries: string[] = [];
  let requirements = 0;
  for (const paragraph of paragraphs) {
    const relations = relationsOf(paragraph);
    requirements += relations.filter(({ kind }) => listOf(kind) === "requires").length;
    entries.push(packageXml(paragraph, relations));
  }
  mkdirSync(join(folder, "repodata"));
  const records = [
    writeFile(folder, "primary", document("metadata", "common", paragraphs.length, entries)),
    writeFile(folder, "filelists", document("filelists", "filelists", 0, [])),
  ];
  const repomd = `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
  <revision>0</revision>
${records.join("")}</repomd>
`;
  writeFileSync(join(folder, "repodata", "repomd.xml"), repomd);
  return requirements;
}

function document(root: string, schema: string, packages: number, entries: readonly string[]): string {
  const namespaces = `xmlns="http://linux.duke.edu/metadata/${schema}" xmlns:rpm="http://linux.duke.edu/metadata/rpm"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<${root} ${namespaces} packages="${packages}">
${entries.join("")}</${root}>
`;
}

/** Writes one metadata file and returns its record. */
function writeFile(folder: string, type: string, text: string): string {
  const compressed = gzipSync(text);
  const checksum = sha256(compressed);
  const location = `repodata/${checksum}-${type}.xml.gz`;
  writeFileSync(join(folder, location), compressed);
  return `  <data type="${type}">
    <checksum type="sha256">${checksum}</checksum>
    <open-checksum type="sha256">${sha256(text)}</open-checksum>
    <location href="${location}"/>
    <timestamp>0</timestamp>
    <size>${compressed.length}</size>
    <open-size>${Buffer.byteLength(text)}</open-size>
  </data>
`;
}

function packageXml(control: Paragraph, relations: readonly Relation[]): string {
  const field = (name: string): string => control.get(name) ?? "";
  const name = field("Package");
  const { epoch = 0, version, release } = evrOf(field("Version"));
  const arch = field("Architecture") === "all" ? "noarch" : "x86_64";
  const file = `${name}-${version}-${release}.${arch}.rpm`;
  const own: Relation = {
    kind: "Provides",
    text: `${name} = ${epoch === 0 ? "" : `${epoch}:`}${version}-${release}`,
  };
  const xml = lists.flatMap((list) => {
    const entries = [own, ...relations].filter(({ kind }) => listOf(kind) === list);
    return entries.length === 0 ? [] : [`<rpm:${list}>\n${entries.map(entryXml).join("")}</rpm:${list}>\n`];
  });
  return `<package type="rpm">
<name>${escapeXml(name)}</name>
<arch>${arch}</arch>
<version epoch="${epoch}" ver="${escapeXml(version)}" rel="${escapeXml(release)}"/>
<checksum type="sha256" pkgid="YES">${field("SHA256")}</checksum>
<summary>${escapeXml(field("Description").split("\n", 1)[0] ?? "")}</summary>
<description></description>
<packager>${escapeXml(field("Maintainer"))}</packager>
<url>${escapeXml(field("Homepage"))}</url>
<time file="0" build="0"/>
<size package="${field("Size")}" installed="${1024 * Number(field("Installed-Size") || 0)}" archive="0"/>
<location href="${escapeXml(`packages/${file}`)}"/>
<format>
<rpm:license>unknown</rpm:license>
<rpm:group>${escapeXml(field("Section"))}</rpm:group>
<rpm:sourcerpm>${escapeXml(`${field("Source").split(" ")[0] || name}-${version}-${release}.src.rpm`)}</rpm:sourcerpm>
${xml.join("")}</format>
</package>
`;
}

const lists = ["provides", "requires", "conflicts", "recommends", "suggests", "enhances"] as const;

/** The list of the metadata that a relation is in. */
function listOf(kind: RelationKind): string {
  return kind.replace(/\(.*/, "").toLowerCase();
}

const flags: Readonly<Record<string, string>> = { "<": "LT", "<=": "LE", "=": "EQ", ">=": "GE", ">": "GT" };

function entryXml({ kind, text }: Relation): string {
  const pre = kind === "Requires(pre)" ? ' pre="1"' : "";
  const [name = "", operator = "", evr = ""] = text.startsWith("(") ? [text] : text.split(" ");
  if (operator === "") return `<rpm:entry name="${escapeXml(name)}"${pre}/>\n`;
  const [, epoch = "0", version = "", release = ""] = /^(?:(\d+):)?([^-]+)-(.*)$/.exec(evr) ?? [];
  const attributes = `flags="${flags[operator]}" epoch="${epoch}" ver="${escapeXml(version)}" rel="${escapeXml(release)}"`;
  return `<rpm:entry name="${escapeXml(name)}" ${attributes}${pre}/>\n`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
