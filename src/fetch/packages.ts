/** Brings every locked package onto this machine. */
import pMap from "p-map";
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { formatChecksum } from "../model/checksum.js";
import type { LockedPackage } from "../model/lockfile.js";
import { formatNevra } from "../model/nevra.js";
import type { FetchedPackage } from "../model/package.js";
import type { TransferOptions, Transport } from "../model/transport.js";
import { MissingOffline } from "./offline.js";

/** Where packages can be had; answered from the lockfile's repositories, and from metadata only when need be. */
export interface PackageSources {
  readonly repositoryIds: readonly string[];
  transferOf(repositoryId: string): TransferOptions;
  /** Base URLs of a repository; empty when it is not configured any more. */
  baseUrlsOf(repositoryId: string): Promise<readonly string[]>;
  /** URLs by the repositories' current metadata; empty when no repository has the package any more. */
  locate(locked: LockedPackage): Promise<readonly string[]>;
}

const PARALLEL_DOWNLOADS = 8;

/**
 * Fetches `packages`, in their order. Throws an `RpmociError` of kind `fetch`, or of kind `verify` when all that is
 * offered has other bytes than those that were locked.
 */
export async function fetchPackages(
  packages: readonly LockedPackage[],
  sources: PackageSources,
  transport: Transport,
  emit: Emit,
): Promise<readonly FetchedPackage[]> {
  const sizes = packages.map(({ size }) => size);
  const bytes = sizes.includes(undefined) ? undefined : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  emit({ type: "download-started", files: packages.length, bytes });
  let done = 0;
  let doneBytes = 0;
  const missing: string[] = [];
  const fetched = await pMap(
    packages,
    async (locked): Promise<FetchedPackage | null> => {
      try {
        const path = await fetchPackage(locked, sources, transport);
        done += 1;
        doneBytes += locked.size ?? 0;
        emit({ type: "download-progress", done, files: packages.length, bytes: doneBytes });
        return { path, locked };
      } catch (error) {
        if (!(error instanceof MissingOffline)) throw error;
        // Whatever was missed, a list of mirrors or metadata: it was missed for the package.
        missing.push(describe(locked));
        return null;
      }
    },
    { concurrency: PARALLEL_DOWNLOADS },
  );
  if (missing.length > 0) throw new MissingOffline(missing.sort());
  return fetched.filter((result) => result !== null);
}

function describe(locked: LockedPackage): string {
  return `package ${formatNevra(locked)} from repository "${locked.repositoryId}"`;
}

async function fetchPackage(locked: LockedPackage, sources: PackageSources, transport: Transport): Promise<string> {
  const { checksum, location, size } = locked;
  const request = {
    checksum,
    size,
    anyOrder: true,
    what: describe(locked),
    transfer: sources.transferOf(locked.repositoryId),
  };
  let tried: readonly string[] = [];
  if (location !== undefined) {
    const urls = async (): Promise<readonly string[]> =>
      urlsAt(location, await sources.baseUrlsOf(locked.repositoryId));
    try {
      return await transport.fetchFile({ ...request, urls });
    } catch (error) {
      // The file may have moved inside its repository, or lie in another one: the metadata tells.
      if (!(error instanceof RpmociError) || error.kind !== "fetch" || error instanceof MissingOffline) throw error;
      if ((await sources.locate(locked).catch(() => null)) === null) throw error;
      tried = [error.message, ...error.details];
    }
  }
  return transport.fetchFile({
    ...request,
    urls: async () => {
      const urls = await sources.locate(locked);
      if (urls.length > 0) return urls;
      throw withdrawn(locked, tried, sources.repositoryIds);
    },
  });
}

function withdrawn(locked: LockedPackage, tried: readonly string[], repositoryIds: readonly string[]): RpmociError {
  const { name, evr } = locked;
  return new RpmociError(`Package could no longer be found in repositories. Name: '${name}', evr: '${evr}'`, {
    kind: "fetch",
    code: "PACKAGE_WITHDRAWN",
    hint: `run rpmoci update ${name} to lock what the repositories offer now, or build with --vendor-dir from a folder that still has it`,
    details: [
      ...tried,
      `no repository lists it with ${formatChecksum(locked.checksum)}: ${repositoryIds.join(", ") || "there is none"}`,
    ],
  });
}

/** Of a location below each of the base URLs. */
export function urlsAt(location: string, baseUrls: readonly string[]): readonly string[] {
  return baseUrls.map((base) => `${base}/${encodeLocation(location)}`);
}

/** A location is a path, not yet a URL: `+` and `%` and the like may be in file names. */
export function encodeLocation(location: string): string {
  return location.split("/").map(encodeSegment).join("/");
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/%(2B|40|3A|7E|24|26|2C|3B|3D)/g, (text) => decodeURIComponent(text));
}
