import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { hostRelease } from "../../src/repository/host-release.js";
import { buildRpms, type RpmFixture } from "../support/rpm-fixture.js";
import { runSuccessfully } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

/** What is found on a system with this os-release and these packages in its rpm database. */
async function releaseOf(
  t: TestContext,
  osRelease: string,
  packages: readonly RpmFixture[],
  database = "var/lib/rpm",
): Promise<Record<string, string>> {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, "etc"));
  writeFileSync(join(root, "etc/os-release"), osRelease);
  const files = await buildRpms(join(root, "packages"), packages);
  const path = join(root, database);
  mkdirSync(path, { recursive: true });
  if (files.length > 0) {
    await runSuccessfully("rpm", ["--install", "--justdb", "--nodeps", "--ignoreos", "--dbpath", path, ...files]);
  }
  return Object.fromEntries(await hostRelease(root, process.env));
}

const centos = 'ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="9"\n';

test("the release is what the release package says in the rpm database", async (t) => {
  const provides = ["system-release = 10.1-3", "system-release(releasever) = 10"];
  const other = { name: "something", provides: ["redhat-release = 5"] };
  const packages = [{ name: "centos-stream-release", version: "10.0", provides }, other];
  assert.deepEqual(await releaseOf(t, centos, packages), { releasever: "10" });
  assert.deepEqual(await releaseOf(t, centos, packages, "usr/lib/sysimage/rpm"), { releasever: "10" });
});

test("without a version of the capability, the release package's own counts", async (t) => {
  const packages = [{ name: "azurelinux-release", version: "3.0", provides: ["system-release"] }];
  assert.deepEqual(await releaseOf(t, "ID=azurelinux\nVERSION_ID=2.9\n", packages), { releasever: "3.0" });
  const named = [{ name: "redhat-release", version: "8.5", provides: [] }];
  assert.deepEqual(await releaseOf(t, centos, named), { releasever: "8.5" });
});

test("parts of the release may be named apart", async (t) => {
  const provides = [
    "system-release(releasever) = 40",
    "system-release(releasever_major) = 4",
    "system-release(releasever_minor) = 0",
  ];
  const packages = [{ name: "odd-release", provides }];
  assert.deepEqual(await releaseOf(t, "ID=fedora\nVERSION_ID=1\n", packages), {
    releasever: "40",
    releasever_major: "4",
    releasever_minor: "0",
  });
});

test("os-release tells where the database does not, and other systems have no release", async (t) => {
  assert.deepEqual(await releaseOf(t, centos, []), { releasever: "9" });
  assert.deepEqual(await releaseOf(t, centos, [{ name: "unrelated" }]), { releasever: "9" });
  const packages = [{ name: "some-release", provides: ["system-release(releasever) = 10"] }];
  assert.deepEqual(await releaseOf(t, "ID=debian\nVERSION_ID=12\n", packages), {});
});
