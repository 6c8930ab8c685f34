/** Fetches a repository's metadata: repomd.xml afresh, the files that it names by their checksums. */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../directories.js";
import { messageOf, RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import type { Checksum } from "../model/checksum.js";
import type { ModuleMetadata } from "../model/modules.js";
import type { RepositoryConfig, RepositoryMetadata } from "../model/repository.js";
import type { Transport } from "../model/transport.js";
import { withoutCredentials } from "../model/url.js";
import { fetchKeyTexts } from "./keys.js";
import { findMirrors, type Mirrors } from "./mirrors.js";
import { InvalidRepomd, type MetadataFile, parseRepomd, type Repomd } from "./repomd.js";
import { verifyRepomd } from "./repomd-signature.js";

/**
 * The metadata of a repository, its repomd.xml written into `directory`. Null for one that is not available and may be
 * skipped. Throws an `RpmociError` of kind `fetch` or `verify` that names the repository.
 */
export async function fetchMetadata(
  config: RepositoryConfig,
  transport: Transport,
  directory: string,
  emit: Emit,
): Promise<RepositoryMetadata | null> {
  emit({ type: "metadata-started", repositoryId: config.id });
  try {
    return await fetchAll(config, transport, directory);
  } catch (error) {
    if (!(config.skipIfUnavailable && error instanceof RpmociError && error.kind === "fetch")) throw error;
    emit({ type: "warning", message: `repository "${config.id}" is skipped: ${messageOf(error)}` });
    return null;
  }
}

async function fetchAll(
  config: RepositoryConfig,
  transport: Transport,
  directory: string,
): Promise<RepositoryMetadata> {
  const mirrors = await findMirrors(config, transport);
  const bytes = await readRepomd(config, mirrors, transport);
  const repomd = parse(config, bytes);
  const fetchFile = (type: string, file: MetadataFile): Promise<string> =>
    transport.fetchFile({
      urls: async () => mirrors.baseUrls.map((base) => `${base}/${file.location}`),
      checksum: file.checksum,
      what: `the ${type} metadata of repository "${config.id}"`,
      transfer: config.transfer,
    });
  const primary = repomd.get("primary");
  if (primary === undefined) throw invalid(config, "it names no primary metadata");
  const filelists = repomd.get("filelists");
  const modules = repomd.get("modules");
  const [primaryPath, filelistsPath, modulesPath] = await Promise.all([
    fetchFile("primary", primary),
    filelists === undefined ? null : fetchFile("filelists", filelists),
    modules === undefined ? null : fetchFile("modules", modules),
  ]);
  const digest = createHash("sha256").update(bytes).digest("hex");
  await makeDirectory(directory);
  const repomdPath = join(directory, `${digest}-repomd.xml`);
  await writeFile(repomdPath, bytes);
  return {
    config,
    baseUrls: mirrors.baseUrls,
    files: {
      id: config.id,
      priority: config.priority,
      cost: config.cost,
      repomd: repomdPath,
      primary: primaryPath,
      filelists: filelistsPath,
      includePackages: config.includePackages,
      excludePackages: config.excludePackages,
      moduleHotfixes: config.moduleHotfixes,
    },
    modules:
      modules === undefined || modulesPath === null
        ? null
        : await modulesIn(modulesPath, modules, config.id, directory),
  };
}

async function modulesIn(path: string, file: MetadataFile, id: string, directory: string): Promise<ModuleMetadata> {
  // The parser for YAML takes a while to load, and most repositories need none.
  const { readModules } = await import("./modules.js");
  return readModules(path, id, join(directory, `${file.checksum.value}-modules-1.json`));
}

/**
 * The first repomd.xml that its mirror's signature and the metalink vouch for, as far as they are asked for. A mirror may
 * lag behind the metalink, or be in the middle of an update: then the next one has its turn.
 */
async function readRepomd(config: RepositoryConfig, mirrors: Mirrors, transport: Transport): Promise<Buffer> {
  const keys = config.repoGpgcheck ? await fetchKeyTexts(config, transport) : [];
  const refusals: RpmociError[] = [];
  for (const base of mirrors.baseUrls) {
    try {
      return await readRepomdOf(base, config, mirrors.repomd, keys, transport);
    } catch (error) {
      if (!(error instanceof RpmociError && (error.kind === "fetch" || error.kind === "verify"))) throw error;
      refusals.push(error);
    }
  }
  throw mostTelling(config, refusals);
}

async function readRepomdOf(
  base: string,
  config: RepositoryConfig,
  vouched: readonly Checksum[],
  keys: readonly string[],
  transport: Transport,
): Promise<Buffer> {
  const url = `${base}/repodata/repomd.xml`;
  const bytes = await transport.readBytes([url], `the metadata of repository "${config.id}"`, config.transfer);
  const hashed = (algorithm: string): string => createHash(algorithm).update(bytes).digest("hex");
  if (vouched.length > 0 && !vouched.some(({ algorithm, value }) => hashed(algorithm) === value)) {
    throw new RpmociError(`no mirror of repository "${config.id}" has the repomd.xml that its metalink vouches for`, {
      kind: "fetch",
      code: "MIRRORS_OUTDATED",
    });
  }
  if (config.repoGpgcheck) {
    const what = `the signature of the metadata of repository "${config.id}"`;
    await verifyRepomd(config.id, bytes, await transport.readBytes([`${url}.asc`], what, config.transfer), keys);
  }
  return bytes;
}

/** A mirror that offered wrong bytes tells more than one that lags behind, and that one more than one that is down. */
function mostTelling(config: RepositoryConfig, refusals: readonly RpmociError[]): RpmociError {
  const chosen =
    refusals.find(({ kind }) => kind === "verify") ??
    refusals.find(({ code }) => code === "MIRRORS_OUTDATED") ??
    refusals[0];
  if (chosen === undefined) return invalid(config, "no mirror is known");
  const others = refusals.filter(({ message }) => message !== chosen.message).map(({ message }) => message);
  if (others.length === 0) return chosen;
  const { message, kind, code, hint } = chosen;
  return new RpmociError(message, { kind, code, hint, details: [...new Set(others)] });
}

function parse(config: RepositoryConfig, bytes: Buffer): Repomd {
  try {
    return parseRepomd(bytes.toString("utf8"));
  } catch (error) {
    if (error instanceof InvalidRepomd) throw invalid(config, error.message);
    throw error;
  }
}

function invalid(config: RepositoryConfig, reason: string): RpmociError {
  return new RpmociError(`the repomd.xml of repository "${config.id}" is not valid: ${reason}`, {
    kind: "fetch",
    code: "METADATA_INVALID",
    hint: `is ${withoutCredentials(config.baseUrls[0] ?? config.mirrorSource?.url ?? "its URL")} the base of a repository?`,
  });
}
