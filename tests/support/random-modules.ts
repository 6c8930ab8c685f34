/** Modular repositories made at random from a seed, with everything that decides which stream is active. */
import { join } from "node:path";
import { compareText } from "../../src/model/nevra.js";
import type { ModularCase, ModularRepository } from "./dnf-modules.js";
import {
  defaultsYaml,
  type MetadataPackage,
  type ModuleDocument,
  moduleYaml,
  writeMetadata,
} from "./modular-repository.js";

const MODULES = ["alpha", "beta", "gamma", "delta"];
const STREAMS = ["1", "2.10", "el"];
const REQUIRED = "fox";
const PACKAGES = ["ant", "bee", "cat", "dog", "eel", REQUIRED];

/** The same seed gives the same numbers (a linear congruential generator). */
function generator(seed: number): (limit: number) => number {
  let state = BigInt(seed) * 2862933555777941757n + 3037000493n;
  return (limit) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number((state >> 33n) % BigInt(limit));
  };
}

export interface RandomWorld {
  readonly repositories: readonly ModularRepository[];
  readonly platform: string | null;
  readonly cases: readonly ModularCase[];
}

/** Writes one to three repositories below `folder`. */
export function randomWorld(folder: string, seed: number): RandomWorld {
  const below = generator(seed);
  const oneOf = <T>(values: readonly [T, ...T[]] | readonly T[]): T => values[below(values.length)] as T;
  const some = <T>(values: readonly T[], outOf: number): T[] => values.filter(() => below(outOf) === 0);
  const modules = MODULES.slice(0, 2 + below(3));
  const specs = new Set<string>();
  const platform = oneOf(["given", "given", "packaged", "unknown"]);
  const repositories = Array.from({ length: 1 + below(3) }, (_, index) => {
    const id = `r${index}`;
    const packages = new Map<string, MetadataPackage>();
    const add = (entry: MetadataPackage): string => {
      const { name, evr = "1-1", arch = "noarch" } = entry;
      packages.set(`${name}-${evr}.${arch}`, entry);
      return `${name}-${evr.includes(":") ? evr : `0:${evr}`}.${arch}`;
    };
    const packageOf = (name: string, release: string): MetadataPackage => ({
      name,
      evr: `${below(6) === 0 ? "1:" : ""}${1 + below(3)}-${release}`,
      arch: name < "c" ? "noarch" : "x86_64",
      // What is required has one provider by name only: the choice between several depends on their order.
      requires: name === REQUIRED || below(3) !== 0 ? [] : [REQUIRED],
      provides: some(PACKAGES, 10).filter((provided) => provided !== REQUIRED),
    });
    const documents: ModuleDocument[] = [];
    for (const name of modules) {
      for (const stream of some(STREAMS, 1).slice(0, 1 + below(3))) {
        for (let build = 0; build < 1 + below(3); build++) {
          const artifacts = some(PACKAGES, 3).flatMap((entry) => {
            const main = packageOf(entry, `${name}.${below(3)}`);
            const twin = below(3) === 0 ? [add({ ...main, name: `${entry}-32`, arch: "i686", provides: [] })] : [];
            return [add(main), ...twin];
          });
          documents.push({
            name,
            stream,
            version: 100 + below(3),
            context: `c${below(3)}`,
            arch: oneOf(["x86_64", "x86_64", "x86_64", "i686", "noarch", "s390x"]),
            staticContext: below(3) === 0,
            requires: requirements(below, modules, name),
            artifacts,
            demodularized: below(4) === 0 ? some(PACKAGES, 3) : [],
            profiles: { common: some(PACKAGES, 3), devel: some(PACKAGES, 4) },
          });
          specs.add(`${name}:${stream}`);
        }
      }
    }
    for (const name of [...some(PACKAGES, 2), "extra"]) add(packageOf(name, "plain"));
    if (platform === "packaged") {
      // The latest release tells.
      for (const [version, provided] of [
        ["1", "platform:el8"],
        ["2", "platform:el9"],
      ])
        add({ name: "release", evr: `${version}-1`, provides: ["system-release", `base-module(${provided})`] });
    }
    const distinct = new Map(
      documents.map((one) => [[one.name, one.stream, one.version, one.context, one.arch].join(), one]),
    );
    const defaults = some(modules, 2).map((name) => defaultsYaml(name, oneOf(STREAMS), 202001010000 + index));
    // libmodulemd writes documents in the order of these texts, and dnf's choice between equals depends on it.
    const keyOf = (one: ModuleDocument): string => [one.name, one.stream, one.version, one.context, one.arch].join(":");
    const sorted = [...distinct.values()].sort((a, b) => compareText(keyOf(a), keyOf(b)));
    const yaml = sorted.map(moduleYaml).join("") + defaults.join("");
    const path = join(folder, id);
    writeMetadata(path, [...packages.values()], yaml);
    return { id, path, hotfixes: below(6) === 0 };
  });
  const names = [...PACKAGES, "extra"];
  const all = [...specs].sort();
  const enabled = [...all.map((spec) => [spec]), ...modules.map((name) => [name]), [oneOf(all), oneOf(all)]];
  return {
    repositories,
    platform: platform === "given" ? "platform:el9" : null,
    cases: [
      { names },
      ...enabled.map((enable) => ({ enable, names })),
      ...all.map((spec) => ({ install: [`${spec}/${oneOf(["common", "devel", "*", "none"])}`], names })),
    ],
  };
}

function requirements(
  below: (limit: number) => number,
  modules: readonly string[],
  own: string,
): Record<string, readonly string[]> {
  const platform = below(10) === 0 ? "el8" : "el9";
  const requires: Record<string, readonly string[]> = below(2) === 0 ? { platform: [platform] } : {};
  for (const module of modules) {
    if (module === own || below(4) !== 0) continue;
    const streams = STREAMS.filter(() => below(2) === 0);
    requires[module] = below(5) === 0 ? streams.map((stream) => `-${stream}`) : streams;
  }
  return requires;
}
