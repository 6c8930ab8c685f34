/** The dependencies among the packages of a lockfile, from the repositories' metadata and the RPMs that are here. */
import { RpmociError } from "../errors.js";
import {
  type DependencyGraph,
  type GroupMembers,
  type LockedMatches,
  readGraph,
  unknownPackages,
} from "../explain/graph.js";
import { HttpTransport } from "../fetch/transport.js";
import { fitsManifest } from "../lockfile/fit.js";
import { lockArchitecture, partOf } from "../lockfile/parts.js";
import { readLockfile } from "../lockfile/read.js";
import { loadManifest } from "../manifest/load.js";
import { matchLocalPackages } from "../manifest/local-packages.js";
import { locateRequests } from "../manifest/request-origins.js";
import type { LocatedRequest } from "../model/explanation.js";
import { matchesGlob } from "../model/glob.js";
import type { Lockfile } from "../model/lockfile.js";
import { isGroupSpec, isLocalSpec, type Manifest, manifestFor, OS_RELEASE } from "../model/manifest.js";
import { formatNevra } from "../model/nevra.js";
import type { InstalledPackage } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { OpenRepositories } from "../resolve/resolve.js";
import { type ArchitectureOption, askedArchitecture } from "./architectures.js";
import { basePackages } from "./base-packages.js";
import { type CommonOptions, type Context, contextOf } from "./options.js";
import { Repositories } from "./repositories.js";

export interface LockedGraph {
  readonly manifest: Manifest;
  readonly graph: DependencyGraph;
  /** The packages that the query means; at least one, unless there was no query. */
  readonly found: LockedMatches;
}

type ReadGraph = (opening: Promise<OpenRepositories>) => Promise<Omit<LockedGraph, "manifest">>;

/**
 * Reads the graph of the lockfile beside the manifest, of one architecture. Packages that no repository has any more are described by their
 * RPMs where the cache still has them; of others a warning tells. Throws an `RpmociError`: of kind `lockfile` when there
 * is no lockfile that fits the manifest, of kind `resolve` when `query` means none of its packages.
 */
export async function readLockedGraph(
  options: CommonOptions & ArchitectureOption,
  query: string | null,
): Promise<LockedGraph> {
  const context = contextOf(options);
  const manifest = await loadManifest(options.manifestPath);
  const lock = partOf(await fittingLockfile(manifest), askedArchitecture(options), manifest.lockfilePath);
  return graphOfLock(manifestFor(manifest, lock.arch), lock, query, context);
}

/** As `readLockedGraph`, of a lockfile that need not be written. */
export async function graphOfLock(
  manifest: Manifest,
  lock: Lockfile,
  query: string | null,
  context: Context,
): Promise<LockedGraph> {
  const requests = await requestsOf(manifest, lock);
  const transport = new HttpTransport(context);
  try {
    const repositories = await Repositories.configure(manifest, lockArchitecture(lock), transport, context);
    const local = [...(await matchLocalPackages(manifest, "ignore")).keys()];
    const members = await membersOf(manifest.packages.filter(isGroupSpec), repositories, context);
    const read: ReadGraph = async (opening) => {
      const open = await opening;
      try {
        return await readGraph(open, lock, requests, query, members);
      } finally {
        open.close();
      }
    };
    const { arch, cacheDirectory } = repositories;
    const withoutMetadata = (localPackages: readonly string[]): Promise<OpenRepositories> =>
      OpenRepositories.open([], { arch, localPackages, cacheDirectory });
    let open = (paths: readonly string[]): Promise<OpenRepositories> => repositories.open(paths);
    let result = await read(open(local)).catch((error: unknown) => {
      // Without a network the RPMs in the cache may still tell.
      if (!(error instanceof RpmociError && error.kind === "fetch")) throw error;
      context.emit({ type: "warning", message: `${error.message}; only packages in the cache are known` });
      open = withoutMetadata;
      return read(open(local));
    });
    const cached = await cachedRpms(result.graph, lock, transport);
    if (cached.length > 0) result = await read(open([...local, ...cached]));
    warnOfUnknown(result.graph, lock, context);
    context.signal?.throwIfAborted();
    if (query !== null && result.found.packages.length === 0) {
      throw await notLocked(query, result.found, manifest, lock, context);
    }
    return { manifest, ...result };
  } finally {
    await transport.close();
  }
}

