import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { openResolver, type Resolver, RpmociError } from "../../src/index.js";
import { dnfInstalls } from "../support/dnf-install.js";
import { realData } from "../support/real-data.js";
import { buildRepository, indexRepository } from "../support/repository-fixture.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { Scene } from "../support/scene.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const MAIN = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">
<comps>
  <group>
    <id>web</id><name>Web Server</name><name xml:lang="de">Netzdienst &amp; mehr</name>
    <description>Pages</description><default>true</default><uservisible>true</uservisible>
    <packagelist>
      <packagereq type="mandatory">httpd</packagereq>
      <packagereq type="default">httpd-tools</packagereq>
      <packagereq type="optional">httpd-extra</packagereq>
      <packagereq type="conditional" requires="php">php-httpd</packagereq>
      <packagereq>untyped</packagereq>
      <packagereq type="mandatory">not-in-any-repository</packagereq>
    </packagelist>
  </group>
  <group>
    <id>php</id><name>PHP</name><description/>
    <packagelist>
      <packagereq type="mandatory">php</packagereq>
      <packagereq type="default" requires="httpd">php-tools</packagereq>
      <packagereq type="conditional">always</packagereq>
      <packagereq type="conditional" requires="nobody">never</packagereq>
      <packagereq type="conditional" requires="pages">php-pages</packagereq>
    </packagelist>
  </group>
  <group>
    <id>arch</id><name>Architectures</name><description/>
    <packagelist>
      <packagereq type="mandatory">only32</packagereq>
      <packagereq type="mandatory" basearchonly="true">duo</packagereq>
      <packagereq type="mandatory" arch="s390x">untyped</packagereq>
    </packagelist>
  </group>
  <group>
    <id>only32-base</id><name>None of it</name><description/>
    <packagelist><packagereq type="mandatory" basearchonly="true">only32</packagereq></packagelist>
  </group>
  <group>
    <id>renamed</id><name>Renamed</name><description/>
    <packagelist><packagereq type="mandatory">old-name</packagereq></packagelist>
  </group>
  <group>
    <id>broken</id><name>Broken</name><description/>
    <packagelist><packagereq type="default">broken</packagereq></packagelist>
  </group>
  <group>
    <id>versions</id><name>Versions</name><description/>
    <packagelist><packagereq type="default">fresh</packagereq></packagelist>
  </group>
  <group>
    <id>shared</id><name>Shared one</name><description/>
    <packagelist>
      <packagereq type="optional">fresh</packagereq><packagereq type="mandatory">httpd</packagereq>
    </packagelist>
  </group>
  <group><id>empty</id><name>Empty</name><description/><packagelist/></group>
  <environment>
    <id>server</id><name>Server</name><description>All</description><display_order>1</display_order>
    <grouplist><groupid>web</groupid><groupid>nowhere</groupid><groupid>shared</groupid></grouplist>
    <optionlist><groupid default="true">php</groupid><groupid>arch</groupid></optionlist>
  </environment>
  <environment>
    <id>web</id><name>Web environment</name><description/>
    <grouplist><groupid>versions</groupid></grouplist>
  </environment>
</comps>
`;

/** Of the repository that comes later by its id: what it says about the same id holds. */
const MORE = `<comps>
  <group>
    <id>shared</id><name>Shared two</name><description/>
    <packagelist>
      <packagereq type="mandatory">fresh</packagereq><packagereq type="mandatory">more</packagereq>
    </packagelist>
  </group>
  <environment>
    <id>server</id><name>Server</name><description/><grouplist><groupid>renamed</groupid></grouplist>
  </environment>
