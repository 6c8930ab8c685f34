/** Repositories of metadata alone: packages and modules out of plain objects, for what is resolved and never fetched. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

export interface MetadataPackage {
  readonly name: string;
  /** `[epoch:]version-release`; `1-1` if absent. */
  readonly evr?: string;
  /** `noarch` if absent. */
  readonly arch?: string;
  /** Names without versions. */
  readonly requires?: readonly string[];
  readonly provides?: readonly string[];
}

export interface ModuleDocument {
  readonly name: string;
  readonly stream: string;
  readonly version?: number;
  readonly context?: string;
  readonly arch?: string;
  readonly staticContext?: boolean;
  /** Streams by module; in any when empty. */
  readonly requires?: Readonly<Record<string, readonly string[]>>;
  readonly artifacts?: readonly string[];
  readonly demodularized?: readonly string[];
  readonly profiles?: Readonly<Record<string, readonly string[]>>;
}

/** Writes `repodata/` for packages that do not exist. `modules` is YAML; none if absent. */
export function writeMetadata(folder: string, packages: readonly MetadataPackage[], modules?: string): void {
  mkdirSync(join(folder, "repodata"), { recursive: true });
  const elements = {
    primary: `<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${packages.length}">${packages.map(primaryOf).join("\n")}</metadata>`,
    filelists: `<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="${packages.length}">${packages.map(filelistsOf).join("\n")}</filelists>`,
  };
  const data = [
    ...Object.entries(elements).map(([type, xml]) => writeFile(folder, type, `${type}.xml.gz`, `${XML}${xml}`)),
    ...(modules === undefined ? [] : [writeFile(folder, "modules", "modules.yaml.gz", modules)]),
  ];
  writeFileSync(
    join(folder, "repodata/repomd.xml"),
    `${XML}<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>${data.join("")}</repomd>`,
  );
}

const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';

function writeFile(folder: string, type: string, name: string, text: string): string {
  const bytes = gzipSync(text);
  writeFileSync(join(folder, "repodata", name), bytes);
  const sums = `<checksum type="sha256">${sha256(bytes)}</checksum><open-checksum type="sha256">${sha256(text)}</open-checksum>`;
  const sizes = `<size>${bytes.length}</size><open-size>${Buffer.byteLength(text)}</open-size>`;
  return `<data type="${type}">${sums}<location href="repodata/${name}"/><timestamp>1</timestamp>${sizes}</data>`;
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function versionOf({ evr = "1-1" }: MetadataPackage): string {
  const [, epoch = "0", version, release] = /^(?:(\d+):)?([^-]+)-(.+)$/.exec(evr) ?? [];
  return `epoch="${epoch}" ver="${version}" rel="${release}"`;
}

function pkgidOf({ name, evr, arch }: MetadataPackage): string {
  return sha256(JSON.stringify([name, evr, arch]));
}

function primaryOf(entry: MetadataPackage): string {
  const { name, evr = "1-1", arch = "noarch", requires = [], provides = [] } = entry;
  const own = versionOf(entry).replace("epoch", 'flags="EQ" epoch');
  const names = (list: readonly string[]): string => list.map((text) => `<rpm:entry name="${text}"/>`).join("");
  return `<package type="rpm"><name>${name}</name><arch>${arch}</arch><version ${versionOf(entry)}/>
<checksum type="sha256" pkgid="YES">${pkgidOf(entry)}</checksum><summary>A package</summary><description/><packager/><url/>
<time file="1" build="1"/><size package="1" installed="1" archive="1"/><location href="${name}-${evr.replace(/^\d+:/, "")}.${arch}.rpm"/>
<format><rpm:license>MIT</rpm:license><rpm:vendor/><rpm:group/><rpm:buildhost/><rpm:sourcerpm>${name}.src.rpm</rpm:sourcerpm>
<rpm:header-range start="1" end="2"/><rpm:provides><rpm:entry name="${name}" ${own}/>${names(provides)}</rpm:provides>
<rpm:requires>${names(requires)}</rpm:requires></format></package>`;
}

function filelistsOf(entry: MetadataPackage): string {
  const { name, arch = "noarch" } = entry;
  return `<package pkgid="${pkgidOf(entry)}" name="${name}" arch="${arch}"><version ${versionOf(entry)}/></package>`;
}

/** A `modulemd` document of version 2. */
export function moduleYaml(module: ModuleDocument): string {
  const { name, stream, version = 1, context = "c0ffee", arch = "x86_64" } = module;
  const list = (texts: readonly string[]): string => JSON.stringify(texts);
  const requires = Object.entries(module.requires ?? {}).map(
    ([key, streams]) => `${JSON.stringify(key)}: ${list(streams)}`,
  );
  const profiles = Object.entries(module.profiles ?? {}).map(([key, rpms]) => `${key}: {rpms: ${list(rpms)}}`);
  return `---
document: modulemd
version: 2
data:
  name: ${name}
  stream: "${stream}"
  version: ${version}
  context: ${context}
  arch: ${arch}
  static_context: ${module.staticContext === true}
  summary: A module
  description: A module
  license: {module: [MIT]}
  dependencies: [{requires: {${requires.join(", ")}}}]
  profiles: {${profiles.join(", ")}}
  demodularized: {rpms: ${list(module.demodularized ?? [])}}
  artifacts: {rpms: ${list(module.artifacts ?? [])}}
...
`;
}

/** A `modulemd-defaults` document. */
export function defaultsYaml(module: string, stream: string, modified?: number): string {
  const time = modified === undefined ? "" : `  modified: ${modified}\n`;
  return `---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: ${module}\n${time}  stream: "${stream}"\n...\n`;
}
