import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { buildRpms, type RpmFixture } from "../support/rpm-fixture.js";
import { type Contents, Scene } from "../support/scene.js";

const packages: readonly RpmFixture[] = [
  { name: "release", requires: ["base"], files: { "/etc/os-release": "ID=tiny\n" } },
  { name: "base", requires: ["ring"] },
  { name: "ring", requires: ["base"] },
  { name: "web", requires: ["libtls.so.3()(64bit)", "libtls.so.3(TLS_3.1)(64bit)", "/usr/bin/helper", "base"] },
  { name: "db", requires: ["(storage or memory)", "base"] },
  { name: "tls", epoch: 1, version: "3.1", provides: ["libtls.so.3()(64bit)", "libtls.so.3(TLS_3.1)(64bit)"] },
  { name: "helper", requires: ["libtls.so.3()(64bit)"], files: { "/usr/bin/helper": "" } },
  { name: "storage", requires: ["helper >= 1"] },
  { name: "storage-tools" },
];

const utf8 = { env: { LC_ALL: "C.UTF-8" } };

async function lockedScene(t: TestContext, contents: Contents = {}): Promise<Scene> {
  const scene = await Scene.create(t, { packages, key: null });
  const repository = { id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: "false", metadata_expire: "0" } };
  scene.writeManifest({ repositories: [repository], gpgkeys: [], packages: ["web", "db"], ...contents });
  const { code, stderr } = await scene.run(["update"]);
  assert.equal(code, 0, stderr);
  return scene;
}

async function output(scene: Scene, args: readonly string[], options = utf8): Promise<readonly string[]> {
  const { code, stdout, stderr } = await scene.run(args, options);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return stdout.trimEnd().split("\n");
}

test("why a package is in the image: the shortest chains, with what each step requires", async (t) => {
  const scene = await lockedScene(t);
  assert.deepEqual(await output(scene, ["why", "tls"]), [
    "tls-1:3.1-1.noarch",
    '  rpmoci.toml:3: packages: "web"',
    "    → web-1-1.noarch",
    "    → tls-1:3.1-1.noarch  for libtls.so.3()(64bit) and 1 more",
  ]);
  assert.deepEqual(await output(scene, ["why", "--all", "libtls.so.3()(64bit)"]), [
    "tls-1:3.1-1.noarch",
    '  rpmoci.toml:3: packages: "web"',
    "    → web-1-1.noarch",
    "    → tls-1:3.1-1.noarch  for libtls.so.3()(64bit) and 1 more",
    '  rpmoci.toml:3: packages: "db"',
    "    → db-1-1.noarch",
    "    → storage-1-1.noarch  for (storage or memory)",
    "    → helper-1-1.noarch   for helper >= 1",
    "    → tls-1:3.1-1.noarch  for libtls.so.3()(64bit)",
  ]);
  assert.deepEqual(await output(scene, ["why", "[rw]e*"]), [
    "release-1-1.noarch",
    '  rpmoci.toml: os_release = true (the default): "/etc/os-release"',
    "",
    "web-1-1.noarch",
    '  rpmoci.toml:3: packages: "web"',
  ]);
  const [{ package: subject, chains, total }] = JSON.parse((await output(scene, ["why", "--json", "helper"])).join(""));
  assert.equal(subject.name, "helper");
  assert.equal(total, 1);
  assert.equal(chains[0].request.line, 3);
  assert.deepEqual(chains[0].links[1].edge, { kind: "requires", dependencies: ["/usr/bin/helper"] });
});

test("the locked packages as a tree", async (t) => {
  const scene = await lockedScene(t);
  assert.deepEqual(await output(scene, ["tree"]), [
    "rpmoci.toml",
    "├── web-1-1.noarch",
    "│   ├── base-1-1.noarch",
    "│   │   └── ring-1-1.noarch",
    "│   │       └── base-1-1.noarch (*)",
    "│   ├── helper-1-1.noarch",
    "│   │   └── tls-1:3.1-1.noarch",
    "│   └── tls-1:3.1-1.noarch",
    "├── db-1-1.noarch",
    "│   ├── base-1-1.noarch (*)",
    "│   └── storage-1-1.noarch",
    "│       └── helper-1-1.noarch (*)",
    "└── release-1-1.noarch  os_release = true",
    "    └── base-1-1.noarch (*)",
  ]);
  assert.deepEqual(await output(scene, ["tree", "storage", "--charset", "ascii"]), [
    "storage-1-1.noarch",
    "`-- helper-1-1.noarch",
    "    `-- tls-1:3.1-1.noarch",
  ]);
  assert.deepEqual(await output(scene, ["tree", "-i", "helper"], { env: { LC_ALL: "C" } }), [
    "helper-1-1.noarch",
    "|-- storage-1-1.noarch",
    "|   `-- db-1-1.noarch",
    '|       `-- rpmoci.toml:3: packages: "db"',
    "`-- web-1-1.noarch",
    '    `-- rpmoci.toml:3: packages: "web"',
  ]);
  assert.deepEqual(await output(scene, ["tree", "--depth", "1", "web"]), [
    "web-1-1.noarch",
    "├── base-1-1.noarch",
    "├── helper-1-1.noarch",
    "└── tls-1:3.1-1.noarch",
  ]);
  const { roots } = JSON.parse((await output(scene, ["tree", "--json", "--depth", "0"])).join(""));
  assert.deepEqual(
    roots.map(({ request, node }: { request: { text: string }; node: { package: { name: string } } }) => [
      request.text,
      node.package.name,
    ]),
    [
      ["web", "web"],
      ["db", "db"],
      ["/etc/os-release", "release"],
    ],
  );
});

