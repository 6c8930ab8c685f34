import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { CheckResult } from "../../src/pipeline/check.js";
import { buildRpms } from "../support/rpm-fixture.js";
import { runSuccessfully } from "../support/run.js";
import { Scene } from "../support/scene.js";
import { tinyPackages } from "../support/tiny-distribution.js";

interface AdvisoryFixture {
  readonly id: string;
  readonly type?: string;
  readonly severity?: string;
  readonly cves?: readonly string[];
  /** `name epoch version release arch`. */
  readonly packages: readonly string[];
}

function advisoryText({ id, type = "security", severity, cves = [], packages }: AdvisoryFixture): string {
  const list = packages.map((text) => {
    const [name, epoch, version, release, arch] = text.split(" ");
    return `<package name="${name}" epoch="${epoch}" version="${version}" release="${release}" arch="${arch}" src="x"><filename>x</filename></package>`;
  });
  return `<update from="me" status="final" type="${type}" version="1"><id>${id}</id><title>About ${id} &amp; more</title>
    ${severity === undefined ? "" : `<severity>${severity}</severity>`}
    <references>${cves.map((cve) => `<reference href="https://h/" id="${cve}" type="cve"/>`).join("")}
      <reference href="https://h/" id="1" type="bugzilla"/></references>
    <description>Names no name="tool" of a package.</description>
    <pkglist><collection short="c"><name>c</name>${list.join("")}</collection></pkglist></update>`;
}

/** Adds advisories to the scene's repository, as distributions do. */
async function publishAdvisories(scene: Scene, advisories: readonly AdvisoryFixture[]): Promise<void> {
  const folder = scene.path("..", "advisories");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "updateinfo.xml");
  writeFileSync(
    path,
    `<?xml version="1.0" encoding="UTF-8"?>\n<updates>${advisories.map(advisoryText).join("\n")}</updates>\n`,
  );
  await runSuccessfully("modifyrepo_c", ["--compress-type=xz", path, join(scene.repository, "repodata")]);
}

async function lockedScene(t: TestContext): Promise<Scene> {
  const scene = await Scene.create(t, { packages: Object.keys(tinyPackages).filter((name) => name !== "tool-2.0") });
  scene.writeManifest({ packages: ["app", "tool"] });
  const { code, stderr } = await scene.run(["update"]);
  assert.equal(code, 0, stderr);
  return scene;
}

async function check(scene: Scene, code = 0): Promise<CheckResult> {
  const result = await scene.run(["check", "--json", "--refresh", "-q"]);
  assert.deepEqual([result.code, result.stderr], [code, ""]);
  return JSON.parse(result.stdout);
}

test("a lockfile that is up to date, and then updates and the advisories on what is locked", async (t) => {
  const scene = await lockedScene(t);
  const lock = readFileSync(scene.lockfilePath, "utf8");
  assert.deepEqual(await check(scene), { lockfilePath: scene.lockfilePath, fits: true, changes: [], advisories: [] });
  await scene.publish(["tool-2.0"]);
  await publishAdvisories(scene, [
    {
      id: "T-3",
      severity: "Critical",
      cves: ["CVE-2024-2", "CVE-2024-1"],
      packages: ["tool 0 2.0.0 1 noarch", "tool 0 2.0.1 1 noarch"],
    },
    { id: "T-1", type: "bugfix", packages: ["libtiny 1 1.3 1 x86_64", "libtiny 1 1.3 1 i686"] },
    { id: "same-version", packages: ["tool 0 1.9.2 1 noarch"] },
    { id: "older-epoch", packages: ["libtiny 0 9.9 1 x86_64"] },
    { id: "other-architecture", packages: ["libtiny 1 9.9 1 s390x"] },
    { id: "other-package", packages: ["capable 0 9.9 1 x86_64"] },
  ]);
  const { fits, changes, advisories } = await check(scene);
  assert.equal(fits, true);
  assert.deepEqual(changes, [{ kind: "updated", name: "tool", from: "1.9.2-1", to: "2.0.1-1" }]);
  assert.deepEqual(advisories, [
    {
      id: "T-1",
      type: "bugfix",
      severity: null,
      title: "About T-1 & more",
      cves: [],
      packages: [{ name: "libtiny", arch: "x86_64", locked: "1:1.2-1", repaired: "1:1.3-1" }],
    },
    {
      id: "T-3",
      type: "security",
      severity: "Critical",
      title: "About T-3 & more",
      cves: ["CVE-2024-1", "CVE-2024-2"],
      packages: [{ name: "tool", arch: "noarch", locked: "1.9.2-1", repaired: "2.0.1-1" }],
    },
  ]);
  const { stdout } = await scene.run(["check"]);
  assert.equal(
    stdout,
    `rpmoci.lock fits the manifest
an update would bring
  tool 1.9.2-1 -> 2.0.1-1
advisories on locked packages
  T-1  bugfix  About T-1 & more
    libtiny.x86_64 1:1.2-1 -> 1:1.3-1
  T-3  Critical security  About T-3 & more
    tool.noarch 1.9.2-1 -> 2.0.1-1
    CVE-2024-1, CVE-2024-2
`,
  );
  assert.equal(readFileSync(scene.lockfilePath, "utf8"), lock);
  // What was read before is there without the repository, too.
  await scene.server.close();
  assert.equal((await scene.run(["check", "--offline"])).stdout, stdout);
});

test("a lockfile that does not fit the manifest, or the local packages, is stale", async (t) => {
  const scene = await lockedScene(t);
  scene.writeManifest({ packages: ["app", "capable"] });
  const { fits, changes } = await check(scene, 3);
  assert.equal(fits, false);
  assert.deepEqual(
    changes.map(({ kind, name }) => [kind, name]),
    [
      ["added", "capable"],
      ["removed", "tool"],
    ],
  );
  assert.match((await scene.run(["check"])).stdout, /^rpmoci\.lock does not fit the manifest: run rpmoci update$/m);
  await buildRpms(scene.directory, [{ name: "mine", requires: ["app"] }]);
  scene.writeManifest({ packages: ["mine-*.rpm"] });
  assert.equal((await scene.run(["update"])).code, 0);
  assert.equal((await check(scene)).fits, true);
  await buildRpms(scene.directory, [{ name: "mine", requires: ["app", "capable"] }]);
  assert.equal((await check(scene, 3)).fits, false);
});

test("what cannot be checked is an error", async (t) => {
  const scene = await lockedScene(t);
  await publishAdvisories(scene, [{ id: "<not", packages: ["tool 0 9 1 noarch"] }]);
  const damaged = await scene.run(["check", "--refresh"]);
  assert.deepEqual([damaged.code, damaged.stdout], [5, ""]);
  assert.match(damaged.stderr, /the advisories of repository "tiny" cannot be read: /);
  const lock = readFileSync(scene.lockfilePath);
  writeFileSync(scene.lockfilePath, "packages = 1");
  assert.equal((await scene.run(["check"])).code, 3);
  await runSuccessfully("rm", [scene.lockfilePath]);
  const missing = await scene.run(["check"]);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /rpmoci\.lock is missing\n +Hint run rpmoci update/);
  writeFileSync(scene.lockfilePath, lock);
  scene.writeManifest({ packages: ["nothing-of-the-kind"] });
  assert.equal((await scene.run(["check"])).code, 4);
});
