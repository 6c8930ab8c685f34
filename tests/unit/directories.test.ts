import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { makeDirectory } from "../../src/directories.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

test("directories are made by many at once, and nobody fails", async (t) => {
  const base = temporaryDirectory(t);
  const paths = Array.from({ length: 20 }, (_, index) => join(base, "a/b/c", String(index % 3)));
  const made = await Promise.all(paths.map(makeDirectory));
  assert.ok(made.includes(join(base, "a")));
  for (const path of paths) assert.ok(statSync(path).isDirectory());
  assert.equal(await makeDirectory(join(base, "a/b")), undefined);
});
