import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
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
