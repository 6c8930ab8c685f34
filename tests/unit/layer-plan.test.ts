import assert from "node:assert/strict";
import test from "node:test";
import type { LayersSection } from "../../src/model/layer-plan.js";
import type { LockedLayerPlan, LockedPackage } from "../../src/model/lockfile.js";
import { packagesKey } from "../../src/plan/packages-key.js";
import { planLayers } from "../../src/plan/plan-layers.js";
import { randomIntegers, shuffled } from "../support/random.js";

type Section = Pick<LayersSection, "strategy" | "max" | "groups">;

const SOURCE: Section = { strategy: "source", max: 40, groups: [] };

function locked(name: string, changes: Partial<LockedPackage> & { readonly source?: string } = {}): LockedPackage {
  const { source = name, ...rest } = changes;
  return {
    name,
    evr: "1-1",
    arch: "x86_64",
    repositoryId: "repo",
    checksum: { algorithm: "sha256", value: "0".repeat(64) },
    location: `${name}.rpm`,
    size: 1000,
    sourceRpm: `${source}-1-1.src.rpm`,
    buildTime: 1_600_000_000,
    signedBy: undefined,
    sha256: undefined,
    ...rest,
  };
}

/** Sizes and ages are as unequal as those of a distribution; a third of the packages share their source. */
function distribution(count: number, seed: number): readonly LockedPackage[] {
  const random = randomIntegers(seed);
  return Array.from({ length: count }, (_, index) =>
    locked(`package-${index}`, {
      source: `source-${random(3) === 0 ? random(count / 6) : count + index}`,
      size: Math.round(2000 * 2 ** (random(120) / 10)),
      buildTime: 1_600_000_000 + random(100_000_000),
    }),
  );
}

function plan(
  packages: readonly LockedPackage[],
  section: Section = SOURCE,
  previous: LockedLayerPlan | null = null,
  local: readonly string[] = [],
): LockedLayerPlan {
  const localPackages = local.map((name) => ({ name, requires: [] }));
  const made = planLayers({ packages, localPackages, section, previous });
  assert.ok(made);
  return made;
}

const namesOf = ({ layers }: LockedLayerPlan): readonly string[] => layers.flatMap(({ packages }) => packages);

function layerOf({ layers }: LockedLayerPlan, name: string): string | undefined {
  return layers.find(({ packages }) => packages.includes(name))?.name;
}

test("a single layer has no plan", () => {
  const section = { strategy: "single", max: 40, groups: [] } as const;
  assert.equal(planLayers({ packages: [locked("a")], localPackages: [], section, previous: null }), null);
});

for (const strategy of ["package", "source", "size"] as const) {
  test(`${strategy}: every package is in one layer, of which there are not too many, whatever the order`, () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = randomIntegers(seed);
      const section = { strategy, max: 3 + random(60), groups: [] };
      const packages = distribution(1 + random(300), seed);
      const made = plan(packages, section);
      assert.deepEqual([...namesOf(made)].sort(), packages.map(({ name }) => name).sort());
      assert.ok(made.layers.length <= section.max - 1, `${made.layers.length} of ${section.max}`);
      assert.ok(made.layers.every(({ packages: names }) => names.length > 0));
      assert.equal(new Set(made.layers.map(({ name }) => name)).size, made.layers.length);
      assert.deepEqual(plan(shuffled(packages, random), section), made);
      assert.deepEqual(plan(packages, section, made), made);
    }
  });
}

test("packages of one source share a layer with strategy source", () => {
  const packages = distribution(300, 7);
  const made = plan(packages);
  const layers = new Map<string, Set<string | undefined>>();
  for (const { name, sourceRpm = "" } of packages) {
    layers.set(sourceRpm, (layers.get(sourceRpm) ?? new Set()).add(layerOf(made, name)));
  }
  assert.ok([...layers.values()].every((names) => names.size === 1));
});

test("layers have about the same size with strategy size", () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const packages = distribution(300, seed);
    const sizes = new Map(packages.map(({ name, size = 0 }) => [name, size]));
    const made = plan(packages, { ...SOURCE, strategy: "size" });
    const bytes = made.layers.map((layer) => layer.packages.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0));
    assert.ok(bytes.length > 2, `${bytes.length} layers with seed ${seed}`);
    assert.ok(Math.max(...bytes) < 1.6 * Math.min(...bytes), `${bytes} with seed ${seed}`);
  }
});

test("what is old lies below what is new", () => {
  const made = plan([
    locked("new", { buildTime: 3 }),
    locked("old", { buildTime: 1 }),
    locked("middle", { buildTime: 2 }),
  ]);
  assert.deepEqual(
    made.layers.map(({ name }) => name),
    ["old", "middle", "new"],
  );
});

test("large packages are alone, and small ones together by their age", () => {
  const small = Array.from({ length: 20 }, (_, index) => locked(`small-${index}`, { buildTime: index }));
  const made = plan([...small, locked("large", { size: 1_000_000 })], { ...SOURCE, max: 5 });
  assert.deepEqual(made.layers.find(({ name }) => name === "large")?.packages, ["large"]);
  const ages = made.layers
    .filter(({ name }) => name !== "large")
    .map(({ packages }) => packages.map((name) => Number(name.slice("small-".length))).sort((a, b) => a - b));
  assert.deepEqual(ages.flat().length, 20);
  for (const [index, layer] of ages.entries()) {
    assert.ok(Math.max(...layer) < Math.min(...(ages[index + 1] ?? [Number.POSITIVE_INFINITY])));
  }
});

