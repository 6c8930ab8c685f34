import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { startServer, type TestServer } from "../support/http-server.js";
import { randomIntegers, shuffled } from "../support/random.js";
import { buildRepository } from "../support/repository-fixture.js";
import { reorderPackages, rewriteMetadata } from "../support/rewritten-metadata.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { Scene } from "../support/scene.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { tinyPackages } from "../support/tiny-distribution.js";

/** A package that is another file in each repository, whatever its name and version. */
function build(name: string, version: string, where: string, more: Partial<RpmFixture> = {}): RpmFixture {
  return {
    name,
    version,
    ...more,
    files: { [`/usr/share/${name}`]: `${name} ${version} of ${where}\n`, ...more.files },
  };
}

function inRepository(where: string): readonly RpmFixture[] {
  const { filesystem, "tiny-release": release } = tinyPackages;
  const own = (name: string, version: string, more: Partial<RpmFixture> = {}): RpmFixture =>
    build(name, version, where, more);
  return [
    ...(filesystem === undefined || release === undefined ? [] : [filesystem, release]),
    own("main", "1", { requires: ["service", "(left or right)", "common >= 2", "/opt/shared"] }),
    own("common", "2"),
    own("common", where === "d" ? "3" : "2.0"),
    own(`service-${where}`, "1", { provides: ["service"] }),
    own("left", "1"),
    own("right", "1", { requires: ["common"] }),
    own(`owner-${where}`, "1", { files: { "/opt/shared": "shared\n" } }),
  ];
}

const IDS = ["a", "b", "c", "d"] as const;
type Id = (typeof IDS)[number];

/** Every repository as createrepo_c wrote it, in a folder of its own. */
async function builtRepositories(folder: string): Promise<void> {
  for (const id of IDS) await buildRepository(join(folder, id), inRepository(id));
}

interface Reference {
  readonly id: Id;
  readonly options?: Readonly<Record<string, number>>;
}

/** What the manifest says of its repositories, other than their order. */
const manifests: Readonly<Record<string, readonly Reference[]>> = {
  "two equal repositories": [{ id: "a" }, { id: "b" }],
  "three with a priority": [
    { id: "a" },
    { id: "b", options: { priority: 50 } },
    { id: "c", options: { priority: 50 } },
  ],
  "four with costs": [
    { id: "a", options: { cost: 500 } },
    { id: "b", options: { cost: 400 } },
    { id: "c", options: { cost: 400 } },
    { id: "d" },
  ],
  "four with both": [
    { id: "a", options: { cost: 1 } },
    { id: "b", options: { priority: 10, cost: 2000 } },
    { id: "c", options: { priority: 10 } },
    { id: "d", options: { priority: 200 } },
  ],
};

const SHUFFLES = 6;

async function lockAfter(scene: Scene, server: TestServer, references: readonly Reference[]): Promise<string> {
  scene.writeManifest({
    packages: ["main", "left"],
    gpgkeys: [],
    repositories: references.map(({ id, options }) => ({
      id,
      url: `${server.url}/${id}`,
      options: { gpgcheck: false, ...options },
    })),
  });
  rmSync(scene.lockfilePath, { force: true });
  rmSync(join(scene.directory, "..", "cache"), { recursive: true, force: true });
  const { code, stderr } = await scene.run(["update"]);
  assert.equal(code, 0, stderr);
  return readFileSync(scene.lockfilePath, "utf8");
}

async function servedCopy(t: TestContext, built: string): Promise<{ folder: string; server: TestServer }> {
  const folder = temporaryDirectory(t);
  cpSync(built, folder, { recursive: true });
  const server = await startServer({ folders: Object.fromEntries(IDS.map((id) => [`/${id}`, join(folder, id)])) });
  t.after(() => server.close());
  return { folder, server };
}

test("shuffled repositories and packages, and late downloads, give the same lockfile byte for byte", async (t) => {
  const built = temporaryDirectory(t);
  await builtRepositories(built);
  const scene = await Scene.create(t, { packages: ["filesystem"] });
  const random = randomIntegers(11);
  const { folder, server } = await servedCopy(t, built);
  for (const [name, references] of Object.entries(manifests)) {
    await t.test(name, async () => {
      const locks = new Set<string>();
      for (let round = 0; round < SHUFFLES; round += 1) {
        for (const { id } of references) {
          const reorder = (xml: string): string => reorderPackages(xml, (packages) => shuffled(packages, random));
          rewriteMetadata(join(folder, id), { primary: reorder, filelists: reorder });
          for (const file of readdirSync(join(folder, id, "repodata"))) {
            server.setFault(`/${id}/repodata/${file}`, { delay: random(120) });
          }
        }
        locks.add(await lockAfter(scene, server, shuffled(references, random)));
      }
      assert.equal(locks.size, 1, [...locks].join("\n======\n"));
    });
  }
});
