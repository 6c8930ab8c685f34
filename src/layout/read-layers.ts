/** Reads the archives of an image's layers as streams. */
import { createHash } from "node:crypto";
import pMap from "p-map";
import { messageOf, RpmociError } from "../errors.js";
import type { Descriptor } from "../model/descriptor.js";
import type { LayerSource } from "../model/image-tree.js";
import { algorithmOf } from "./algorithm.js";
import { damaged } from "./image-faults.js";
import { type ContentSink, type TarEntry, TarParser } from "./tar-parser.js";
import { unpack } from "./unpack.js";

/** Layers that are read at a time. */
const CONCURRENT = 4;

/** Takes the entries of a layer; what it returns gets their contents. */
export type EntryReader = (entry: TarEntry) => ContentSink | null;

/**
 * Reads the layers for which there is a reader, some at a time. Throws an `RpmociError` of kind `verify` for one that is no
 * archive, or whose blob does not have its digest, which only turns out at its end; what a reader throws, if that is an
 * `RpmociError`; and the signal's reason. After an error nothing is read any more.
 */
export async function forEachLayer(
  source: LayerSource,
  signal: AbortSignal | undefined,
  readerOf: (index: number) => EntryReader | null,
): Promise<void> {
  const failed = new AbortController();
  const ended = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const read = async (descriptor: Descriptor, index: number): Promise<void> => {
    const reader = ended.aborted ? null : readerOf(index);
    if (reader === null) return;
    try {
      await readLayer(source, descriptor, reader, ended);
    } catch (error) {
      failed.abort(error);
    }
  };
  await pMap(source.layers, read, { concurrency: CONCURRENT });
  ended.throwIfAborted();
}

/** Reads one layer. Throws as `forEachLayer`. */
export async function readLayer(
  source: LayerSource,
  descriptor: Descriptor,
  reader: EntryReader,
  signal: AbortSignal | undefined,
): Promise<void> {
  const algorithm = algorithmOf(descriptor.digest);
  if (algorithm === undefined) throw damaged(source.name, descriptor.digest, "its digest is of an unknown kind");
  const hash = createHash(algorithm);
  const parser = new TarParser(reader);
  const chunks = (async function* () {
    for await (const chunk of source.openBlob(descriptor)) {
      hash.update(chunk);
      yield chunk;
    }
  })();
  try {
    for await (const chunk of unpack(chunks)) {
      signal?.throwIfAborted();
      parser.push(chunk);
    }
    parser.end();
  } catch (error) {
    signal?.throwIfAborted();
    // What is not about the image's bytes.
    if (error instanceof RpmociError) throw error;
    throw damaged(source.name, descriptor.digest, messageOf(error), error);
  }
  const actual = `${algorithm}:${hash.digest("hex")}`;
  if (actual !== descriptor.digest) throw damaged(source.name, descriptor.digest, `its bytes are those of ${actual}`);
}
