import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { defaultsYaml, type ModuleDocument, moduleYaml } from "../support/modular-repository.js";
import { indexRepository } from "../support/repository-fixture.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { runSuccessfully } from "../support/run.js";
import { Scene, type SceneOptions } from "../support/scene.js";

const packages: readonly RpmFixture[] = [
  { name: "os", provides: ["system-release", "base-module(platform:el9)"], files: { "/etc/os-release": "ID=tiny\n" } },
  { name: "node", version: "18" },
  { name: "node", version: "20" },
  { name: "node", version: "22" },
  { name: "node-docs", version: "20" },
  { name: "npm", version: "10", requires: ["node"] },
  { name: "ssl", version: "3" },
];

const artifact = (name: string, version: number): string => `${name}-0:${version}-1.noarch`;
const requires = { platform: ["el9"] };
const documents: readonly ModuleDocument[] = [
  { name: "nodejs", stream: "18", requires, artifacts: [artifact("node", 18)] },
  {
    name: "nodejs",
    stream: "20",
    requires: { ...requires, crypto: ["3"] },
    artifacts: [artifact("node", 20), artifact("node-docs", 20), artifact("npm", 10)],
    profiles: { common: ["node", "npm"], doc: ["node-docs"] },
  },
  { name: "crypto", stream: "3", requires, artifacts: [artifact("ssl", 3)] },
  { name: "crypto", stream: "1", requires },
  { name: "future", stream: "1", requires: { platform: ["el10"] } },
];

async function modularScene(t: TestContext, options: SceneOptions = {}): Promise<Scene> {
  const scene = await Scene.create(t, { packages, key: null, ...options });
  await addModules(scene, documents.map(moduleYaml).join("") + defaultsYaml("nodejs", "18"));
  return scene;
}

async function addModules(scene: Scene, yaml: string, compression = "gz"): Promise<void> {
  await indexRepository(scene.repository);
  const file = join(scene.directory, "..", "modules.yaml");
  writeFileSync(file, yaml);
  const options = ["--mdtype", "modules", "--compress", "--compress-type", compression];
  await runSuccessfully("modifyrepo_c", [...options, file, join(scene.repository, "repodata")]);
}

async function locked(scene: Scene, contents: object): Promise<readonly string[]> {
  const repositories = [{ id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: false } }];
  scene.writeManifest({ repositories, gpgkeys: [], packages: ["node"], os_release: false, ...contents });
  const { code, stderr } = await scene.run(["update"]);
  assert.equal(code, 0, stderr);
  return scene.lockfile().packages.map(({ name, evr }) => `${name}-${evr}`);
}

async function refusal(scene: Scene, contents: object): Promise<string> {
  const repositories = [{ id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: false } }];
  scene.writeManifest({ repositories, gpgkeys: [], packages: ["node"], os_release: false, ...contents });
  const { code, stderr } = await scene.run(["update"]);
  assert.equal(code, 4, stderr);
  return stderr;
}

test("default and enabled streams decide which packages there are", async (t) => {
  const scene = await modularScene(t);
  assert.deepEqual(await locked(scene, {}), ["node-18-1"]);
  assert.deepEqual(await locked(scene, { modules: ["nodejs:18"] }), ["node-18-1"]);
  assert.deepEqual(await locked(scene, { modules: ["nodejs:20"] }), ["node-20-1"]);
  assert.deepEqual(await locked(scene, { modules: ["nodejs"] }), ["node-18-1"]);
  assert.deepEqual(await locked(scene, { modules: ["nodejs:20/doc"], packages: [] }), ["node-docs-20-1"]);
  const both = ["node-20-1", "node-docs-20-1", "npm-10-1"];
  assert.deepEqual(await locked(scene, { modules: ["nodejs:20/*"], packages: [] }), both);
  // The fixture's node 22 belongs to no module, and is hidden unless its repository has hotfixes.
  const hotfixes = { id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: false, module_hotfixes: true } };
  assert.deepEqual(await locked(scene, { repositories: [hotfixes] }), ["node-22-1"]);
});

test("compressed module metadata, and a repository without", async (t) => {
  const scene = await modularScene(t);
  for (const compression of ["xz", "bz2"]) {
    await addModules(scene, moduleYaml({ ...(documents[0] as ModuleDocument), stream: compression }), compression);
    assert.deepEqual(await locked(scene, { modules: [`nodejs:${compression}`] }), ["node-18-1"]);
  }
  await scene.reindex();
  assert.deepEqual(await locked(scene, {}), ["node-22-1"]);
  assert.match(await refusal(scene, { modules: ["nodejs:20"] }), /No module available for 'nodejs:20'/);
});

