import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  askAddon,
  askDnf,
  dnfMissing,
  type ModularCase,
  type ModularRepository,
  type ModularRequest,
} from "../support/dnf-modules.js";
import { writeMetadata } from "../support/modular-repository.js";
import { randomWorld } from "../support/random-modules.js";
import { realData } from "../support/real-data.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

/** Asserts that dnf and the addon agree, and returns how many sets were compared. */
async function compare(t: TestContext, request: ModularRequest): Promise<number> {
  const [theirs, ours] = await Promise.all([askDnf(request), askAddon(request, temporaryDirectory(t))]);
  let compared = 0;
  for (const [index, one] of request.cases.entries()) {
    const [dnf, addon] = [theirs[index], ours[index]];
    const what = JSON.stringify({ ...one, names: undefined });
    assert.equal(addon?.failed === null, dnf?.failed === null, `${what}: ${addon?.failed} and ${dnf?.failed}`);
    if (dnf?.failed === null) assert.deepEqual(addon?.results, dnf.results, what);
    compared += Math.max(1, Object.keys(dnf?.results ?? {}).length);
  }
  return compared;
}

const { folder: real, skip: realMissing } = realData("modules");
const skipReal = realMissing || dnfMissing;
const streams = ["base-runtime:f26", "base-runtime:rhel73", "httpd:2.2", "httpd:2.4"];
const modular = [
  "base-runtime-f26-1",
  "base-runtime-f26-2",
  "base-runtime-rhel73-1",
  "httpd-2.2-1",
  "httpd-2.4-1",
  "httpd-2.4-2",
];

function namesIn(repositories: readonly ModularRepository[]): readonly string[] {
  const names = repositories.flatMap(({ path }) => {
    const metadata = join(path, "repodata");
    const primary = readdirSync(metadata).find((name) => name.endsWith("primary.xml.gz")) ?? "";
    const xml = gunzipSync(readFileSync(join(metadata, primary))).toString();
    return [...xml.matchAll(/<name>(.*?)<\/name>/g)].map(([, name]) => name ?? "");
  });
  return [...new Set(names)].sort();
}

/** Nothing enabled, every stream alone, every pair of streams, every module by its name, and every profile. */
function everyChoice(names: readonly string[]): readonly ModularCase[] {
  const pairs = streams.flatMap((first, index) => streams.slice(index + 1).map((second) => [first, second]));
  const enabled = [...streams.map((stream) => [stream]), ...pairs, ["httpd"], ["base-runtime"], ["nowhere:1"]];
  const profiles = streams.flatMap((stream) => ["default", "doc", "minimal", "*"].map((name) => `${stream}/${name}`));
  return [
    { names },
    ...enabled.map((enable) => ({ enable, names })),
    ...profiles.map((profile) => ({ install: [profile], names: [] })),
  ];
}

for (const arch of ["x86_64", "i686", "s390x"]) {
  const at = (name: string, hotfixes = false): ModularRepository => ({
    id: name,
    path: join(real, "libdnf", name, arch),
    hotfixes,
  });
  const layouts = {
    "in one repository": [at("_all")],
    "in many repositories": [...modular, "_non-modular"].map((name) => at(name)),
    "with hotfixes": [...modular.map((name) => at(name)), at("_non-modular", true)],
  };
  for (const [layout, repositories] of Object.entries(layouts)) {
    test(`real modules for ${arch} ${layout} give dnf's sets`, { skip: skipReal }, async (t) => {
      const names = namesIn(repositories);
      const cases = everyChoice(names);
      const compared = await compare(t, { repositories, arch, platform: null, cases });
      t.diagnostic(`${compared} sets for ${cases.length} choices of streams agree`);
      assert.ok(compared > names.length * streams.length);
    });
  }

  test(`real defaults from a repository of their own for ${arch}`, { skip: skipReal }, async (t) => {
    const defaults = join(temporaryDirectory(t), "defaults");
    writeMetadata(defaults, [], readFileSync(join(real, "libdnf-defaults/httpd.yaml"), "utf8"));
    const without = ["base-runtime-f26-1", "base-runtime-rhel73-1", "httpd-2.2-1", "httpd-2.4-2", "_non-modular"];
    const repositories = [...without.map((name) => at(name)), { id: "defaults", path: defaults }];
    const cases = everyChoice(namesIn(repositories));
    const compared = await compare(t, { repositories, arch, platform: null, cases });
    t.diagnostic(`${compared} sets agree`);
  });
}

/** `RPMOCI_RANDOM_MODULES` compares more of them: the first seed and how many, for example `1000,200`. */
const { RPMOCI_RANDOM_MODULES: wanted = "1,5" } = process.env;
const [firstSeed = 1, seeds = 5] = wanted.split(",").map(Number);

test("modules at random give dnf's sets", { skip: dnfMissing }, async (t) => {
  let compared = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const world = randomWorld(temporaryDirectory(t), seed);
    try {
      const request = { ...world, arch: "x86_64" };
      compared += await compare(t, request);
      const shuffled = { ...request, repositories: world.repositories.toReversed() };
      const folder = temporaryDirectory(t);
      assert.deepEqual(await askAddon(shuffled, folder, true), await askAddon(request, temporaryDirectory(t)));
    } catch (error) {
      throw new Error(`seed ${seed}, platform ${world.platform}`, { cause: error });
    }
  }
  t.diagnostic(`${compared} sets agree`);
});
