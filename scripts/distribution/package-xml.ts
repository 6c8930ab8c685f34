/** A Debian package as the entries of an RPM repository's metadata. */
import type { Relation, RelationKind } from "../packaging/recipe.js";
import type { Paragraph } from "./control.js";
import { evrOf } from "./version.js";

/** An entry of `primary`, with those of the package's files that createrepo puts there. */
export function primaryEntry(control: Paragraph, relations: readonly Relation[], files: readonly string[]): string {
  const field = (name: string): string => control.get(name) ?? "";
  const { name, arch, epoch, version, release } = identityOf(control);
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
${xml.join("")}${files.filter(isInPrimary).map(fileXml).join("")}</format>
</package>
`;
}

/** An entry of `filelists`. */
export function filelistsEntry(control: Paragraph, files: readonly string[]): string {
  const { name, arch, epoch, version, release } = identityOf(control);
  return `<package pkgid="${control.get("SHA256")}" name="${escapeXml(name)}" arch="${arch}">
<version epoch="${epoch}" ver="${escapeXml(version)}" rel="${escapeXml(release)}"/>
${files.map(fileXml).join("")}</package>
`;
}

interface Identity {
  readonly name: string;
  readonly arch: string;
  readonly epoch: number;
  readonly version: string;
  readonly release: string;
}

function identityOf(control: Paragraph): Identity {
  const { epoch = 0, version, release } = evrOf(control.get("Version") ?? "");
  const arch = control.get("Architecture") === "all" ? "noarch" : "x86_64";
  return { name: control.get("Package") ?? "", arch, epoch, version, release };
}

/** createrepo's rule. */
function isInPrimary(path: string): boolean {
  return path.startsWith("/etc/") || path.includes("bin/") || path === "/usr/lib/sendmail";
}

function fileXml(path: string): string {
  return `<file>${escapeXml(path)}</file>\n`;
}

const lists = ["provides", "requires", "conflicts", "recommends", "suggests", "enhances"] as const;

/** The list of the metadata that a relation is in. */
export function listOf(kind: RelationKind): string {
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
