/** Which image the same inputs gave before, so that an unchanged one need not be built again. */
import { createHash } from "node:crypto";
import { readFile, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDirectory } from "../directories.js";
import { checksumOf } from "../fetch/store.js";
import { formatLockfile } from "../lockfile/write.js";
import type { Annotations, Digest } from "../model/descriptor.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import type { PathEntry, SourceContents } from "../model/root-shape.js";
import { replaceFile } from "../processes.js";
import { version } from "../version.js";

export interface ImageInputs {
  readonly manifest: Manifest;
  readonly lock: Lockfile;
  readonly labels: Readonly<Record<string, string>>;
  /** Of several places; the later win. */
  readonly annotations: readonly (Annotations | undefined)[];
  readonly sources: SourceContents;
  /** Paths of RPM files, in the order of the manifest. */
  readonly localPackages: readonly string[];
  /** As it is in the environment: without it, an image keeps the time of its first build. */
  readonly sourceDateEpoch: string | undefined;
}

/** 64 hexadecimal digits: equal inputs have the same, wherever the files are. */
export async function imageKey(inputs: ImageInputs): Promise<string> {
  const { lock, labels, annotations, sources, localPackages, sourceDateEpoch = null } = inputs;
  const { repositories, requireSigned, docs, langs, exclude, removeFiles, image, layers, accounts, paths, policy } =
    inputs.manifest;
  const checksums = await Promise.all(localPackages.map((path) => checksumOf(path, "sha256")));
  // Whoever asks for signatures now, or has another policy, must not get an image that was made without.
  const trust = [repositories, requireSigned, policy];
  const contents = [
    docs,
    langs,
    exclude,
    removeFiles,
    accounts,
    paths.map((entry) => withDigest(entry, sources)),
    sources.certificates,
    checksums,
  ];
  const result = [image, layers, labels, annotations, sourceDateEpoch];
  const parts = [version(), formatLockfile(lock), trust, contents, result];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** What a file holds counts, not where it is. */
function withDigest(entry: PathEntry, { digests }: SourceContents): unknown {
  if (entry.type !== "file" || entry.source === undefined) return entry;
  return { ...entry, source: digests.get(entry.source.path) };
}

/** A directory of small files, in the cache. */
export class ImageRecords {
  constructor(readonly directory: string) {}

  /** The digest of the image manifest; null when there is none. */
  async find(key: string): Promise<Digest | null> {
    const path = join(this.directory, key);
    const text = await readFile(path, "utf8").catch(() => "");
    if (!/^sha256:[0-9a-f]{64}$/.test(text)) return null;
    const now = new Date();
    await utimes(path, now, now).catch(() => {});
    return text as Digest;
  }

  /** Without effect where the cache cannot be written. */
  async write(key: string, digest: Digest): Promise<void> {
    const path = join(this.directory, key);
    try {
      await makeDirectory(dirname(path));
      await replaceFile(path, digest);
    } catch {
      // The image is built anew the next time.
    }
  }
}
