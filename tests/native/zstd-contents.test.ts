import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { binding } from "../../src/native/load.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

/** A file of frames, made by zstd itself. */
function pack(path: string, frames: readonly Buffer[], options: readonly string[] = []): void {
  const packed = frames.map((frame) => {
    const { status, stdout, stderr } = spawnSync("zstd", ["-q", "-c", ...options], {
      input: frame,
      maxBuffer: 1 << 30,
    });
    assert.equal(status, 0, String(stderr));
    return stdout;
  });
  writeFileSync(path, Buffer.concat(packed));
}

test("what zstd packed has the digest of what went in, in any number of frames", async (t) => {
  const path = join(temporaryDirectory(t), "file");
  // Around what is unpacked at a time.
  for (const size of [0, 1, (1 << 17) - 1, 1 << 17, (1 << 17) + 1, 1 << 20]) {
    const bytes = Buffer.alloc(size, `${size}`);
    for (const frames of [[bytes], [bytes, bytes], [bytes, Buffer.alloc(0)]]) {
      pack(path, frames);
      for (const algorithm of ["sha256", "sha512"] as const) {
        const expected = createHash(algorithm).update(Buffer.concat(frames)).digest("hex");
        assert.equal(await binding().digestZstdContents(path, algorithm), expected, `${size}`);
      }
    }
  }
});

test("what is cut off, damaged, no zstd or not there is an error that names the file", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "file");
  const refused = (name: string, message: RegExp) =>
    assert.rejects(binding().digestZstdContents(name, "sha256"), (error: NodeJS.ErrnoException) => {
      assert.equal(error.code, "LAYER_READ");
      assert.ok(error.message.startsWith(`cannot unpack "${name}": `), error.message);
      assert.match(error.message, message);
      return true;
    });
  pack(path, [Buffer.from("some bytes that are packed")], ["--check"]);
  const whole = readFileSync(path);
  for (let size = 0; size < whole.length; size += 1) {
    writeFileSync(path, whole.subarray(0, size));
    await refused(path, /it ends too early/);
  }
  whole[whole.length - 1] = 1 ^ (whole[whole.length - 1] ?? 0);
  writeFileSync(path, whole);
  await refused(path, /checksum/);
  writeFileSync(path, "no zstd at all");
  await refused(path, /Unknown frame descriptor/);
  // A frame whose header asks for a window of 1 GiB.
  writeFileSync(path, Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 0x01, 0x00, 0x00]));
  await refused(path, /too much memory/);
  await refused(join(directory, "none"), /No such file or directory/);
  await refused(directory, /Is a directory/);
});

/** What the decoder makes of a stream that comes in pieces of some length. */
function decoded(packed: Buffer, length: number): Buffer {
  const decoder = binding().newZstdDecoder();
  const pieces: Buffer[] = [];
  let whole = false;
  for (let start = 0; start < packed.length; start += length) {
    const chunk = packed.subarray(start, start + length);
    for (let position = 0, more = true; more || position < chunk.length; ) {
      const step = binding().decodeZstd(decoder, chunk, position);
      assert.ok(step.output.length <= 1 << 17);
      ({ position, more, whole } = step);
      pieces.push(step.output);
    }
  }
  assert.ok(whole);
  return Buffer.concat(pieces);
}

test("a stream is unpacked piece by piece, whatever the pieces", (t) => {
  const path = join(temporaryDirectory(t), "file");
  const bytes = Buffer.concat([Buffer.alloc(3 << 20), Buffer.from("between"), randomBytes(300_000)]);
  pack(path, [bytes, Buffer.alloc(0), bytes]);
  const packed = readFileSync(path);
  for (const length of [1 << 20, 1 << 17, 4096, 1000]) {
    assert.ok(decoded(packed, length).equals(Buffer.concat([bytes, bytes])), `${length}`);
  }
  const start = decoded.bind(null, packed.subarray(0, packed.length - 1), 1 << 16);
  assert.throws(start, assert.AssertionError);
  const damaged = Buffer.from(packed);
  damaged[0] = 0;
  assert.throws(() => decoded(damaged, 4096), { code: "LAYER_READ" });
});
