/** The OpenPGP keys of a repository, as ASCII-armoured texts. */
import { RpmociError } from "../errors.js";
import type { RepositoryKeys } from "../model/lockfile.js";
import type { RepositoryConfig } from "../model/repository.js";
import type { TransferOptions, Transport } from "../model/transport.js";
import { withoutCredentials } from "../model/url.js";

const ARMOURED_KEY = /-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g;

/**
 * The keys that packages of a repository must be signed with; none are fetched when it does not check that. Throws an
 * `RpmociError` that names the URL.
 */
export async function fetchKeys(config: RepositoryConfig, transport: Transport): Promise<RepositoryKeys> {
  if (!config.gpgcheck) return { gpgcheck: false, keys: [] };
  return { gpgcheck: true, keys: await fetchKeyTexts(config, transport) };
}

/** Fetches all keys of a repository, one a text, each once. Throws an `RpmociError` that names the URL. */
export async function fetchKeyTexts(config: RepositoryConfig, transport: Transport): Promise<readonly string[]> {
  const texts = await Promise.all(
    config.gpgkeys.map(async (url) => {
      const shown = withoutCredentials(url);
      const bytes = await transport.readBytes(
        [url],
        `the key ${shown} of repository "${config.id}"`,
        transferFor(url, config),
      );
      const keys = bytes.toString("latin1").replaceAll("\r\n", "\n").match(ARMOURED_KEY);
      if (keys !== null) return keys;
      throw new RpmociError(`${shown} (gpgkey of repository "${config.id}") holds no ASCII-armoured public key`, {
        kind: "fetch",
        code: "KEY_INVALID",
      });
    }),
  );
  return [...new Set(texts.flat())].map((key) => `${key}\n`);
}

/** Keys often lie on another host, which the repository's credentials are not for. */
function transferFor(url: string, config: RepositoryConfig): TransferOptions {
  const { origin } = new URL(url);
  const own = config.baseUrls.some((base) => new URL(base).origin === origin);
  return own ? config.transfer : { ...config.transfer, credentials: undefined, headers: {} };
}
