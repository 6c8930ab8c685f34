import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { RpmociError } from "../../src/errors.js";
import type { Lockfile } from "../../src/model/lockfile.js";
import { PendingLockfile } from "../../src/pipeline/lockfile-writer.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const EMPTY: Lockfile = {
  packageSpecs: [],
  modules: [],
  modulePlatformId: undefined,
  globalKeySpecs: [],
  packages: [],
  localPackages: [],
  repositoryKeys: new Map(),
  layerPlan: null,
  arch: undefined,
  others: [],
};

test("a lockfile appears at its commit, and nothing else stays", async (t) => {
  const directory = temporaryDirectory(t);
  const pending = await PendingLockfile.prepare(join(directory, "rpmoci.lock"), EMPTY);
  assert(!readdirSync(directory).includes("rpmoci.lock"));
  await pending.commit();
  await pending.discard();
  assert.deepEqual(readdirSync(directory), ["rpmoci.lock"]);
  assert.match(readFileSync(join(directory, "rpmoci.lock"), "utf8"), /pkg_specs/);
});

test("a lockfile that cannot take its place is an error of kind output, and leaves nothing", async (t) => {
  const path = join(temporaryDirectory(t), "rpmoci.lock");
  const pending = await PendingLockfile.prepare(path, EMPTY);
  mkdirSync(path);
  await assert.rejects(PendingLockfile.prepare(path, EMPTY), { kind: "output", code: "LOCKFILE_UNWRITABLE" });
  await assert.rejects(pending.commit(), (error: unknown) => {
    assert(error instanceof RpmociError, String(error));
    assert.equal(error.kind, "output");
    assert(error.message.includes(path));
    return true;
  });
  await pending.discard();
  assert.deepEqual(readdirSync(join(path, "..")), ["rpmoci.lock"]);
});
