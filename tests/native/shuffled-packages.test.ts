import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import type { RepositoryFiles } from "../../src/native/binding.js";
import { randomIntegers, shuffled } from "../support/random.js";
import { reorderPackages } from "../support/rewritten-metadata.js";
import {
  makeRepository,
  openPool,
  realRepository,
  repositoryIn,
  solve,
  toolsMissing,
} from "./support/package-repository.js";
import { Workspace } from "./support/rpm-tools.js";

/** Its own time would be measured. */
const sanitized = process.env.LD_PRELOAD?.includes("libasan") === true && "a sanitizer is loaded";

function textOf(path: string | null): string {
  const bytes = readFileSync(path ?? "");
  return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString();
}

/** The same metadata with its packages in another order. */
function reordered(
  workspace: Workspace,
  files: RepositoryFiles,
  reorder: (packages: readonly string[]) => readonly string[],
): RepositoryFiles {
  const write = (part: "primary" | "filelists"): string => {
    const path = workspace.at("reordered", part);
    writeFileSync(path, reorderPackages(textOf(files[part]), reorder));
    return path;
  };
  return { ...files, primary: write("primary"), filelists: write("filelists") };
}

async function answers(files: readonly RepositoryFiles[], jobs: readonly (readonly string[])[]): Promise<string[]> {
  const pool = await openPool(files);
  try {
    const results: string[] = [];
    for (const [index, specs] of jobs.entries()) {
      const result = await solve(pool, specs, { installWeakDependencies: index % 2 === 0 });
      results.push(`${specs.join(" ")}: ${JSON.stringify(result)}`);
    }
    return results;
  } finally {
    pool.close();
  }
}

test("the order of packages in metadata does not matter", { skip: toolsMissing }, async () => {
  using workspace = new Workspace();
  const files = makeRepository(workspace, "main", [
    { name: "user", tags: ["Requires: service", "Requires: (left or right)"] },
    { name: "first", tags: ["Provides: service", "Requires: shared"] },
    { name: "second", tags: ["Provides: service"] },
    { name: "left", evr: "1-1", tags: ["Conflicts: second"] },
    { name: "right", evr: "1-1", tags: ["Obsoletes: left < 2"] },
    { name: "right", evr: "2-1", arch: "x86_64" },
    { name: "right", evr: "2-1", arch: "i686" },
    { name: "shared", evr: "1.0-1" },
    { name: "shared", evr: "1.00-1" },
    { name: "stuck", tags: ["Requires: nowhere, nothing", "Conflicts: user"] },
  ]);
  // One build under two names, and one file with two checksums.
  const twins = (packages: readonly string[]): readonly string[] =>
    packages.flatMap((entry) => [
      entry,
      ...(entry.includes("<name>second<") ? [entry.replace(/href="/, 'href="other/')] : []),
      ...(entry.includes("<name>shared<") ? [entry.replace(/(pkgid="YES">)../, "$100")] : []),
    ]);
  const jobs = [["user"], ["user", "right.i686"], ["service"], ["shared"], ["r*"], ["user", "stuck"], ["l*", "second"]];
  const expected = await answers([reordered(workspace, files, twins)], jobs);
  const random = randomIntegers(3);
  for (let round = 0; round < 40; round += 1) {
    const other = reordered(workspace, files, (packages) => shuffled(twins(packages), random));
    assert.deepEqual(await answers([other], jobs), expected);
  }
});

const real = realRepository("centos-stream-9-baseos");

test("nor in a real repository", { skip: sanitized || (real === null && "there is no real metadata") }, async () => {
  using workspace = new Workspace();
  const files = repositoryIn(real ?? "", "baseos");
  const names = [...new Set(textOf(files.primary).match(/(?<=<name>)[^<]+/g))].sort();
  const random = randomIntegers(9);
  const some = (count: number): string[] => Array.from({ length: count }, () => names[random(names.length)] ?? "");
  const jobs = Array.from({ length: 50 }, (_, index) => some(1 + (index % 4)));
  const expected = await answers([files], jobs);
  for (let round = 0; round < 3; round += 1) {
    const other = reordered(workspace, files, (packages) => shuffled(packages, random));
    assert.deepEqual(await answers([other], jobs), expected);
  }
});
