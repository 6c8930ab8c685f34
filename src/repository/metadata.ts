/** A repository's metadata: its repomd.xml, fetched or kept from before, and the files that it names by checksum. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import type { ModuleMetadata } from "../model/modules.js";
import type { RepositoryConfig, RepositoryMetadata } from "../model/repository.js";
import type { Transport } from "../model/transport.js";
import type { OpenContents } from "../native/binding.js";
import { writeCacheFile } from "./cache-file.js";
import { keepRepomd, readKeptRepomd } from "./kept-repomd.js";
import { fetchKeyTexts } from "./keys.js";
import { InvalidRepomd, type MetadataFile, parseRepomd, type Repomd } from "./repomd.js";
import { verifyRepomd } from "./repomd-signature.js";
import { type FetchedRepomd, fetchRepomd, invalidRepomd } from "./repomd-source.js";

export interface MetadataOptions {
  /** A folder of the cache, which several processes may use. */
  readonly directory: string;
  /** Asks the repository even when what was kept of it has not expired. */
  readonly refresh: boolean;
  /** Takes what was kept at any age; false by default. */
  readonly expired?: boolean;
}

/** The same comps data, by what is smallest to download. */
const GROUP_TYPES = ["group_zst", "group_xz", "group_bz2", "group_gz", "group"] as const;

/**
 * The metadata of a repository, its repomd.xml written into the directory. Null for one that is not available and may be
 * skipped. Throws an `RpmociError` of kind `fetch` or `verify` that names the repository.
 */
export async function fetchMetadata(
  config: RepositoryConfig,
  transport: Transport,
  options: MetadataOptions,
  emit: Emit,
): Promise<RepositoryMetadata | null> {
  emit({ type: "metadata-started", repositoryId: config.id });
  try {
    const kept = options.refresh ? null : await useKept(config, transport, options, emit);
    return kept ?? (await fetchAll(config, transport, options.directory));
  } catch (error) {
    if (!(config.skipIfUnavailable && error instanceof RpmociError && error.kind === "fetch")) throw error;
    emit({ type: "warning", message: `repository "${config.id}" is skipped: ${messageOf(error)}` });
    return null;
  }
}

/** Null when nothing was kept, or when a file that it names can neither be found in the cache nor be had any more. */
async function useKept(
  config: RepositoryConfig,
  transport: Transport,
  { directory, expired = false }: MetadataOptions,
  emit: Emit,
): Promise<RepositoryMetadata | null> {
  const kept = await readKeptRepomd(directory, config, { expired });
  if (kept === null) return null;
  try {
    if (config.repoGpgcheck && kept.signature !== null) {
      await verifyRepomd(
        config.id,
        kept.bytes,
        kept.signature,
        await fetchKeyTexts(config, transport, { directory, reuse: true }),
      );
    }
    const metadata = await fetchFiles(config, kept, transport, directory);
    emit({ type: "metadata-reused", repositoryId: config.id, age: kept.age });
    return { ...metadata, kept: true };
  } catch (error) {
    if (!(error instanceof RpmociError && (error.kind === "fetch" || error.kind === "verify"))) throw error;
    emit({ type: "debug", message: `what was kept of repository "${config.id}" is of no use: ${messageOf(error)}` });
    return null;
  }
}

async function fetchAll(
  config: RepositoryConfig,
  transport: Transport,
  directory: string,
): Promise<RepositoryMetadata> {
  const fetched = await fetchRepomd(config, transport, directory);
  const metadata = await fetchFiles(config, fetched, transport, directory);
  await keepRepomd(directory, config, fetched);
  return metadata;
}

async function fetchFiles(
  config: RepositoryConfig,
  { baseUrls, bytes }: FetchedRepomd,
  transport: Transport,
  directory: string,
): Promise<RepositoryMetadata> {
  const repomd = parse(config, bytes);
  const fetchFile = (type: string, file: MetadataFile): Promise<string> =>
    transport.fetchFile({
      urls: async () => baseUrls.map((base) => `${base}/${file.location}`),
      checksum: file.checksum,
      size: file.size,
      what: `the ${type} metadata of repository "${config.id}"`,
      transfer: config.transfer,
    });
  const primary = repomd.get("primary");
  if (primary === undefined) throw invalidRepomd(config, "it names no primary metadata");
  const filelists = repomd.get("filelists");
  const groups = GROUP_TYPES.map((type) => repomd.get(type)).find((file) => file !== undefined);
  const advisories = repomd.get("updateinfo");
  const modules = repomd.get("modules");
  const repomdPath = join(directory, `${createHash("sha256").update(bytes).digest("hex")}-repomd.xml`);
  // Before the files that it names are looked for: they stay in the cache as long as it does.
  await writeCacheFile(repomdPath, bytes);
  const primaryPath = await fetchFile("primary", primary);
  return {
    config,
    baseUrls,
    files: {
      id: config.id,
      priority: config.priority,
      cost: config.cost,
      repomd: repomdPath,
      primary: primaryPath,
      primaryContents: contentsOf(primary),
      filelists: null,
      filelistsOnDemand: filelists !== undefined,
      filelistsContents: filelists === undefined ? undefined : contentsOf(filelists),
      includePackages: config.includePackages,
      excludePackages: config.excludePackages,
      moduleHotfixes: config.moduleHotfixes,
    },
    kept: false,
    fetchFilelists: filelists === undefined ? null : () => fetchFile("filelists", filelists),
    fetchGroups: groups === undefined ? null : () => fetchFile("groups", groups),
    fetchAdvisories: advisories === undefined ? null : () => fetchFile("updateinfo", advisories),
    modules:
      modules === undefined
        ? null
        : await modulesIn(await fetchFile("modules", modules), modules, config.id, directory),
  };
}

async function modulesIn(path: string, file: MetadataFile, id: string, directory: string): Promise<ModuleMetadata> {
  // The parser for YAML takes a while to load, and most repositories need none.
  const { readModules } = await import("./modules.js");
  return readModules(path, id, join(directory, `${file.checksum.value}-modules-1.json`));
}

function contentsOf({ location, openSize, openChecksum }: MetadataFile): OpenContents {
  return { location, openSize, openChecksum };
}

function parse(config: RepositoryConfig, bytes: Buffer): Repomd {
  try {
    return parseRepomd(bytes.toString("utf8"));
  } catch (error) {
    if (error instanceof InvalidRepomd) throw invalidRepomd(config, error.message);
    throw error;
  }
}
