/** Metadata that says something else than createrepo_c wrote, with the checksums and sizes that go with it. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

export type Edit = (xml: string) => string;

export interface MetadataEdits {
  readonly primary?: Edit;
  readonly filelists?: Edit;
  readonly repomd?: Edit;
}

/** Rewrites the metadata of a repository; its new files are not compressed. */
export function rewriteMetadata(repository: string, edits: MetadataEdits): void {
  const folder = join(repository, "repodata");
  const names = readdirSync(folder);
  const data = (["primary", "filelists"] as const).map((type) => {
    const old = names.find((name) => name.includes(`-${type}.xml`)) ?? "";
    const stored = readFileSync(join(folder, old));
    const xml = (stored[0] === 0x1f ? gunzipSync(stored) : stored).toString();
    const bytes = Buffer.from(edits[type]?.(xml) ?? xml);
    const digest = createHash("sha256").update(bytes).digest("hex");
    rmSync(join(folder, old));
    writeFileSync(join(folder, `${digest}-${type}.xml`), bytes);
    const checksum = `type="sha256">${digest}<`;
    return `<data type="${type}"><checksum ${checksum}/checksum><open-checksum ${checksum}/open-checksum>
<location href="repodata/${digest}-${type}.xml"/><size>${bytes.length}</size><open-size>${bytes.length}</open-size></data>`;
  });
  const repomd = `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>${data.join("")}</repomd>`;
  writeFileSync(join(folder, "repomd.xml"), edits.repomd?.(repomd) ?? repomd);
}

/** The elements of packages in another order. */
export function reorderPackages(xml: string, reorder: (packages: readonly string[]) => readonly string[]): string {
  const packages = xml.match(/<package .*?<\/package>/gs) ?? [];
  const start = xml.indexOf("<package ");
  const end = xml.lastIndexOf("</package>") + "</package>".length;
  return `${xml.slice(0, start)}${reorder(packages).join("\n")}${xml.slice(end)}`;
}
