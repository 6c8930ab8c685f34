/** What a layer's blob unpacks to; its first bytes tell how it is packed, whatever its media type says. */
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { binding } from "../native/load.js";

const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Throws an `Error` with the reason for what cannot be unpacked, and whatever reading `source` throws. */
export async function* unpack(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done === true) return;
  const start = first.value;
  const all = (async function* () {
    yield start;
    yield* { [Symbol.asyncIterator]: () => chunks };
  })();
  if (start.subarray(0, GZIP.length).equals(GZIP)) yield* gunzip(all);
  else if (start.subarray(0, ZSTD.length).equals(ZSTD)) yield* unzstd(all);
  else yield* all;
}

function gunzip(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  // Errors of the source come out of the last stream, too.
  return pipeline(Readable.from(chunks, { objectMode: false }), createGunzip({ chunkSize: 1 << 17 }), () => {});
}

/** Throws an `Error` for what is not whole frames of zstd, and whatever reading `chunks` throws. */
async function* unzstd(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decoder = binding().newZstdDecoder();
  let whole = false;
  for await (const chunk of chunks) {
    for (let position = 0, more = true; more || position < chunk.length; ) {
      const step = binding().decodeZstd(decoder, chunk, position);
      ({ position, more, whole } = step);
      if (step.output.length > 0) yield step.output;
    }
  }
  if (!whole) throw new Error("it ends too early");
}
