/** Reads a root and says which layers it makes, and which of them are the same as those of an earlier build. */
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Emit } from "../events.js";
import type { LayersSection } from "../model/layer-plan.js";
import type { Listings, RootTree } from "../native/binding.js";
import { cancellable } from "../native/cancellable.js";
import { binding } from "../native/load.js";
import { levelOf } from "./level.js";

/** The base image that a root began as. */
export interface BaseState {
  /** The root when it held the base image and nothing else. */
  readonly snapshot: RootTree;
  /** Paths, relative to the root, that count as unchanged whatever became of them. */
  readonly untouched: () => Promise<readonly Uint8Array[]>;
  /** Those of the paths, relative to the root, whose files have the contents that they have in the base. */
  readonly withSameContents: (paths: readonly Uint8Array[]) => Promise<readonly Uint8Array[]>;
}

export interface ListOptions {
  readonly root: string;
  /** The rpm database's path inside the root; null when there is none. */
  readonly databasePath: string | null;
  /** Layers have only what is not in the base; null without one. */
  readonly base: BaseState | null;
  /** Names of packages whose files make a layer, a list for each layer but the topmost. */
  readonly groups: readonly (readonly string[])[];
  readonly section: Pick<LayersSection, "compression" | "level">;
  /** Seconds: the upper bound of modification times. */
  readonly sourceDateEpoch: number;
  /** Seconds: when the build began to write the root. */
  readonly buildStart: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ListedLayer {
  /** Index in `groups`; their number for the topmost layer. */
  readonly group: number;
  /** 64 hexadecimal digits: equal keys mean equal blobs. */
  readonly key: string;
  /** Bytes, uncompressed. */
  readonly tarSize: number;
}

export interface ListedLayers {
  /** The lowest first; a group without files has none. */
  readonly layers: readonly ListedLayer[];
  readonly listings: Listings;
}

/**
 * Part of keys: another number for every change of how an archive is written of the same entries, and of what a compression
 * makes of the same archive.
 */
const FORMAT = 3;

/**
 * Contents of files that packages own are not read: they are what the rpm database says, as long as size and time are.
 * Throws an `RpmociError` of kind `output` that names the path at fault, and the signal's reason.
 */
export async function listLayers(options: ListOptions, emit: Emit): Promise<ListedLayers> {
  const { root, databasePath, base, groups, section, sourceDateEpoch, buildStart, signal } = options;
  const threads = availableParallelism();
  const listings = await cancellable(binding(), signal, async (cancellation) => {
    const [ownership, tree] = await Promise.all([
      databasePath === null ? null : binding().readOwnership({ root, dbPath: databasePath }),
      binding().readTree(root, threads, cancellation),
    ]);
    const times = { maxMtime: sourceDateEpoch, buildStart };
    const request = { tree, ownership, groups, ...times, threads, cancellation };
    if (base === null) return binding().listLayers(request);
    const changes = await binding().compareWithBase({
      ...times,
      base: base.snapshot,
      tree,
      untouched: await base.untouched(),
    });
    const sameContents = await base.withSameContents(changes.undecided);
    return binding().listLayers({ ...request, changes: changes.handle, sameContents });
  });
  for (const path of listings.skippedSockets) {
    emit({ type: "warning", message: `the socket ${path} is not in the image: a layer cannot hold sockets` });
  }
  const layers = listings.layers.map(({ group, key, tarSize }) => ({ group, key: blobKey(key, section), tarSize }));
  return { layers, listings };
}

function blobKey(archiveKey: string, section: ListOptions["section"]): string {
  const { compression } = section;
  const compressor = compression === "zstd" ? `zstd ${binding().versions().zstd}` : compression;
  const inputs = [FORMAT, archiveKey, compressor, compression === "none" ? 0 : levelOf(section)];
  return createHash("sha256").update(inputs.join("\n")).digest("hex");
}
