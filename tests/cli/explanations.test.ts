import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { ResolutionError, RpmociError, update } from "../../src/index.js";
import { buildRpms, type RpmFixture } from "../support/rpm-fixture.js";
import { type Contents, Scene } from "../support/scene.js";

interface Case {
  readonly title: string;
  readonly packages: readonly RpmFixture[];
  readonly contents: Contents;
  /** Options of the repository. */
  readonly options?: Readonly<Record<string, string>>;
  /** The error without the column of verbs. */
  readonly expected: readonly string[];
}

const lib = { name: "lib", version: "1.5" };
const bind: RpmFixture = { name: "bind", requires: ["lib >= 2"] };

const cases: readonly Case[] = [
  {
    title: "a typo",
    packages: [{ name: "nginx" }, { name: "nginx-core" }],
    contents: { packages: ["ngnix", "NGINX-core"] },
    expected: [
      "Error No packages available for spec 'NGINX-core'",
      '        asked for by   rpmoci.toml:3: packages: "NGINX-core"',
      "        did you mean   nginx-core?",
      "      No packages available for spec 'ngnix'",
      '        asked for by   rpmoci.toml:3: packages: "ngnix"',
      "        did you mean   nginx?",
    ],
  },
  {
    title: "a version that is not there",
    packages: [
      { name: "nginx", version: "1.22" },
      { name: "nginx", version: "1.24" },
    ],
    contents: { packages: ["nginx-1.99"] },
    expected: [
      "Error No packages available for spec 'nginx-1.99'",
      '        asked for by   rpmoci.toml:3: packages: "nginx-1.99"',
      "        there is only  nginx-1.24-1.noarch (tiny)",
      "                       nginx-1.22-1.noarch (tiny)",
    ],
  },
  {
    title: "a missing dependency of a dependency",
    packages: [
      { name: "app", requires: ["middle"] },
      { name: "middle", requires: ["libgone.so.1()(64bit)"] },
    ],
    contents: { packages: ["app"] },
    expected: [
      "Error Failed to resolve dependencies",
      "      nothing provides libgone.so.1()(64bit) needed by middle-1-1.noarch (tiny)",
      '        asked for by   rpmoci.toml:3: packages: "app" → app-1-1.noarch → middle-1-1.noarch',
    ],
  },
  {
    title: "a misspelt dependency",
    packages: [{ name: "app", requires: ["postgers"] }, { name: "postgres" }],
    contents: { packages: ["app"] },
    expected: [
      "Error Failed to resolve dependencies",
      "      nothing provides postgers needed by app-1-1.noarch (tiny)",
      '        asked for by   rpmoci.toml:3: packages: "app" → app-1-1.noarch',
      "        did you mean   postgres?",
    ],
  },
  {
    title: "a version that is too old, and is asked for twice",
    packages: [lib, bind, { name: "other", requires: ["bind"] }],
    contents: { packages: ["bind", "other"] },
    expected: [
      "Error Failed to resolve dependencies",
      "      nothing provides lib >= 2 needed by bind-1-1.noarch (tiny)",
      '        asked for by   rpmoci.toml:3: packages: "bind" → bind-1-1.noarch',
      '                       rpmoci.toml:3: packages: "other" → other-1-1.noarch → bind-1-1.noarch',
      "        there is only  lib-1.5-1.noarch (tiny)",
    ],
  },
  {
    title: "a capability of another version",
    packages: [
      { name: "app", requires: ["virtual(thing) = 2"] },
      { name: "provider", provides: ["virtual(thing) = 1"] },
    ],
    contents: { packages: ["app"] },
    expected: [
      "Error Failed to resolve dependencies",
      "      nothing provides virtual(thing) = 2 needed by app-1-1.noarch (tiny)",
      '        asked for by   rpmoci.toml:3: packages: "app" → app-1-1.noarch',
      "        there is only  provider-1-1.noarch (tiny), which provides virtual(thing) = 1",
    ],
  },
  {
    title: "two packages that exclude each other",
    packages: [
      { name: "app", requires: ["libred.so.1()(64bit)"] },
      { name: "red", provides: ["libred.so.1()(64bit)"] },
      { name: "blue", conflicts: ["red"] },
    ],
    contents: { packages: ["app", "blue"] },
    expected: [
      "Error Failed to resolve dependencies",
      "      blue-1-1.noarch (tiny) conflicts with red, provided by red-1-1.noarch (tiny)",
      '        asked for by   rpmoci.toml:3: packages: "blue" → blue-1-1.noarch',
      '                       rpmoci.toml:3: packages: "app"',
      "                         → app-1-1.noarch",
      "                         → red-1-1.noarch for libred.so.1()(64bit)",
    ],
  },
  {
    title: "a package that excludepkgs hides",
    packages: [lib, { name: "app", requires: ["lib"] }],
    contents: { packages: ["app"] },
    options: { excludepkgs: "lib" },
    expected: [
      "Error Failed to resolve dependencies",
      "      lib-1.5-1.noarch (tiny) is hidden by excludepkgs",
      '        asked for by   rpmoci.toml:3: packages: "app" → app-1-1.noarch → lib-1.5-1.noarch',
    ],
  },
  {
    title: "a specification that excludepkgs hides",
    packages: [lib],
    contents: { packages: ["lib"] },
    options: { excludepkgs: "lib" },
    expected: [
      "Error No packages available for spec 'lib'",
      '        asked for by   rpmoci.toml:3: packages: "lib"',
      "        excluded       lib-1.5-1.noarch (tiny), by excludepkgs",
    ],
  },
  {
    title: "a specification that includepkgs does not name",
    packages: [lib, { name: "app" }],
    contents: { packages: ["lib"] },
    options: { includepkgs: "app" },
    expected: [
      "Error No packages available for spec 'lib'",
      '        asked for by   rpmoci.toml:3: packages: "lib"',
      "        excluded       lib-1.5-1.noarch (tiny), by includepkgs",
    ],
  },
  {
    title: "other architectures only",
    packages: [
      { name: "onlyarm", arch: "aarch64" },
      { name: "app", requires: ["onlyarm"] },
    ],
    contents: { packages: ["onlyarm"] },
    expected: [
      "Error No packages available for spec 'onlyarm'",
      '        asked for by   rpmoci.toml:3: packages: "onlyarm"',
      "        other arch     onlyarm-1-1.aarch64 (tiny)",
    ],
  },
  {
    title: "a requirement that a foreign architecture would meet",
    packages: [
      { name: "onlyarm", arch: "aarch64" },
      { name: "app", requires: ["onlyarm"] },
    ],
    contents: { packages: ["app"] },
    expected: [
      "Error Failed to resolve dependencies",
      "      nothing provides onlyarm needed by app-1-1.noarch (tiny)",
      '        asked for by   rpmoci.toml:3: packages: "app" → app-1-1.noarch',
      "        other arch     onlyarm-1-1.aarch64 (tiny)",
    ],
  },
  {
    title: "an obsoleted package beside its successor",
    packages: [{ name: "old" }, { name: "new", obsoletes: ["old < 2"] }],
    contents: { packages: ["old-1", "new"] },
    expected: [
      "Error Failed to resolve dependencies",
      "      new-1-1.noarch (tiny) obsoletes old < 2, provided by old-1-1.noarch (tiny)",
      '        asked for by   rpmoci.toml:3: packages: "new" → new-1-1.noarch',
      '                       rpmoci.toml:3: packages: "old-1" → old-1-1.noarch',
    ],
  },
  {
    title: "a rich dependency",
    packages: [{ name: "app", requires: ["(watr or wine >= 3)"] }, { name: "water" }, { name: "wine", version: "2" }],
    contents: { packages: ["app"] },
    expected: [
      "Error Failed to resolve dependencies",
      "      nothing provides (watr or wine >= 3) needed by app-1-1.noarch (tiny)",
      '        asked for by   rpmoci.toml:3: packages: "app" → app-1-1.noarch',
      "        there is only  wine-2-1.noarch (tiny)",
      "        did you mean   water?",
    ],
  },
  {
    title: "a best candidate that cannot be installed",
    packages: [{ name: "fresh" }, { name: "fresh", version: "2", requires: ["nowhere"] }],
    contents: { packages: ["fresh"] },
    expected: [
      "Error Failed to resolve dependencies",
      "      nothing provides nowhere needed by fresh-2-1.noarch (tiny)",
      '        asked for by   rpmoci.toml:3: packages: "fresh" → fresh-2-1.noarch',
      ' Hint fresh-1-1.noarch (tiny) can be installed: write "fresh-1-1" instead of "fresh"',
    ],
  },
  {
    title: "two versions of one name",
    packages: [{ name: "tool" }, { name: "tool", version: "2" }],
    contents: { packages: ["tool-1", "tool-2"] },
    expected: [
      "Error Failed to resolve dependencies",
      "      only one of tool-2-1.noarch (tiny) and tool-1-1.noarch (tiny) can be installed",
      '        asked for by   rpmoci.toml:3: packages: "tool-2" → tool-2-1.noarch',
      '                       rpmoci.toml:3: packages: "tool-1" → tool-1-1.noarch',
    ],
  },
  {
    title: "a release file that nothing provides",
    packages: [{ name: "app" }],
    contents: { packages: ["app"], os_release: true },
    expected: [
      "Error No packages available for spec '/etc/os-release'",
      '        asked for by   rpmoci.toml:4: os_release = true: "/etc/os-release"',
      " Hint set os_release = false below [contents] when the image can do without /etc/os-release",
    ],
  },
];

