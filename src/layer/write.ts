/** Writes listed layers as blobs. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Emit } from "../events.js";
import { type Digest, LAYER_MEDIA_TYPE, type Layer } from "../model/descriptor.js";
import type { LayersSection } from "../model/layer-plan.js";
import { cancellable } from "../native/cancellable.js";
import { binding } from "../native/load.js";
import { levelOf } from "./level.js";
import type { ListedLayer, ListedLayers } from "./list.js";

export interface WriteOptions {
  /** The folder to write blobs to; it exists. */
  readonly directory: string;
  /** Of the names of their files. */
  readonly prefix: string;
  readonly section: Pick<LayersSection, "compression" | "level">;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes those layers of `listed` that `wanted` has, and returns them in its order. The bytes depend on the root, the
 * plan and the compression, not on the number of processors. Throws an `RpmociError` of kind `output` that names the
 * path at fault, also of a file that has changed since it was listed, and the signal's reason.
 */
export async function writeLayers(
  { layers, listings }: ListedLayers,
  wanted: readonly ListedLayer[],
  { directory, prefix, section, signal }: WriteOptions,
  emit: Emit,
): Promise<readonly Layer[]> {
  if (wanted.length === 0) return [];
  const total = wanted.reduce((sum, { tarSize }) => sum + tarSize, 0);
  const outputs = wanted.map((layer) => ({
    layer: layers.indexOf(layer),
    path: join(directory, `${prefix}layer-${layer.group}`),
  }));
  const request = {
    listings: listings.handle,
    outputs,
    compression: section.compression,
    level: levelOf(section),
    threads: availableParallelism(),
  };
  const blobs = await cancellable(binding(), signal, (cancellation) =>
    binding().writeLayers({ ...request, cancellation }, (bytes) => emit({ type: "layer-progress", bytes, total })),
  );
  return blobs.map(({ diffId, digest, size }, index) => ({
    path: outputs[index]?.path,
    diffId: diffId as Digest,
    descriptor: {
      mediaType: LAYER_MEDIA_TYPE[section.compression],
      digest: digest as Digest,
      size,
    },
  }));
}
