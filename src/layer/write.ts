/** Writes the root as one layer blob. */
import { availableParallelism } from "node:os";
import type { Emit } from "../events.js";
import { type Digest, type Layer, MEDIA_TYPE } from "../model/descriptor.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";

export interface LayerOptions {
  readonly root: string;
  /** The file to write; its directory exists. */
  readonly output: string;
  /** Seconds: the upper bound of modification times. */
  readonly sourceDateEpoch: number;
  /** Seconds: when the build began to write the root. */
  readonly buildStart: number;
}

/** libdeflate's fastest: smaller than zlib's level 1 at a third of its time. Level 2 costs 40 % more for 4 % less. */
const LEVEL = 1;

/** Throws an `RpmociError` of kind `output` that names the path at fault. */
export async function writeLayer(options: LayerOptions, emit: Emit): Promise<Layer> {
  emit({ type: "layer-started" });
  const { bytes: total } = await nativeCall(binding().scanRootfs(options.root));
  const result = await nativeCall(
    binding().writeLayer(
      {
        root: options.root,
        output: options.output,
        compression: "gzip",
        level: LEVEL,
        maxMtime: options.sourceDateEpoch,
        buildStart: options.buildStart,
        threads: availableParallelism(),
      },
      (bytes) => emit({ type: "layer-progress", bytes, total }),
    ),
  );
  for (const path of result.skippedSockets) {
    emit({ type: "warning", message: `the socket ${path} is not in the image: a layer cannot hold sockets` });
  }
  return {
    path: options.output,
    diffId: result.diffId as Digest,
    descriptor: { mediaType: MEDIA_TYPE.layerGzip, digest: result.digest as Digest, size: result.size },
  };
}