test("local packages are explained by their RPMs, or else by what is locked of them", async (t) => {
  const scene = await Scene.create(t, { packages, key: null });
  await buildRpms(scene.directory, [{ name: "mine", requires: ["helper"] }]);
  const repository = { id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: "false" } };
  scene.writeManifest({ repositories: [repository], gpgkeys: [], packages: ["mine-*.rpm"], os_release: false });
  assert.equal((await scene.run(["update"])).code, 0);
  assert.deepEqual(await output(scene, ["why", "helper"]), [
    "helper-1-1.noarch",
    '  rpmoci.toml:3: packages: "mine-*.rpm"',
    "    → mine-1-1.noarch (a local package)",
    "    → helper-1-1.noarch",
  ]);
  rmSync(join(scene.directory, "mine-1-1.noarch.rpm"));
  assert.deepEqual(await output(scene, ["tree"]), [
    "rpmoci.toml",
    '└── mine (a local package)  "mine-*.rpm"',
    "    └── helper-1-1.noarch",
    "        └── tls-1:3.1-1.noarch",
  ]);
});

test("a package that no repository offers any more is explained by its RPM in the cache", async (t) => {
  const scene = await lockedScene(t, { packages: ["db"], os_release: false });
  const withdrawn = ["storage", "helper"].map((name) => join(scene.repository, `${name}-1-1.noarch.rpm`));
  // Brings all packages into the cache.
  assert.equal((await scene.run(["vendor", "--out-dir", "vendor"])).code, 0);
  for (const path of withdrawn) rmSync(path);
  await scene.reindex();
  const expected = [
    "tls-1:3.1-1.noarch",
    '  rpmoci.toml:3: packages: "db"',
    "    → db-1-1.noarch",
    "    → storage-1-1.noarch  for (storage or memory)",
    "    → helper-1-1.noarch   for helper >= 1",
    "    → tls-1:3.1-1.noarch  for libtls.so.3()(64bit)",
  ];
  assert.deepEqual(await output(scene, ["why", "tls"]), expected);
  await scene.server.close();
  const offline = await scene.run(["why", "tls"], utf8);
  assert.deepEqual([offline.code, offline.stdout.trimEnd().split("\n")], [0, expected]);
  assert.match(offline.stderr, /Warning .*only packages in the cache are known/);
});

test("without metadata and RPM a package still counts by its name", async (t) => {
  const scene = await lockedScene(t, { packages: ["db"], os_release: false });
  rmSync(join(scene.repository, "storage-1-1.noarch.rpm"));
  await scene.reindex();
  const { code, stdout, stderr } = await scene.run(["tree", "--charset", "ascii"]);
  assert.equal(code, 0);
  assert.match(stderr, /Warning no repository offers these packages any more, .*: storage-1-1\.noarch\n$/);
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    "rpmoci.toml",
    "`-- db-1-1.noarch",
    "    |-- base-1-1.noarch",
    "    |   `-- ring-1-1.noarch",
    "    |       `-- base-1-1.noarch (*)",
    "    `-- storage-1-1.noarch",
    "",
    "Nothing is known to ask for:",
    "  helper-1-1.noarch",
    "  tls-1:3.1-1.noarch",
  ]);
  assert.match((await scene.run(["why", "tls"])).stdout, /nothing in the manifest is known to ask for it/);
});

test("what cannot be explained is one clear message", async (t) => {
  const scene = await lockedScene(t);
  const cases: readonly [readonly string[], number, RegExp][] = [
    [["why", "helpr"], 4, /Error 'helpr' means no package of .*rpmoci\.lock\n +Hint did you mean helper\?/],
    [["tree", "storage-tools"], 4, /Error 'storage-tools' means no package/],
    [["tree", "--inverse"], 2, /an inverse tree needs a package/],
    [["tree", "--depth", "deep"], 2, /--depth: 'deep' is not a number/],
    [["why", "--charset", "ebcdic", "tls"], 2, /--charset: 'ebcdic' is neither utf8 nor ascii/],
  ];
  for (const [args, code, message] of cases) {
    const result = await scene.run(args);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, message);
    assert.equal(result.stdout, "");
  }
  scene.writeManifest({ packages: ["other"] });
  const outdated = await scene.run(["tree"]);
  assert.equal(outdated.code, 3);
  assert.match(outdated.stderr, /does not fit the manifest/);
  rmSync(scene.lockfilePath);
  const missing = await scene.run(["why", "tls"]);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /rpmoci\.lock is missing\n +Hint run rpmoci update first/);
});
