/** The repomd.xml that a repository gave last, kept between runs for as long as `metadata_expire` says. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RepositoryConfig } from "../model/repository.js";
import { touch, writeCacheFile } from "./cache-file.js";
import type { FetchedRepomd } from "./repomd-source.js";

/** Changes with the shape of the file. */
const FORMAT = 1;

interface KeptFile {
  readonly fetched: number;
  /** Mirrors that a mirrorlist or metalink named; base URLs come from the configuration. */
  readonly mirrors: readonly string[] | null;
  /** Base64, since signatures are over bytes. */
  readonly repomd: string;
  readonly signature: string | null;
}

export interface KeptRepomd extends FetchedRepomd {
  /** Seconds since it was fetched. */
  readonly age: number;
}

/**
 * What was kept of the repository, unless it has expired: by its age, because the file that defines the repository was
 * changed since (as in dnf), or because it lacks the signature that is asked for now. What cannot be read counts as
 * absent. With `expired`, it is taken at any age. A signature is as it was fetched: it must be verified again.
 */
export async function readKeptRepomd(
  directory: string,
  config: RepositoryConfig,
  { expired }: { readonly expired: boolean },
): Promise<KeptRepomd | null> {
  const path = pathFor(directory, config);
  const kept = await readKept(path);
  if (kept === null) return null;
  await touch(path);
  const now = Date.now();
  const { fetched, mirrors, signature } = kept;
  if (!expired && isExpired(fetched, now, config)) return null;
  if (config.repoGpgcheck && signature === null) return null;
  return {
    age: Math.floor((now - fetched) / 1000),
    baseUrls: mirrors ?? config.baseUrls,
    bytes: Buffer.from(kept.repomd, "base64"),
    signature: signature === null ? null : Buffer.from(signature, "base64"),
  };
}

/** Times in milliseconds since the epoch. */
function isExpired(fetched: number, now: number, { definedAt, metadataExpire }: RepositoryConfig): boolean {
  // A clock that was set back must not make it last.
  if (fetched > now || fetched < definedAt) return true;
  return metadataExpire !== null && now - fetched > metadataExpire * 1000;
}

async function readKept(path: string): Promise<KeptFile | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as KeptFile;
  } catch {
    return null;
  }
}

/** Keeps what was fetched just now, atomically; of several processes the last one wins. */
export async function keepRepomd(directory: string, config: RepositoryConfig, fetched: FetchedRepomd): Promise<void> {
  const kept: KeptFile = {
    fetched: Date.now(),
    mirrors: config.mirrorSource === null ? null : fetched.baseUrls,
    repomd: fetched.bytes.toString("base64"),
    signature: fetched.signature?.toString("base64") ?? null,
  };
  await writeCacheFile(pathFor(directory, config), JSON.stringify(kept));
}

/** Repositories are told apart by their ids and by where they are, so that another release is another one. */
function pathFor(directory: string, { id, baseUrls, mirrorSource }: RepositoryConfig): string {
  const identity = JSON.stringify([FORMAT, id, baseUrls, mirrorSource]);
  return join(directory, `${createHash("sha256").update(identity).digest("hex")}.json`);
}
