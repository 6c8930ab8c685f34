/** The OpenPGP keys of a repository, as ASCII-armoured texts. */
import { RpmociError } from "../errors.js";
import type { RepositoryKeys } from "../model/lockfile.js";
import type { RepositoryConfig } from "../model/repository.js";
import type { TransferOptions, Transport } from "../model/transport.js";

const ARMOURED_KEY = /-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g;

/** Fetches the keys of a repository; none when it does not check signatures. Throws an `RpmociError` that names the URL. */
export async function fetchKeys(config: RepositoryConfig, transport: Transport): Promise<RepositoryKeys> {
  if (!config.gpgcheck) return { gpgcheck: false, keys: [] };
  const texts = await Promise.all(
    config.gpgkeys.map(async (url) => {
      const bytes = await transport.readBytes(
        [url],
        `the key ${url} of repository "${config.id}"`,
        transferFor(url, config),
      );
      const keys = bytes.toString("latin1").replaceAll("\r\n", "\n").match(ARMOURED_KEY);
      if (keys !== null) return keys;
      throw new RpmociError(`${url} (gpgkey of repository "${config.id}") holds no ASCII-armoured public key`, {
        kind: "fetch",
        code: "KEY_INVALID",
      });
    }),
  );
  return { gpgcheck: true, keys: [...new Set(texts.flat())].map((key) => `${key}\n`) };
}

/** Keys often lie on another host, which the repository's credentials are not for. */
function transferFor(url: string, config: RepositoryConfig): TransferOptions {
  const { origin } = new URL(url);
  const own = config.baseUrls.some((base) => new URL(base).origin === origin);
  return own ? config.transfer : { ...config.transfer, credentials: undefined };
}