async function fittingLockfile(manifest: Manifest): Promise<Lockfile> {
  const lock = await readLockfile(manifest.lockfilePath);
  if (lock !== null && fitsManifest(lock, manifest)) return lock;
  throw new RpmociError(
    lock === null ? `${manifest.lockfilePath} is missing` : `${manifest.lockfilePath} does not fit the manifest`,
    {
      kind: "lockfile",
      code: lock === null ? "LOCKFILE_MISSING" : "LOCKFILE_OUTDATED",
      hint: "run rpmoci update first",
    },
  );
}

/** What groups mean by what repositories say of them now; a group that cannot be read any more has no members. */
async function membersOf(
  specs: readonly string[],
  repositories: Repositories,
  { emit }: Context,
): Promise<GroupMembers> {
  if (specs.length === 0) return new Map();
  const { expandGroupSpecs } = await import("../repository/group-specs.js");
  const members = specs.map(async (spec): Promise<[string, ReadonlySet<string>]> => {
    try {
      const { members } = expandGroupSpecs([spec], await repositories.comps());
      return [spec, new Set(members.map(({ name }) => name))];
    } catch (error) {
      if (!(error instanceof RpmociError)) throw error;
      emit({ type: "warning", message: `${error.message}; the packages of "${spec}" are not known` });
      return [spec, new Set()];
    }
  });
  return new Map(await Promise.all(members));
}

/** What the manifest asks for, in its order; a local package by its name. */
async function requestsOf(manifest: Manifest, lock: Lockfile): Promise<readonly LocatedRequest[]> {
  const locate = await locateRequests(manifest, lock.localPackages);
  const specs = manifest.packages.filter((spec) => !isLocalSpec(spec));
  const named = manifest.osRelease && !specs.includes(OS_RELEASE) ? [...specs, OS_RELEASE] : specs;
  const paths = [...(await matchLocalPackages(manifest, "ignore")).keys()];
  const headers = await nativeCall(binding().readPackages(paths, []));
  const local = lock.localPackages.map(({ name }) => {
    const present = headers.findIndex((header) => header.name === name);
    return { ...locate({ kind: "local-package", text: paths[present] ?? name }), text: name };
  });
  return [...named.map((text) => locate({ kind: "spec", text })), ...local];
}

/** None where the base cannot be read: what is asked is another question. */
async function packagesOfBase(
  manifest: Manifest,
  lock: Lockfile,
  context: Context,
): Promise<readonly InstalledPackage[]> {
  try {
    return await basePackages(manifest, lock, context);
  } catch (error) {
    context.signal?.throwIfAborted();
    if (error instanceof RpmociError) return [];
    throw error;
  }
}

async function cachedRpms(
  graph: DependencyGraph,
  lock: Lockfile,
  transport: HttpTransport,
): Promise<readonly string[]> {
  const paths = await Promise.all(unknownPackages(graph, lock).map(({ checksum }) => transport.cached(checksum)));
  return paths.filter((path) => path !== null);
}

function warnOfUnknown(graph: DependencyGraph, lock: Lockfile, { emit }: Context): void {
  const unknown = unknownPackages(graph, lock).map(formatNevra);
  if (unknown.length === 0) return;
  const some = unknown.length > 5 ? [...unknown.slice(0, 5), `${unknown.length - 5} more`] : unknown;
  emit({
    type: "warning",
    message: `no repository offers these packages any more, and what they require is not known: ${some.join(", ")}`,
  });
}

/** What the base image has is not locked. */
async function notLocked(
  query: string,
  { similar }: LockedMatches,
  manifest: Manifest,
  lock: Lockfile,
  context: Context,
): Promise<RpmociError> {
  const inBase = (await packagesOfBase(manifest, lock, context)).filter(
    ({ name }) => name === query || matchesGlob(query, name),
  );
  if (inBase.length > 0) {
    return new RpmociError(
      `'${query}' is in the base image ${lock.base?.image}: ${inBase.map(formatNevra).join(", ")}`,
      {
        kind: "resolve",
        code: "PACKAGE_NOT_LOCKED",
        hint: "the lockfile has what is installed on top of it",
      },
    );
  }
  return new RpmociError(`'${query}' means no package of ${manifest.lockfilePath}`, {
    kind: "resolve",
    code: "PACKAGE_NOT_LOCKED",
    hint: similar.length === 0 ? undefined : `did you mean ${similar.join(", ")}?`,
  });
}
