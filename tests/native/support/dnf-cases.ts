/** Two small repositories, ways to configure them, and jobs that touch every rule by which dnf chooses. */
import type { OracleRepository, ResolutionJob } from "../../support/dnf-oracle.js";
import type { PackageDefinition } from "./package-repository.js";

export const first: readonly PackageDefinition[] = [
  { name: "app", evr: "1-1", tags: ["Requires: lib", "Recommends: extra", "Suggests: sugar"] },
  { name: "app", evr: "2-1", tags: ["Requires: lib >= 2", "Recommends: extra", "Suggests: sugar"] },
  { name: "app-data", evr: "2-1" },
  { name: "lib", evr: "2-1", arch: "x86_64", tags: ["Provides: liblib.so.2()(64bit)"] },
  { name: "lib", evr: "2-1", arch: "i686", tags: ["Provides: liblib.so.2"] },
  { name: "lib", evr: "1:1-1", arch: "x86_64" },
  { name: "newer32", evr: "1-1", arch: "x86_64" },
  { name: "newer32", evr: "2-1", arch: "i686" },
  { name: "only32", arch: "i686", tags: ["Requires: liblib.so.2"] },
  { name: "foreign", arch: "aarch64" },
  { name: "extra" },
  { name: "sugar" },
  { name: "sweet", tags: ["Requires: (honey or sugar)"] },
  { name: "honey" },
  { name: "plugin", tags: ["Supplements: (app and extra)", "Requires: app"] },
  {
    name: "conditional",
    tags: [
      "Requires: (honey if sugar)",
      "Requires: (extra if sugar else app-data)",
      "Conflicts: (app-data unless honey)",
    ],
  },
  { name: "both", tags: ["Provides: left = 1", "Provides: right = 2"] },
  { name: "with-both", tags: ["Requires: (left with right)"] },
  { name: "old", evr: "1-1" },
  { name: "old", evr: "3-1" },
  { name: "new", tags: ["Obsoletes: old < 2", "Provides: old = 2"] },
  { name: "other-new", tags: ["Obsoletes: old < 2"] },
  { name: "gone-successor", tags: ["Obsoletes: gone"] },
  { name: "gone" },
  { name: "kernel", evr: "1-1" },
  { name: "kernel", evr: "2-1" },
  { name: "module", tags: ["Requires: kernel = 1"] },
  { name: "driver", evr: "1-1", tags: ["Provides: installonlypkg(kernel-module)"] },
  { name: "driver", evr: "2-1", tags: ["Provides: installonlypkg(kernel-module)"] },
  { name: "broken-update", evr: "1-1" },
  { name: "broken-update", evr: "2-1", tags: ["Requires: nowhere"] },
  { name: "needs-broken", tags: ["Requires: broken-update"] },
  { name: "enemy", tags: ["Conflicts: app < 2"] },
  { name: "lib-2", evr: "5-1" },
  { name: "files", files: ["/usr/bin/files", "/usr/bin/tool", "/opt/files/a"] },
  { name: "provider", tags: ["Provides: /usr/bin/tool", "Provides: virtual = 1:2-3", "Provides: virtual-plain"] },
];

export const second: readonly PackageDefinition[] = [
  { name: "app", evr: "3-1", tags: ["Requires: lib"] },
  { name: "app-data", evr: "1-1" },
  { name: "extra" },
  { name: "honey", evr: "0.5-1" },
  { name: "kernel", evr: "3-1" },
  { name: "gone", evr: "2-1" },
  { name: "virtual", evr: "1-1" },
];

/** Every one alone, and every one with those that follow it. */
const specs: readonly (readonly string[])[] = [
  ["app", "app-1", "app-1-1.noarch", "app-data", "app*", "app-2*", "app-0:3-1", "APP", "app < 2", "app<2", "app =1"],
  ["lib", "lib.i686", "lib.*", "lib-2", "lib-2-1", "lib-2-1.x86_64", "lib-1:1", "lib-1:*", "lib-?-1.*", "lib*"],
  [
    "only32",
    "newer32",
    "newer*",
    "foreign",
    "f*",
    "foreign.aarch64",
    "liblib.so.2",
    "liblib.so.*",
    "liblib.so.2()(64bit)",
  ],
  ["sweet", "conditional", "with-both", "(honey or sugar)", "(left with right)", "(nothing or extra)", "plugin"],
  ["old", "old-1", "old-3", "old < 2", "gone", "gone.noarch", "gone*", "go*.noarch", "new", "other-new"],
  ["kernel", "kernel-1", "kernel-2", "module", "driver-1", "driver-2", "kernel-[12]*", "kernel = 1"],
  ["broken-update", "broken-update-1", "needs-broken", "enemy", "app-1", "app"],
  ["/usr/bin/files", "/usr/bin/tool", "/opt/files/a", "/opt/files/*", "*/a", "/opt/files/a/", "/usr/bin/*"],
  ["virtual", "virtual >= 1", "virtual = 1:2", "virtual < 1:2", "virtual-plain > 5", "virtual*", "virt?al"],
];

export const jobs: readonly ResolutionJob[] = specs.flatMap((group) =>
  group.flatMap((spec, index) => {
    const pairs = group.slice(index + 1).map((other) => [spec, other]);
    return [[spec], ...pairs].flatMap((list) => [true, false].map((weak) => ({ specs: list, weak })));
  }),
);

type Settings = Omit<OracleRepository, "id" | "folder">;
export const settings: Readonly<Record<string, readonly [Settings, Settings]>> = {
  "two repositories": [{}, {}],
  "the first has priority": [{ priority: 10 }, {}],
  "the second has priority": [{}, { priority: 10 }],
  "the first is cheaper": [{ cost: 10 }, {}],
  "the second is cheaper": [{}, { cost: 10 }],
  "packages are excluded": [
    { excludepkgs: ["app-2*", "lib.i686", "honey", "kernel", "old-3-1"] },
    { excludepkgs: ["*a"] },
  ],
  "a name of the other repository": [{ excludepkgs: ["virtual"] }, { excludepkgs: ["lib-2", "sugar"] }],
  "packages are included": [{}, { includepkgs: ["app", "kernel", "nothing"] }],
  "packages are included and excluded": [{ includepkgs: ["a*", "lib*", "old", "e*"], excludepkgs: ["extra"] }, {}],
  "what obsoletes is excluded": [{ excludepkgs: ["new", "gone-successor"] }, {}],
};
