/** Reads images with other people's eyes: a layer's entries as Python's tarfile sees them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ImageConfig, ImageIndex, ImageManifest } from "../../src/model/descriptor.js";
import { runSuccessfully } from "./run.js";

export function readIndex(layout: string): ImageIndex {
  return JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
}

/** The digest of the image manifest that a tag names; null when there is none. */
export function digestOf(layout: string, tag: string): string | null {
  const entry = readIndex(layout).manifests.find(
    ({ annotations }) => annotations?.["org.opencontainers.image.ref.name"] === tag,
  );
  return entry?.digest ?? null;
}

export function blobPath(layout: string, digest: string): string {
  return join(layout, "blobs", "sha256", digest.replace("sha256:", ""));
}

/** A document among a layout's blobs. */
export function readBlob<T>(layout: string, digest: string): T {
  return JSON.parse(readFileSync(blobPath(layout, digest), "utf8"));
}

export function readImage(layout: string, tag: string): { manifest: ImageManifest; config: ImageConfig } {
  const manifest = readBlob<ImageManifest>(layout, digestOf(layout, tag) ?? "no such tag");
  return { manifest, config: readBlob<ImageConfig>(layout, manifest.config.digest) };
}

export interface TarEntry {
  /** Without a slash at the end. */
  readonly name: string;
  readonly type: "file" | "directory" | "symlink" | "hardlink" | "other";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly link: string;
  readonly pax: Readonly<Record<string, string>>;
  /** Of regular files up to 64 KiB, or as much as was asked for, each byte a character. */
  readonly content: string;
}

const READER = `
import json, sys, tarfile
kinds = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "directory", tarfile.SYMTYPE: "symlink", tarfile.LNKTYPE: "hardlink"}
entries = []
with tarfile.open(sys.argv[1], "r:*") as tar:
    for m in tar:
        content = tar.extractfile(m).read().decode("latin1") if m.isreg() and m.size <= int(sys.argv[2]) else ""
        entries.append(dict(name=m.name.rstrip("/"), type=kinds.get(m.type, "other"), mode=m.mode, uid=m.uid, gid=m.gid,
                            size=m.size, mtime=m.mtime, link=m.linkname, pax=m.pax_headers, content=content))
json.dump(entries, sys.stdout)
`;

/** The entries of an image's layer, which is its only one, by path (`etc/os-release`). */
export async function layerEntries(
  layout: string,
  tag: string,
  { largest = 65536, index = 0 } = {},
): Promise<ReadonlyMap<string, TarEntry>> {
  const { manifest } = readImage(layout, tag);
  const layer = manifest.layers.at(index);
  const text = await runSuccessfully("python3", ["-c", READER, blobPath(layout, layer?.digest ?? ""), String(largest)]);
  const entries: readonly TarEntry[] = JSON.parse(text);
  return new Map(entries.map((entry) => [entry.name.replace(/^\.\//, ""), entry]));
}
