import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { Pool, RepositoryFiles, Solvable, SolveJob, SolveResult } from "../../src/native/binding.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { addon } from "./support/rpm-addon.js";

/** Numbers below `limit` that are the same in every run. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % limit;
  };
}

const NAMES = 60;

interface World {
  readonly everything: Pool;
  /** Without the newest versions of many packages. */
  readonly past: Pool;
  /** The newest version of each name. */
  readonly newest: ReadonlyMap<string, number>;
}

/** A repository of random packages, most of which require others with a lower bound, or one version of them. */
async function randomWorld(folder: string, random: (limit: number) => number): Promise<World> {
  const versions = Array.from({ length: NAMES }, () => 1 + random(4));
  const packages = versions.flatMap((count, index) =>
    Array.from({ length: count }, (_, version) => packageText(index, version + 1, versions, random)),
  );
  mkdirSync(folder);
  const [repomd, primary] = [join(folder, "repomd.xml"), join(folder, "primary.xml")];
  writeFileSync(repomd, '<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision></repomd>');
  writeFileSync(
    primary,
    `<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${packages.length}">${packages.join("\n")}</metadata>`,
  );
  const hidden = versions.flatMap((count, index) => {
    const kept = 1 + random(count);
    return Array.from({ length: count - kept }, (_, more) => `n${index}-${kept + 1 + more}`);
  });
  const open = (excludePackages: readonly string[]): Promise<Pool> => {
    const files = { id: "r", priority: 99, cost: 1000, repomd, primary, filelists: null, includePackages: [] };
    const repository: RepositoryFiles = { ...files, excludePackages };
    return addon.openPool([repository], { arch: "x86_64", localPackages: [] });
  };
  const newest = new Map(versions.map((count, index) => [`n${index}`, count]));
  return { everything: await open([]), past: await open(hidden), newest };
}

function packageText(
  index: number,
  version: number,
  versions: readonly number[],
  random: (limit: number) => number,
): string {
  const entry = (name: string, flags = "", required = 0): string =>
    `<rpm:entry name="${name}"${flags === "" ? "" : ` flags="${flags}" epoch="0" ver="${required}"`}/>`;
  const requires: string[] = [];
  for (let left = random(4); left > 0; left -= 1) {
    const other = random(10) === 0 ? random(NAMES) : Math.min(NAMES - 1, index + 1 + random(12));
    const flags = ["", "", "GE", "GE", "EQ"][random(5)] ?? "";
    if (other !== index) requires.push(entry(`n${other}`, flags, 1 + random(versions[other] ?? 1)));
  }
  if (random(6) === 0) requires.push(entry(`virtual${random(6)}`));
  const provides = random(6) === 0 ? entry(`virtual${random(6)}`) : "";
  const conflicts = random(15) === 0 ? entry(`n${random(NAMES)}`, "LT", 2) : "";
  const checksum = (index * 8 + version).toString(16).padStart(64, "0");
  return `<package type="rpm"><name>n${index}</name><arch>noarch</arch><version epoch="0" ver="${version}" rel="1"/>
    <checksum type="sha256" pkgid="YES">${checksum}</checksum><summary/><description/><packager/><url/>
    <time file="1" build="1"/><size package="1" installed="1" archive="1"/><location href="n${index}-${version}.rpm"/>
    <format><rpm:provides>${entry(`n${index}`, "EQ", version)}${provides}</rpm:provides>
    <rpm:requires>${requires.join("")}</rpm:requires><rpm:conflicts>${conflicts}</rpm:conflicts></format></package>`;
}

function solve(pool: Pool, specs: readonly string[], job: Partial<SolveJob> = {}): Promise<SolveResult> {
  return pool.solve({ specs, requirements: [], localPackages: [], installWeakDependencies: false, ...job });
}

/** What another solve may keep. */
function locked(installs: readonly Solvable[]): NonNullable<SolveJob["kept"]> {
  return installs.map(({ name, evr, arch, repositoryId, checksum }) => {
    assert.ok(checksum !== null);
    return { name, evr, arch, repositoryId, checksum };
  });
}

const texts = (packages: readonly { name: string; evr: string }[]): readonly string[] =>
  packages.map(({ name, evr }) => `${name}-${evr}`);

test("random partial updates keep what they can, and update what they should", async (t) => {
  const random = randomNumbers(1);
  const folder = temporaryDirectory(t);
  const counts = { kept: 0, updated: 0, needless: 0 };
  for (let round = 0; round < 60; round += 1) {
    const { everything, past, newest } = await randomWorld(join(folder, String(round)), random);
    for (let turn = 0; turn < 30; turn += 1) {
      const specs = [...new Set(Array.from({ length: 1 + random(5) }, () => `n${random(NAMES)}`))];
      const before = await solve(past, specs);
      if (before.kind !== "solved") continue;
      const kept = locked(before.installs);
      const same = await solve(everything, specs, { kept });
      assert.equal(same.kind, "solved", JSON.stringify(same));
      assert.deepEqual(same.kind === "solved" && texts(same.installs), texts(kept), "nothing is to be updated");
      counts.kept += 1;
      const old = kept.filter(({ name, evr }) => evr !== `${newest.get(name)}-1`);
      const target = old[random(Math.max(1, old.length))]?.name;
      if (target === undefined) continue;
      const all = await solve(everything, specs, { kept, renewed: kept.map(({ name }) => name) });
      assert.deepEqual(all, await solve(everything, specs), "with all listed, it is the full update");
      const after = await solve(everything, specs, { kept, renewed: [target] });
      if (after.kind !== "solved") {
        assert.ok(specs.includes(target), "only a specification insists on the best version");
        continue;
      }
      const moved = movedFrom(kept, after.installs);
      counts.updated += moved.includes(target) ? 1 : 0;
      const [first = ""] = moved.filter((name) => name !== target);
      if (first !== "")
        counts.needless += (await couldStay(everything, specs, kept, after.installs, target, first)) ? 1 : 0;
    }
    everything.close();
    past.close();
  }
  assert.ok(counts.kept > 300 && counts.updated > 200, JSON.stringify(counts));
  // Which of several ways out of a conflict is taken is the solver's heuristic: few may be longer than they had to be.
  assert.ok(counts.needless <= 4, JSON.stringify(counts));
});

function movedFrom(kept: readonly { name: string; evr: string }[], installs: readonly Solvable[]): readonly string[] {
  const was = new Map(kept.map(({ name, evr }) => [name, evr]));
  return installs.filter(({ name, evr }) => (was.get(name) ?? evr) !== evr).map(({ name }) => name);
}

/** Whether the target can be what it became while the other has its old version and fewer move. */
async function couldStay(
  pool: Pool,
  specs: readonly string[],
  kept: NonNullable<SolveJob["kept"]>,
  installs: readonly Solvable[],
  target: string,
  other: string,
): Promise<boolean> {
  const version = (packages: readonly { name: string; evr: string }[], name: string): string[] =>
    packages.filter((candidate) => candidate.name === name).map(({ evr }) => `${name} = ${evr}`);
  const requirements = [...version(kept, other), ...version(installs, target), ...specs];
  const rest = specs.filter((spec) => spec !== target && spec !== other);
  const alternative = await solve(pool, rest, { kept, renewed: [target], requirements });
  if (alternative.kind !== "solved") return false;
  return movedFrom(kept, alternative.installs).length < movedFrom(kept, installs).length;
}
