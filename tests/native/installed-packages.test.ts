/** A pool with packages that are installed already answers as dnf does on a root that has them. */
import assert from "node:assert/strict";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { findDnf } from "../../src/install/dnf.js";
import type { Pool } from "../../src/native/binding.js";
import { needsRoot } from "../support/needs-root.js";
import { buildRepository } from "../support/repository-fixture.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { run, runSuccessfully } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { repositoryIn, solve } from "./support/package-repository.js";
import { addon } from "./support/rpm-addon.js";

const installed: readonly RpmFixture[] = [
  { name: "foo", version: "1", files: { "/usr/share/foo": "1\n" } },
  { name: "bar", version: "1", requires: ["foo"], files: { "/usr/share/bar": "1\n" } },
  { name: "vir", version: "1", provides: ["cap = 1"] },
  { name: "kernel", version: "1", provides: ["installonlypkg(kernel)"] },
  { name: "gone", version: "1", provides: ["only-here"] },
  { name: "lib", version: "1", arch: "x86_64" },
];

const offered: readonly RpmFixture[] = [
  ...installed.filter(({ name }) => name !== "gone"),
  { name: "foo", version: "2", files: { "/usr/share/foo": "2\n" } },
  { name: "vir", version: "2", provides: ["cap = 2"] },
  { name: "vir2", version: "9", provides: ["cap = 9"] },
  { name: "obs", version: "1", obsoletes: ["bar"] },
  { name: "kernel", version: "2", provides: ["installonlypkg(kernel)"] },
  { name: "needs-old", requires: ["foo = 1"] },
  { name: "needs-new", requires: ["foo >= 2"] },
  { name: "needs-gone", requires: ["only-here", "/usr/share/bar"] },
  { name: "enemy", conflicts: ["gone"] },
  { name: "lib", version: "2", arch: "x86_64" },
  { name: "lib", version: "1", arch: "i686" },
];

const specs = [
  ["foo"],
  ["bar"],
  ["cap"],
  ["cap >= 5"],
  ["/usr/share/bar"],
  ["foo = 1"],
  ["foo-1"],
  ["foo >= 1"],
  ["obs"],
  ["kernel"],
  ["needs-old"],
  ["needs-new"],
  ["needs-gone"],
  ["needs-old", "foo"],
  ["enemy"],
  ["gone"],
  ["lib"],
  ["v*"],
];

const dbPath = "/var/lib/rpm";

// createrepo_c never ends with one.
const skip = process.env.LD_PRELOAD?.includes("libasan") === true ? "a sanitizer is loaded" : needsRoot;

async function packagesIn(root: string): Promise<readonly string[]> {
  const list = await runSuccessfully("rpm", ["-qa", "--dbpath", join(root, dbPath), "--qf", "%{nevra}\n"]);
  return list.trim().split("\n").sort();
}

test("what is installed counts, is updated and obsoleted as by dnf install", { skip }, async (t) => {
  const program = await findDnf(process.env);
  const folder = temporaryDirectory(t);
  const [first, second, root] = ["first", "second", "root"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await buildRepository(first, installed);
  await buildRepository(second, offered);
  const dnf = (target: string, repository: string, wanted: readonly string[]) => {
    const settings = ["reposdir=/nonexistent", "gpgcheck=0", "best=1", "install_weak_deps=0", "module_platform_id=p:1"];
    const options = settings.map((setting) => `--setopt=${setting}`);
    const place = [`--installroot=${target}`, "--releasever=0", `--repofrompath=r,${repository}`];
    const env = { HOME: folder, LC_ALL: "C.UTF-8", LD_PRELOAD: undefined };
    return run(program, ["-q", "-y", ...place, ...options, "install", ...wanted], { env });
  };
  writeFileSync(join(folder, ".rpmmacros"), `%_dbpath ${dbPath}\n`);
  const made = await dnf(
    root,
    first,
    installed.map(({ name }) => name),
  );
  if (made.code !== 0) throw new Error(made.stderr);
  const before = await packagesIn(root);
  const repository = repositoryIn(second, "r");
  const pool: Pool = await addon.openPool([repository], {
    arch: "x86_64",
    localPackages: [],
    installed: { root, dbPath },
  });
  for (const [index, wanted] of specs.entries()) {
    const target = join(folder, `root-${index}`);
    cpSync(root, target, { recursive: true });
    const { code } = await dnf(target, second, wanted);
    const expected = code === 0 ? await packagesIn(target) : null;
    const answer = await solve(pool, wanted);
    if (answer.kind !== "solved") {
      assert.equal(expected, null, wanted.join(" "));
      continue;
    }
    const removed = new Set(answer.removals.map(({ name, evr, arch }) => `${name}-${evr}.${arch}`));
    const added = answer.installs.map(({ name, evr, arch }) => `${name}-${evr}.${arch}`);
    const after = [...before.filter((nevra) => !removed.has(nevra)), ...added].sort();
    assert.deepEqual(after, expected, wanted.join(" "));
  }
  pool.close();
});