</comps>
`;

const PACKAGES: readonly RpmFixture[] = [
  { name: "httpd", requires: ["pages"] },
  { name: "httpd-tools" },
  { name: "httpd-extra" },
  { name: "pages-a", provides: ["pages"] },
  { name: "php" },
  { name: "php-httpd", requires: ["php"] },
  { name: "php-tools" },
  { name: "php-pages" },
  { name: "always" },
  { name: "never" },
  { name: "untyped" },
  { name: "only32", arch: "i686" },
  { name: "duo", arch: "i686", version: "2" },
  { name: "duo", arch: "x86_64", version: "1" },
  { name: "old-name" },
  { name: "new-name", obsoletes: ["old-name < 2"], provides: ["old-name = 2"] },
  { name: "broken", requires: ["nowhere"] },
  { name: "fresh", version: "1" },
];

const MORE_PACKAGES: readonly RpmFixture[] = [{ name: "fresh", version: "2" }, { name: "more" }];

const JOBS: readonly (readonly string[])[] = [
  ["@web"],
  ["@Web Server"],
  ["@WEB server"],
  ["@w?b"],
  ["@[pv]*"],
  ["@php"],
  ["@php", "@web"],
  ["@web", "php"],
  ["php-httpd"],
  ["@php", "httpd"],
  ["@arch"],
  ["@only32-base"],
  ["@renamed"],
  ["@broken"],
  ["@versions"],
  ["@versions", "fresh-1"],
  ["@shared"],
  ["@Shared one"],
  ["@empty"],
  ["@server"],
  ["@Server", "@php"],
  ["@nothing"],
  ["@Netzdienst & mehr"],
];

interface Fixture {
  readonly repositories: Readonly<Record<string, string>>;
  readonly resolver: Resolver;
  readonly warnings: string[];
}

async function open(t: TestContext, repositories: Readonly<Record<string, string>>): Promise<Fixture> {
  const warnings: string[] = [];
  const resolver = await openResolver({
    repositories: Object.entries(repositories).map(([id, folder]) => ({ id, url: pathToFileURL(folder).href })),
    arch: "x86_64",
    cacheDirectory: join(temporaryDirectory(t), "cache"),
    emit: (event) => {
      if (event.type === "warning") warnings.push(event.message);
    },
  });
  t.after(() => resolver.close());
  return { repositories, resolver, warnings };
}

async function ownFixture(t: TestContext, compression: "gz" | "xz" | "bz2" = "gz"): Promise<Fixture> {
  const base = temporaryDirectory(t);
  const folders: Record<string, string> = {};
  for (const [id, packages, comps] of [
    ["a-main", PACKAGES, MAIN],
    ["b-more", MORE_PACKAGES, MORE],
  ] as const) {
    const groups = join(base, `${id}.xml`);
    writeFileSync(groups, comps);
    const folder = join(base, id);
    await buildRepository(folder, packages, { groups, compression });
    folders[id] = folder;
  }
  return open(t, folders);
}

async function ourInstalls(resolver: Resolver, packages: readonly string[]): Promise<readonly string[] | null> {
  try {
    const resolution = await resolver.resolve({ packages });
    return resolution.packages.map(({ name, evr, arch }) => `${name}-${evr}.${arch}`).sort();
  } catch (error) {
    if (error instanceof RpmociError && error.kind === "resolve") return null;
    throw error;
  }
}

test("groups and environments install what dnf installs", async (t) => {
  const { repositories, resolver } = await ownFixture(t);
  const expected = await dnfInstalls(repositories, JOBS);
  for (const [index, job] of JOBS.slice(0, -1).entries()) {
    assert.deepEqual(await ourInstalls(resolver, job), expected[index], job.join(" "));
  }
  assert.ok((expected[JOBS.findIndex(([spec]) => spec === "@server")] ?? []).length > 4, "dnf found the environment");
});

test("@^ names environments only, and a name in another language is found whatever the locale", async (t) => {
  const { resolver } = await ownFixture(t);
  assert.deepEqual(await ourInstalls(resolver, ["@^web"]), ["fresh-2-1.noarch"]);
  assert.deepEqual(await ourInstalls(resolver, ["@^Server"]), await ourInstalls(resolver, ["@server"]));
  assert.equal(await ourInstalls(resolver, ["@^php"]), null);
  assert.deepEqual(await ourInstalls(resolver, ["@Netzdienst*"]), await ourInstalls(resolver, ["@Web Server"]));
  assert.deepEqual(await ourInstalls(resolver, ["@Netzdienst & mehr"]), await ourInstalls(resolver, ["@Web Server"]));
});

test("packages tell their groups, and what is missing is warned of", async (t) => {
  const { resolver, warnings } = await ownFixture(t);
  const { packages } = await resolver.resolve({ packages: ["@server", "php"] });
  const groups = Object.fromEntries(packages.map(({ name, groups }) => [name, groups]));
  assert.deepEqual(groups, {
    fresh: ["shared"],
    httpd: ["shared", "web"],
    "httpd-tools": ["web"],
    more: ["shared"],
    "new-name": [],
    "pages-a": [],
    php: [],
    "php-httpd": ["web"],
    untyped: ["web"],
  });
  assert.deepEqual(warnings, [
    'No match for group "server: nowhere" of an environment',
    'No match for group package "not-in-any-repository"',
  ]);
});

for (const compression of ["xz", "bz2"] as const) {
  test(`groups are read from ${compression}`, async (t) => {
    const { resolver } = await ownFixture(t, compression);
    assert.deepEqual(await ourInstalls(resolver, ["@versions"]), ["fresh-2-1.noarch"]);
  });
}

const pulp = realData("rpms", "pulp-fixtures");
test("every group of a real repository installs what dnf installs", { skip: pulp.skip }, async (t) => {
  const folder = join(temporaryDirectory(t), "pulp");
  mkdirSync(folder);
  for (const file of readdirSync(pulp.folder).filter((name) => name.endsWith(".rpm"))) {
    cpSync(join(pulp.folder, file), join(folder, file));
  }
  await indexRepository(folder, { groups: join(pulp.folder, "comps.xml") });
  const { repositories, resolver } = await open(t, { pulp: folder });
  const jobs = [["@birds"], ["@mammals"], ["@birds", "@mammals"], ["@*"], ["@birds", "kangaroo-0.2"], ["@MAMM*"]];
  const expected = await dnfInstalls(repositories, jobs);
  for (const [index, job] of jobs.entries()) {
    assert.ok((expected[index] ?? []).length > 8, job.join(" "));
    assert.deepEqual(await ourInstalls(resolver, job), expected[index], job.join(" "));
  }
});

async function groupScene(t: TestContext): Promise<Scene> {
  const scene = await Scene.create(t, { packages: ["filesystem", "tiny-release", ...PACKAGES] });
  const groups = scene.path("comps.xml");
  writeFileSync(groups, MAIN);
  await scene.publish([], { groups });
  return scene;
}

test("a manifest's groups are locked as written, and groups are fetched only for those who ask", async (t) => {
  const scene = await groupScene(t);
  const fetched = () => scene.server.requests.filter(({ path }) => path.includes("comps")).length;
  scene.writeManifest({ packages: ["php"] });
  assert.equal((await scene.run(["update"])).code, 0);
  assert.equal(fetched(), 0);
  scene.writeManifest({ packages: ["php", "@web", "@^web"] });
  const result = await scene.run(["update"]);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(fetched(), 1);
  assert.match(result.stderr, /Warning No match for group package "not-in-any-repository"/);
  assert.deepEqual(scene.lockfile().pkg_specs, ["php", "@web", "@^web"]);
  assert.ok(scene.lockedNames().includes("php-httpd"));
  assert.ok(!scene.lockedNames().includes("httpd-extra"));
  const image = await scene.build(["--locked"]);
  assert.equal(image.code, 0, image.stderr);
});

test("an update of a group updates its packages only", async (t) => {
  const scene = await groupScene(t);
  scene.writeManifest({ packages: ["@web", "php"] });
  assert.equal((await scene.run(["update"])).code, 0);
  await scene.publish(
    [
      { name: "httpd", version: "2", requires: ["pages"] },
      { name: "php", version: "2" },
      { name: "pages-a", version: "2", provides: ["pages"] },
    ],
    { groups: scene.path("comps.xml") },
  );
  const result = await scene.run(["update", "@web"]);
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(result.stderr.match(/Updating .*/g), ["Updating httpd 1-1 -> 2-1"]);
  const rest = await scene.run(["update", "php"]);
  assert.deepEqual(rest.stderr.match(/Updating .*/g), ["Updating php 1-1 -> 2-1"]);
});

test("why and tree know which packages a group brought", async (t) => {
  const scene = await groupScene(t);
  scene.writeManifest({ packages: ["@web"] });
  assert.equal((await scene.run(["update"])).code, 0);
  const why = await scene.run(["why", "httpd-tools"], { env: { LC_ALL: "C.UTF-8" } });
  assert.equal(why.code, 0, why.stderr);
  assert.match(why.stdout, /^httpd-tools-\S+\n {2}rpmoci\.toml:\d+: packages: "@web"\n$/);
  const tree = await scene.run(["tree"], { env: { LC_ALL: "C.UTF-8" } });
  assert.match(tree.stdout, /httpd-tools-\S+ {2}"@web"/);
});

test("an unknown group is an error that lists near names", async (t) => {
  const scene = await groupScene(t);
  for (const [spec, message, hint] of [
    ["@wbe", /No group or environment matches '@wbe'/, /did you mean @web/],
    ["@^sever", /No environment matches '@\^sever'/, /did you mean @\^server/i],
  ] as const) {
    scene.writeManifest({ packages: [spec] });
    const result = await scene.run(["update"]);
    assert.equal(result.code, 4);
    assert.match(result.stderr, message);
    assert.match(result.stderr, hint);
  }
});

test("groups that are damaged or no comps data are errors that name the repository", async (t) => {
  const scene = await groupScene(t);
  scene.writeManifest({ packages: ["@web"] });
  const comps = readdirSync(join(scene.repository, "repodata")).find((name) => name.endsWith("comps.xml.gz"));
  scene.server.setFault(`/repo/repodata/${comps}`, { corruptAt: 40 });
  const damaged = await scene.run(["update"]);
  assert.equal(damaged.code, 6, damaged.stderr);
  assert.match(damaged.stderr, /groups metadata of repository "tiny"/);
  writeFileSync(scene.path("comps.xml"), "<comps><group>");
  await scene.publish([], { groups: scene.path("comps.xml") });
  const invalid = await scene.run(["update"]);
  assert.equal(invalid.code, 5, invalid.stderr);
  assert.match(invalid.stderr, /the groups of repository "tiny" cannot be read/);
});
