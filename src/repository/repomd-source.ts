/** Where repomd.xml comes from: the first mirror whose copy is the right one. */
import { createHash } from "node:crypto";
import { RpmociError } from "../errors.js";
import type { RepositoryConfig } from "../model/repository.js";
import type { Transport } from "../model/transport.js";
import { withoutCredentials } from "../model/url.js";
import { fetchKeyTexts } from "./keys.js";
import { findMirrors, type VouchedFile } from "./mirrors.js";
import { verifyRepomd } from "./repomd-signature.js";

export interface FetchedRepomd {
  /** Mirrors that answered or may answer, the preferred first. */
  readonly baseUrls: readonly string[];
  readonly bytes: Buffer;
  /** The file of its signatures; null where none was asked for. */
  readonly signature: Buffer | null;
}

/**
 * The first repomd.xml that its mirror's signature and the metalink vouch for, as far as they are asked for. A mirror may
 * lag behind the metalink, or be in the middle of an update: then the next one has its turn. Throws an `RpmociError` of
 * kind `fetch` or `verify`. Keys are kept in `directory`.
 */
export async function fetchRepomd(
  config: RepositoryConfig,
  transport: Transport,
  directory: string,
): Promise<FetchedRepomd> {
  const mirrors = await findMirrors(config, transport);
  const keys = config.repoGpgcheck ? await fetchKeyTexts(config, transport, { directory, reuse: false }) : [];
  const refusals: RpmociError[] = [];
  for (const base of mirrors.baseUrls) {
    try {
      return { baseUrls: mirrors.baseUrls, ...(await fetchFrom(base, config, mirrors.repomd, keys, transport)) };
    } catch (error) {
      if (!(error instanceof RpmociError && (error.kind === "fetch" || error.kind === "verify"))) throw error;
      refusals.push(error);
    }
  }
  throw mostTelling(config, refusals);
}

async function fetchFrom(
  base: string,
  config: RepositoryConfig,
  vouched: readonly VouchedFile[],
  keys: readonly string[],
  transport: Transport,
): Promise<Omit<FetchedRepomd, "baseUrls">> {
  const url = `${base}/repodata/repomd.xml`;
  const bytes = await transport.readBytes([url], `the metadata of repository "${config.id}"`, config.transfer);
  if (vouched.length > 0 && !vouched.some((file) => isThisFile(file, bytes))) {
    throw new RpmociError(`no mirror of repository "${config.id}" has the repomd.xml that its metalink vouches for`, {
      kind: "fetch",
      code: "MIRRORS_OUTDATED",
    });
  }
  if (!config.repoGpgcheck) return { bytes, signature: null };
  const what = `the signature of the metadata of repository "${config.id}"`;
  const signature = await transport.readBytes([`${url}.asc`], what, config.transfer);
  await verifyRepomd(config.id, bytes, signature, keys);
  return { bytes, signature };
}

function isThisFile({ checksum, size }: VouchedFile, bytes: Buffer): boolean {
  if (size !== undefined && size !== bytes.length) return false;
  return createHash(checksum.algorithm).update(bytes).digest("hex") === checksum.value;
}

/** A mirror that offered wrong bytes tells more than one that lags behind, and that one more than one that is down. */
function mostTelling(config: RepositoryConfig, refusals: readonly RpmociError[]): RpmociError {
  const chosen =
    refusals.find(({ kind }) => kind === "verify") ??
    refusals.find(({ code }) => code === "MIRRORS_OUTDATED") ??
    refusals[0];
  if (chosen === undefined) return invalidRepomd(config, "no mirror is known");
  const others = refusals.filter(({ message }) => message !== chosen.message).map(({ message }) => message);
  if (others.length === 0) return chosen;
  const { message, kind, code, hint } = chosen;
  return new RpmociError(message, { kind, code, hint, details: [...new Set(others)] });
}

export function invalidRepomd(config: RepositoryConfig, reason: string): RpmociError {
  return new RpmociError(`the repomd.xml of repository "${config.id}" is not valid: ${reason}`, {
    kind: "fetch",
    code: "METADATA_INVALID",
    hint: `is ${withoutCredentials(config.baseUrls[0] ?? config.mirrorSource?.url ?? "its URL")} the base of a repository?`,
  });
}
