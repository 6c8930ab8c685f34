import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { buildRpms, type RpmFixture } from "../support/rpm-fixture.js";
import { type Contents, Scene } from "../support/scene.js";

interface Case {
  readonly title: string;
  readonly packages: readonly RpmFixture[];
  readonly contents: Contents;
  /** Options of the repository. */
  readonly options?: Readonly<Record<string, string>>;
  /** The error without the column of verbs. */
  readonly expected: string;
}

const lib = { name: "lib", version: "1.5" };
const bind: RpmFixture = { name: "bind", requires: ["lib >= 2"] };

const cases: readonly Case[] = [
  {
    title: "a typo",
    packages: [{ name: "nginx" }, { name: "nginx-core" }],
    contents: { packages: ["ngnix", "NGINX-core"] },
    expected: "",
  },
  {
    title: "a version that is not there",
    packages: [
      { name: "nginx", version: "1.22" },
      { name: "nginx", version: "1.24" },
    ],
    contents: { packages: ["nginx-1.99"] },
    expected: "",
  },
  {
    title: "a missing dependency of a dependency",
    packages: [
      { name: "app", requires: ["middle"] },
      { name: "middle", requires: ["libgone.so.1()(64bit)"] },
    ],
    contents: { packages: ["app"] },
    expected: "",
  },
  {
    title: "a misspelt dependency",
    packages: [{ name: "app", requires: ["postgers"] }, { name: "postgres" }],
    contents: { packages: ["app"] },
    expected: "",
  },
  {
    title: "a version that is too old, and is asked for twice",
    packages: [lib, bind, { name: "other", requires: ["bind"] }],
    contents: { packages: ["bind", "other"] },
    expected: "",
  },
  {
    title: "a capability of another version",
    packages: [
      { name: "app", requires: ["virtual(thing) = 2"] },
      { name: "provider", provides: ["virtual(thing) = 1"] },
    ],
    contents: { packages: ["app"] },
    expected: "",
  },
  {
    title: "two packages that exclude each other",
    packages: [
      { name: "app", requires: ["libred.so.1()(64bit)"] },
      { name: "red", provides: ["libred.so.1()(64bit)"] },
      { name: "blue", conflicts: ["red"] },
    ],
    contents: { packages: ["app", "blue"] },
    expected: "",
  },
  {
    title: "a package that excludepkgs hides",
    packages: [lib, { name: "app", requires: ["lib"] }],
    contents: { packages: ["app"] },
    options: { excludepkgs: "lib" },
    expected: "",
  },
  {
    title: "a specification that excludepkgs hides",
    packages: [lib],
    contents: { packages: ["lib"] },
    options: { excludepkgs: "lib" },
    expected: "",
  },
  {
    title: "other architectures only",
    packages: [
      { name: "only32", arch: "i686" },
      { name: "onlyarm", arch: "aarch64" },
      { name: "app", requires: ["onlyarm"] },
    ],
    contents: { packages: ["only32", "onlyarm"] },
    expected: "",
  },
  {
    title: "a requirement that a foreign architecture would meet",
    packages: [
      { name: "onlyarm", arch: "aarch64" },
      { name: "app", requires: ["onlyarm"] },
    ],
    contents: { packages: ["app"] },
    expected: "",
  },
  {
    title: "an obsoleted package beside its successor",
    packages: [{ name: "old" }, { name: "new", obsoletes: ["old < 2"] }],
    contents: { packages: ["old-1", "new"] },
    expected: "",
  },
  {
    title: "a rich dependency",
    packages: [{ name: "app", requires: ["(watr or wine >= 3)"] }, { name: "water" }, { name: "wine", version: "2" }],
    contents: { packages: ["app"] },
    expected: "",
  },
  {
    title: "a best candidate that cannot be installed",
    packages: [{ name: "fresh" }, { name: "fresh", version: "2", requires: ["nowhere"] }],
    contents: { packages: ["fresh"] },
    expected: "",
  },
  {
    title: "two versions of one name",
    packages: [{ name: "tool" }, { name: "tool", version: "2" }],
    contents: { packages: ["tool-1", "tool-2"] },
    expected: "",
  },
  {
    title: "a release file that nothing provides",
    packages: [{ name: "app" }],
    contents: { packages: ["app"], os_release: true },
    expected: "",
  },
];

/** What follows the verbs, the repository's port left out. */
function messageOf(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => !/^ *(Resolving|Warning) /.test(line));
  return lines
    .map((line) => line.slice(15).trimEnd())
    .join("\n")
    .trimEnd();
}

async function failure(t: TestContext, { packages, contents, options = {} }: Case): Promise<string> {
  const scene = await Scene.create(t, { packages, key: null });
  const repository = { id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: "false", ...options } };
  scene.writeManifest({ repositories: [repository], gpgkeys: [], os_release: false, ...contents });
  const { code, stderr } = await scene.run(["update"], { env: { LC_ALL: "C.UTF-8" } });
  assert.equal(code, 12, stderr);
  return messageOf(stderr);
}

for (const entry of cases) {
  test(`why not: ${entry.title}`, async (t) => {
    assert.equal(await failure(t, entry), entry.expected);
  });
}

test("why not: what a local package requires", async (t) => {
  const scene = await Scene.create(t, { packages: [{ name: "app" }], key: null });
  await buildRpms(scene.directory, [{ name: "mine", requires: ["app >= 7"] }]);
  const repository = { id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: "false" } };
  scene.writeManifest({ repositories: [repository], gpgkeys: [], os_release: false, packages: ["mine-*.rpm"] });
  const { stderr } = await scene.run(["update"], { env: { LC_ALL: "C.UTF-8" } });
  assert.equal(messageOf(stderr), "");
});
