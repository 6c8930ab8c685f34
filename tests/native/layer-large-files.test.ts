/** Files beyond what the fields of ustar (8 GiB) and gzip (4 GiB) can tell. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, truncateSync, utimesSync, writeSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { writeAllLayers } from "../support/layer-addon.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { addon } from "./support/rpm-addon.js";
import { run, toolEnvironment } from "./support/rpm-tools.js";

const GIBIBYTE = 2 ** 30;
const ZEROS = Buffer.alloc(1 << 20);

const skip = process.env.RPMOCI_ADDON !== undefined && "with sanitizers it takes minutes";

/** A root with one file of holes, but for a letter at each of the places. */
function rootWithFile(t: TestContext, size: number, letters: Readonly<Record<number, string>>): string {
  const root = join(temporaryDirectory(t), "root");
  mkdirSync(root);
  const file = openSync(join(root, "file"), "wx");
  for (const [place, letter] of Object.entries(letters)) writeSync(file, letter, Number(place));
  closeSync(file);
  truncateSync(join(root, "file"), size);
  utimesSync(join(root, "file"), 1_000_000_000, 1_000_000_000);
  return root;
}

interface Extracted {
  readonly size: number;
  /** All bytes but zeros, by their places. */
  readonly letters: Record<number, string>;
  /** What was printed beside the contents. */
  readonly listing: string;
}

/** What a shell command with a blob as `$1` gives, which is too much to be kept. */
function extract(command: string, blob: string): Promise<Extracted> {
  const child = spawn("bash", ["-o", "pipefail", "-c", command, "extract", blob], {
    env: { ...toolEnvironment, LC_ALL: "C" },
  });
  const letters: Record<number, string> = {};
  let size = 0;
  let listing = "";
  child.stdout.on("data", (chunk: Buffer) => {
    if (!chunk.equals(ZEROS.subarray(0, chunk.length))) {
      for (const [index, byte] of chunk.entries()) {
        if (byte !== 0) letters[size + index] = String.fromCharCode(byte);
      }
    }
    size += chunk.length;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    listing += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve({ size, letters, listing }) : reject(new Error(listing))));
  });
}

test("GNU tar finds a sparse file of 10 GiB, each byte at its place", { skip }, async (t) => {
  const size = 10 * GIBIBYTE;
  const letters = { 0: "a", [4 * GIBIBYTE]: "b", [8 * GIBIBYTE - 1]: "c", [9 * GIBIBYTE + 77]: "d", [size - 1]: "e" };
  const root = rootWithFile(t, size, letters);
  const blob = join(root, "../blob");
  const { listed } = await writeAllLayers(addon, { root, output: () => blob, compression: "zstd" });
  // The headers, the record of the size, the contents, and the end.
  assert.equal(listed[0]?.tarSize, 512 + 3 * 512 + size + 1024);
  const extracted = await extract('zstd -dcq -- "$1" | tar -xvvOf - file', blob);
  assert.match(extracted.listing, new RegExp(`^-rw-r--r-- \\S+ +${size} 2001-09-09 \\S+ file\n$`));
  assert.deepEqual({ ...extracted, listing: "" }, { size, letters, listing: "" });
});

test("the trailer of gzip is right for more than 4 GiB", { skip }, async (t) => {
  const size = 4 * GIBIBYTE + 12_345;
  const root = rootWithFile(t, size, { 5: "a", [4 * GIBIBYTE + 1]: "b" });
  const blob = join(root, "../blob");
  await writeAllLayers(addon, { root, output: () => blob, compression: "gzip" });
  const listing = run("bash", ["-o", "pipefail", "-c", 'pigz -dc "$1" | tar -tvf -', "list", blob]);
  assert.match(listing, new RegExp(` ${size} .* file\n$`));
});
