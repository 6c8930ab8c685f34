/** The layer writer of the addon, called in one go. */
import type { Binding, LayerBlob, ListedLayer, Ownership } from "../../src/native/binding.js";

export interface WrittenLayers {
  readonly listed: readonly ListedLayer[];
  readonly blobs: readonly LayerBlob[];
  readonly skippedSockets: readonly string[];
}

export interface LayersToWrite {
  readonly root: string;
  /** The file of a layer, by its place. */
  readonly output: (index: number) => string;
  readonly ownership?: Ownership;
  readonly groups?: readonly (readonly string[])[];
  readonly compression?: "gzip" | "zstd" | "none";
  readonly level?: number;
  readonly threads?: number;
  readonly maxMtime?: number;
  readonly buildStart?: number;
}

/** Lists a root's layers and writes all of them. */
export async function writeAllLayers(addon: Binding, what: LayersToWrite): Promise<WrittenLayers> {
  const { root, output, ownership = null, groups = [], compression = "gzip", level = 1, threads = 2 } = what;
  const { maxMtime = 2_000_000_000, buildStart = Number.MAX_SAFE_INTEGER } = what;
  const cancellation = addon.newCancellation();
  const tree = await addon.readTree(root, threads, cancellation);
  const listings = await addon.listLayers({ tree, ownership, groups, maxMtime, buildStart, threads, cancellation });
  const outputs = listings.layers.map((_, layer) => ({ layer, path: output(layer) }));
  const request = { listings: listings.handle, outputs, compression, level, threads, cancellation };
  const blobs = await addon.writeLayers(request, () => {});
  return { listed: listings.layers, blobs, skippedSockets: listings.skippedSockets };
}