/** What follows the verbs, the repository's port left out. */
function messageOf(stderr: string): readonly string[] {
  const lines = stderr.split("\n").filter((line) => !/^ *(Resolving|Warning) /.test(line));
  return lines.filter((line) => line !== "").map((line) => line.slice(15));
}

async function failure(t: TestContext, { packages, contents, options = {} }: Case): Promise<readonly string[]> {
  const scene = await Scene.create(t, { packages, key: null });
  const repository = { id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: "false", ...options } };
  scene.writeManifest({ repositories: [repository], gpgkeys: [], os_release: false, ...contents });
  const { code, stderr } = await scene.run(["update"], { env: { LC_ALL: "C.UTF-8" } });
  assert.equal(code, 4, stderr);
  return messageOf(stderr);
}

for (const entry of cases) {
  test(`why not: ${entry.title}`, async (t) => {
    assert.deepEqual(await failure(t, entry), entry.expected);
  });
}

test("why not: what a local package requires", async (t) => {
  const scene = await Scene.create(t, { packages: [{ name: "app" }], key: null });
  await buildRpms(scene.directory, [{ name: "mine", requires: ["app >= 7"] }]);
  const repository = { id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: "false" } };
  scene.writeManifest({ repositories: [repository], gpgkeys: [], os_release: false, packages: ["mine-*.rpm"] });
  const { stderr } = await scene.run(["update"], { env: { LC_ALL: "C.UTF-8" } });
  assert.deepEqual(messageOf(stderr), [
    "Error Failed to resolve dependencies",
    "      nothing provides app >= 7 needed by mine-1-1.noarch (a local package)",
    '        asked for by   rpmoci.toml:3: packages: "mine-*.rpm" → mine-1-1.noarch',
    "        there is only  app-1-1.noarch (tiny)",
  ]);
});

