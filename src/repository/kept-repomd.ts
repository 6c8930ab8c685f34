/** The repomd.xml that a repository gave last, kept between runs for as long as `metadata_expire` says. */
import { createHash, randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { makeDirectory } from "../directories.js";
import { messageOf, RpmociError } from "../errors.js";
import type { RepositoryConfig } from "../model/repository.js";
import { processMark, removeAbandoned } from "../processes.js";
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
 * absent. A signature is as it was fetched: it must be verified again.
 */
export async function readKeptRepomd(directory: string, config: RepositoryConfig): Promise<KeptRepomd | null> {
  const kept = await readKept(pathFor(directory, config));
  if (kept === null) return null;
  const now = Date.now();
  const { fetched, mirrors, signature } = kept;
  // A clock that was set back must not make it last.
  if (fetched > now || fetched < config.definedAt) return null;
  if (config.metadataExpire !== null && now - fetched > config.metadataExpire * 1000) return null;
  if (config.repoGpgcheck && signature === null) return null;
  return {
    age: Math.floor((now - fetched) / 1000),
    baseUrls: mirrors ?? config.baseUrls,
    bytes: Buffer.from(kept.repomd, "base64"),
    signature: signature === null ? null : Buffer.from(signature, "base64"),
  };
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

/** Replaces a file of the cache atomically. Throws an `RpmociError` of kind `environment`. */
export async function writeCacheFile(path: string, content: string | Buffer): Promise<void> {
  const partial = `${path}.${processMark()}.${randomBytes(6).toString("hex")}.part`;
  try {
    await makeDirectory(dirname(path));
    await removeAbandoned(dirname(path), `${basename(path)}.`);
    // URLs of mirrors may hold secrets.
    await writeFile(partial, content, { flag: "wx", mode: 0o600 });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw new RpmociError(`Failed to write to the cache ${dirname(path)}: ${messageOf(error)}`, {
      kind: "environment",
      code: "CACHE_UNWRITABLE",
      hint: "free some space, or name another directory with XDG_CACHE_HOME",
      cause: error,
    });
  }
}