test("what is wrong with module streams is said in words", async (t) => {
  const scene = await modularScene(t);
  const said: readonly (readonly [readonly string[], RegExp])[] = [
    [["nodesj:20"], /No module available for 'nodesj:20'; did you mean nodejs\?/],
    [["nodejs:21"], /No module available for 'nodejs:21'; did you mean nodejs:18, nodejs:20\?/],
    [
      ["crypto"],
      /Module 'crypto' has several streams and none of them is the default: choose one of crypto:1, crypto:3/,
    ],
    [["nodejs:18", "nodejs:20"], /Module 'nodejs:20' cannot be enabled: nodejs:18 is enabled already/],
    [["nodejs:20/dox"], /Module 'nodejs:20\/dox' has no such profile; its profiles are common, doc/],
    [["node js"], /'node js' does not name a module stream; the form is name:stream\/profile/],
    [["nodejs:20", "crypto:1"], /nodejs:20:1:c0ffee:x86_64 \(tiny\) requires crypto:3, none of which can be active/],
    [
      ["future:1"],
      /no repository has the module stream platform:el10, which future:1:1:c0ffee:x86_64 \(tiny\) requires/,
    ],
  ];
  for (const [modules, words] of said) assert.match(await refusal(scene, { modules }), words);
  assert.match(
    await refusal(scene, { packages: ["node-docs"] }),
    /modular +node-docs-20-1\.noarch \(tiny\): no active stream has it/,
  );
  assert.equal(scene.hasLockfile(), false);
});

test("the platform comes from the release package, or from the manifest", async (t) => {
  const scene = await modularScene(t);
  const el10 = { modules: ["future:1"], module_platform_id: "platform:el10", packages: ["ssl"] };
  assert.match(await refusal(scene, { modules: ["future:1"] }), /Failed to enable module streams/);
  // The streams for the other platform are then inactive: a default one is left out with a warning.
  assert.match(await refusal(scene, el10), /ssl/);
  assert.deepEqual(await locked(scene, { ...el10, packages: ["os"] }), ["os-1-1"]);
  const without = await modularScene(t, { packages: packages.slice(1) });
  assert.match(await refusal(without, { modules: ["nodejs:20"] }), /set contents\.module_platform_id/);
  const told = { modules: ["nodejs:20"], module_platform_id: "platform:el9" };
  assert.deepEqual(await locked(without, told), ["node-20-1"]);
});

test("a lockfile fits as long as the streams and the platform are the same", async (t) => {
  const scene = await modularScene(t);
  await locked(scene, { modules: ["nodejs:20"] });
  const { modules } = scene.lockfile();
  assert.deepEqual(modules, ["nodejs:20"]);
  const build = async (contents: object): Promise<string> => {
    const repositories = [{ id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: false } }];
    scene.writeManifest({ repositories, gpgkeys: [], packages: ["node"], os_release: false, ...contents });
    return (await scene.run(["vendor", "--out-dir", "vendor"])).stderr;
  };
  assert.match(await build({ modules: ["nodejs:20"] }), /Vendored|vendored/);
  const changed = [{}, { modules: ["nodejs:18"] }, { modules: ["nodejs:20"], module_platform_id: "platform:el9" }];
  for (const contents of changed) assert.doesNotMatch(await build(contents), /Vendored|vendored/);
  await locked(scene, {});
  assert.equal("modules" in scene.lockfile(), false);
});

test("the lockfile does not depend on the order of repositories and documents", async (t) => {
  const [one, two] = [await modularScene(t), await modularScene(t)];
  await addModules(two, defaultsYaml("nodejs", "18") + documents.map(moduleYaml).toReversed().join(""));
  const entries = [one, two].map((scene, index) => ({
    id: `r${index}`,
    url: scene.repositoryUrl,
    options: { gpgcheck: false },
  }));
  for (const modules of [[], ["nodejs:20/*"], ["crypto:3", "nodejs:20"]]) {
    const results: string[] = [];
    for (const repositories of [entries, entries.toReversed()]) {
      await locked(one, { repositories, modules });
      results.push(readFileSync(one.lockfilePath, "utf8"));
    }
    assert.equal(results[0], results[1]);
  }
});