test("the API has the same as data", async (t) => {
  const scene = await Scene.create(t, { packages: [{ name: "app", requires: ["lib >= 2"] }, lib], key: null });
  const repository = { id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: "false" } };
  scene.writeManifest({ repositories: [repository], gpgkeys: [], os_release: false });
  const manifestPath = scene.path("rpmoci.toml");
  const failing = update({ manifestPath, cacheDirectory: scene.path("cache") });
  const error: unknown = await failing.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ResolutionError && error instanceof RpmociError);
  assert.deepEqual([error.kind, error.code], ["resolve", "UNSOLVABLE"]);
  const [problem] = error.problems;
  assert.ok(problem?.kind === "unsolvable");
  const app = { name: "app", evr: "1-1", arch: "noarch", repositoryId: "tiny" };
  const request = { kind: "spec", text: "app", file: manifestPath, line: 3, reason: "packages", localPackage: null };
  assert.deepEqual(problem.rules[0], {
    kind: "nothing-provides",
    package: app,
    other: null,
    dependency: "lib >= 2",
    request: null,
    packageChain: { request, links: [{ package: app, dependency: null }] },
    otherChain: null,
    hidden: [{ package: { ...app, name: "lib", evr: "1.5-1" }, reason: "version", offers: "lib = 1.5-1" }],
    similar: [],
  });
  assert.deepEqual(
    problem.rules.map(({ kind }) => kind),
    ["nothing-provides", "request"],
  );
});