test("packages stay where they are when others come, go, or change", () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = randomIntegers(seed);
    const packages = distribution(200, seed);
    const first = plan(packages);
    const changed = packages
      .filter(() => random(20) > 0)
      .map((entry) =>
        random(10) === 0 ? { ...entry, evr: "2-1", size: 2 * (entry.size ?? 0), buildTime: 1_800_000_000 } : entry,
      );
    const added = Array.from({ length: 5 }, (_, index) => locked(`added-${index}`, { size: 1 + random(50_000) }));
    const next = plan([...changed, ...added], SOURCE, first);
    for (const { name } of changed) assert.equal(layerOf(next, name), layerOf(first, name));
    assert.equal(namesOf(next).length, changed.length + added.length);
    assert.ok(next.layers.length <= 39);
  }
});

test("a new package joins those of its source", () => {
  const packages = [...distribution(200, 3), locked("lib", { source: "thing" })];
  const first = plan(packages);
  const next = plan([...packages, locked("lib-extra", { source: "thing", size: 9_000_000 })], SOURCE, first);
  assert.equal(layerOf(next, "lib-extra"), layerOf(first, "lib"));
});

test("a layer that has grown out of proportion makes a new plan", () => {
  const packages = distribution(200, 5);
  const first = plan(packages, { ...SOURCE, max: 10 });
  const [grown] = first.layers.find(({ packages: names }) => names.length > 10)?.packages ?? [];
  const total = packages.reduce((sum, { size = 0 }) => sum + size, 0);
  const next = packages.map((entry) => (entry.name === grown ? { ...entry, size: 3 * total } : entry));
  const made = plan(next, { ...SOURCE, max: 10 }, first);
  assert.deepEqual(made, plan(next, { ...SOURCE, max: 10 }));
  assert.notDeepEqual(made.layers, first.layers);
});

test("another section makes a new plan", () => {
  const packages = distribution(200, 6);
  const first = plan(packages);
  for (const section of [
    { ...SOURCE, max: 12 },
    { ...SOURCE, strategy: "size" as const },
  ]) {
    assert.deepEqual(plan(packages, section, first), plan(packages, section));
  }
});

test("groups have their layers first, local packages have the last, and names do not clash", () => {
  const groups = [
    { name: "lib", packages: ["lib*", "base"] },
    { name: "none", packages: ["nothing-*"] },
  ];
  const packages = ["lib", "libfoo", "base", "local", "other", "packages-1"].map((name) => locked(name));
  const made = plan(packages, { ...SOURCE, groups }, null, ["mine", "base"]);
  assert.deepEqual(made.layers[0], { name: "lib", packages: ["lib", "libfoo"] });
  assert.deepEqual(made.layers.at(-1), { name: "local", packages: ["base", "mine"] });
  assert.equal(layerOf(made, "local"), "local-2");
  assert.deepEqual(plan(packages, { ...SOURCE, groups }, made, ["mine", "base"]), made);
  const withoutLocal = plan(packages, { ...SOURCE, groups }, made);
  for (const name of ["other", "local", "lib"]) assert.equal(layerOf(withoutLocal, name), layerOf(made, name));
});

test("lockfiles that know neither sizes nor sources have a plan, too", () => {
  const packages = distribution(100, 8).map((entry) => ({
    ...entry,
    size: undefined,
    sourceRpm: undefined,
    buildTime: undefined,
    signedBy: undefined,
    sha256: undefined,
  }));
  const made = plan(packages, { ...SOURCE, max: 10 });
  assert.equal(namesOf(made).length, 100);
  assert.deepEqual(plan(packages, { ...SOURCE, max: 10 }, made), made);
});

function layerKeys({ layers }: LockedLayerPlan, packages: readonly LockedPackage[]): readonly string[] {
  return layers.map((layer) => packagesKey(layer, packages, { compression: "gzip", level: 1 }));
}

/** The share of the packages' bytes that is in layers which have the same packages, in the same versions, as `known` ones. */
function reusedShare(made: LockedLayerPlan, packages: readonly LockedPackage[], known: ReadonlySet<string>): number {
  const sizes = new Map(packages.map(({ name, size = 0 }) => [name, size]));
  const bytes = (names: readonly string[]): number => names.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  const keys = layerKeys(made, packages);
  const reused = made.layers.filter((_, index) => known.has(keys[index] ?? ""));
  return bytes(reused.flatMap((layer) => layer.packages)) / bytes([...sizes.keys()]);
}

test("of 650 packages, one that changes leaves at least 95 % of the bytes in layers that stay", () => {
  for (let seed = 11; seed <= 13; seed += 1) {
    const packages = distribution(650, seed);
    // All of them take too long.
    const sample = packages.filter((_, index) => index % 5 === 0);
    const total = packages.reduce((sum, { size = 0 }) => sum + size, 0);
    const bytesOf = (source: string | undefined): number =>
      packages.filter(({ sourceRpm }) => sourceRpm === source).reduce((sum, { size = 0 }) => sum + size, 0);
    const first = plan(packages);
    const known = new Set(layerKeys(first, packages));
    const shares = sample.map((changed) => {
      const next = packages.map((entry) =>
        entry === changed ? { ...entry, evr: "2-1", size: 1.1 * (entry.size ?? 0), buildTime: 1_800_000_000 } : entry,
      );
      const share = reusedShare(plan(next, SOURCE, first), next, known);
      // A source that is larger itself cannot leave as much.
      if (bytesOf(changed.sourceRpm) < 0.045 * total)
        assert.ok(share >= 0.95, `${share} of ${changed.name}, seed ${seed}`);
      return share;
    });
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    assert.ok(mean >= 0.96, `${mean} with seed ${seed}`);
  }
});
