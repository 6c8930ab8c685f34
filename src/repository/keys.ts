/** The OpenPGP keys of a repository, as ASCII-armoured texts. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RpmociError } from "../errors.js";
import type { RepositoryKeys } from "../model/lockfile.js";
import type { RepositoryConfig } from "../model/repository.js";
import type { TransferOptions, Transport } from "../model/transport.js";
import { withoutCredentials } from "../model/url.js";
import { touch, writeCacheFile } from "./cache-file.js";

const ARMOURED_KEY = /-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g;

export interface KeyOptions {
  /** The folder of the cache that fetched keys are kept in. */
  readonly directory: string;
  /** Takes keys that an earlier run fetched, as is right for metadata of an earlier run. */
  readonly reuse: boolean;
}

/**
 * The keys that packages of a repository must be signed with; none are fetched when it does not check that. Throws an
 * `RpmociError` that names the URL.
 */
export async function fetchKeys(
  config: RepositoryConfig,
  transport: Transport,
  options: KeyOptions,
): Promise<RepositoryKeys> {
  if (!config.gpgcheck) return { gpgcheck: false, keys: [] };
  return { gpgcheck: true, keys: await fetchKeyTexts(config, transport, options) };
}

/** All keys of a repository, one a text, each once. Throws an `RpmociError` that names the URL. */
export async function fetchKeyTexts(
  config: RepositoryConfig,
  transport: Transport,
  options: KeyOptions,
): Promise<readonly string[]> {
  const texts = await Promise.all(config.gpgkeys.map((url) => readKeys(url, config, transport, options)));
  return [...new Set(texts.flat())].map((key) => `${key}\n`);
}

async function readKeys(
  url: string,
  config: RepositoryConfig,
  transport: Transport,
  { directory, reuse }: KeyOptions,
): Promise<readonly string[]> {
  const path = join(directory, `${createHash("sha256").update(url).digest("hex")}.key`);
  const isLocal = new URL(url).protocol === "file:";
  const kept = reuse && !isLocal ? keysIn(await readFile(path).catch(() => null)) : null;
  if (kept !== null) {
    await touch(path);
    return kept;
  }
  const shown = withoutCredentials(url);
  const what = `the key ${shown} of repository "${config.id}"`;
  const bytes = await transport.readBytes([url], what, transferFor(url, config));
  const keys = keysIn(bytes);
  if (keys === null) {
    throw new RpmociError(`${shown} (gpgkey of repository "${config.id}") holds no ASCII-armoured public key`, {
      kind: "fetch",
      code: "KEY_INVALID",
    });
  }
  if (!isLocal) await writeCacheFile(path, bytes);
  return keys;
}

function keysIn(bytes: Buffer | null): readonly string[] | null {
  return bytes?.toString("latin1").replaceAll("\r\n", "\n").match(ARMOURED_KEY) ?? null;
}

/** Keys often lie on another host, which the repository's credentials are not for. */
function transferFor(url: string, config: RepositoryConfig): TransferOptions {
  const { origin } = new URL(url);
  const own = config.baseUrls.some((base) => new URL(base).origin === origin);
  return own ? config.transfer : { ...config.transfer, credentials: undefined, headers: {} };
}
