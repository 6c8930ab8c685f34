import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { distributionFixture } from "../support/distribution-fixture.js";
import { run } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

test("the small distribution is signed, complete, and the same for everybody who asks at once", async (t) => {
  const [first, second] = await Promise.all([distributionFixture(t), distributionFixture(t)]);
  if (first === null) return;
  assert.deepEqual(second, first);
  for (const name of ["base-files", "libc6", "nginx", "os-release"])
    assert.ok(
      first.packages.some((entry) => entry.name === name),
      name,
    );
  assert.ok(existsSync(join(first.folder, "local/demo-site-1.0-1.noarch.rpm")));
  const database = ["--dbpath", temporaryDirectory(t), "--define", "_pkgverify_level all"];
  assert.equal((await run("rpmkeys", [...database, "--import", first.key])).code, 0);
  const files = first.packages.map(({ file }) => join(first.folder, file));
  const { code, stdout } = await run("rpmkeys", [...database, "--checksig", ...files]);
  assert.equal(code, 0, stdout);
});
