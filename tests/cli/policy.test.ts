import assert from "node:assert/strict";
import { appendFileSync, readFileSync } from "node:fs";
import test from "node:test";
import { isAllowed } from "../../src/policy/licence.js";
import { digestOf } from "../support/image.js";
import type { RunResult } from "../support/run.js";
import { Scene } from "../support/scene.js";

const LARGE = "x".repeat(300_000);

const packages = [
  "filesystem",
  "tiny-release",
  { name: "app", requires: ["middle"], license: "MIT" },
  { name: "middle", requires: ["telnet"], license: "Apache-2.0 AND (GPL-3.0-only OR BSD-3-Clause)" },
  { name: "telnet", license: "GPL-2.0-or-later WITH Classpath-exception-2.0", files: { "/usr/share/telnet": LARGE } },
];

function withPolicy(scene: Scene, policy: string): void {
  scene.writeManifest();
  appendFileSync(scene.path("rpmoci.toml"), `\n[policy]\n${policy}\n`);
}

const CHAIN = 'asked for by rpmoci.toml:3: packages: "app" -> app-1-1.noarch -> middle-1-1.noarch -> telnet-1-1.noarch';

interface Refusal {
  readonly name: string;
  readonly policy: string;
  readonly message: RegExp;
  /** The package at fault is not named. */
  readonly whole?: boolean;
}

const refusals: readonly Refusal[] = [
  { name: "a name", policy: 'forbidden = ["nothing", "tel*"]', message: /"tel\*" forbids telnet-1-1\.noarch/ },
  {
    name: "a licence",
    policy: 'allowed_licenses = ["MIT", "Apache-*", "BSD*"]',
    message: /none allows "GPL-2\.0-or-later WITH Classpath-exception-2\.0", the licence of telnet-1-1\.noarch/,
  },
  {
    name: "a package's size",
    policy: 'max_package_size = "100K"',
    message: /telnet-1-1\.noarch has 0\.3 MB when installed, more than 0\.1 MB/,
  },
  {
    name: "the size of all",
    policy: "max_installed_size = 200_000",
    message: /more than 0\.2 MB; the largest are telnet-1-1\.noarch \(0\.3 MB\)/,
    whole: true,
  },
];
for (const { name, policy, message, whole = false } of refusals) {
  test(`${name} that the policy refuses ends update and build with 7`, async (t) => {
    const scene = await Scene.create(t, { packages });
    scene.writeManifest();
    assert.equal((await scene.build(["--engine", "rpm"])).code, 0);
    const before = [readFileSync(scene.lockfilePath, "utf8"), readFileSync(scene.path("image/index.json"), "utf8")];
    withPolicy(scene, policy);
    const env = { LC_ALL: "C" };
    const runs: RunResult[] = [
      await scene.run(["update"], { env }),
      await scene.run(["update", "--dry-run"], { env }),
      await scene.build(["--locked", "--engine", "rpm"], { env }),
      // That image was made by another policy.
      await scene.build(["--engine", "rpm"], { env, reuse: true }),
    ];
    // Its packages are in no cache, and only their beginnings are asked for.
    runs.push(await scene.run(["update", "--cache-dir", scene.path("other")], { env }));
    for (const { code, stderr } of runs) {
      assert.equal(code, 7, stderr);
      assert.match(stderr, message);
      assert.equal(stderr.includes(CHAIN), !whole, stderr);
      assert.match(stderr, /Hint leave out of .*rpmoci\.toml what asks for it, or change \[policy\] there/);
    }
    const after = [readFileSync(scene.lockfilePath, "utf8"), readFileSync(scene.path("image/index.json"), "utf8")];
    assert.deepEqual(after, before);
  });
}

test("an image that is too large is not written", async (t) => {
  const scene = await Scene.create(t, { packages });
  withPolicy(scene, "max_image_size = 1000");
  const { code, stderr } = await scene.build(["--engine", "rpm"]);
  assert.equal(code, 7, stderr);
  assert.match(stderr, /policy\.max_image_size: the image's layers have \d+ bytes, more than 1000 bytes/);
  assert.equal(scene.hasLockfile(), false);
  withPolicy(scene, 'max_image_size = "1M"');
  assert.equal((await scene.build(["--engine", "rpm"])).code, 0);
  assert.notEqual(digestOf(scene.layout, "test"), null);
});

test("a policy that asks for signatures does so whatever gpgcheck says", async (t) => {
  for (const key of [undefined, null]) {
    const scene = await Scene.create(t, { packages, ...(key === null ? { key } : {}) });
    for (const gpgcheck of [true, false]) {
      scene.writeManifest({ repositories: [{ id: "tiny", url: scene.repositoryUrl, options: { gpgcheck } }] });
      appendFileSync(scene.path("rpmoci.toml"), "\n[policy]\nrequire_signatures = true\n");
      const { code, stderr } = await scene.run(["update"]);
      assert.equal(code, key === null ? 7 : 0, stderr);
      if (key === null) assert.match(stderr, /require_signatures: app-1-1\.noarch is not signed with a key of/);
    }
  }
});

test("a policy that is kept changes nothing", async (t) => {
  const scene = await Scene.create(t, { packages });
  scene.writeManifest();
  assert.equal((await scene.build(["--engine", "rpm"])).code, 0);
  const digest = digestOf(scene.layout, "test");
  const lock = readFileSync(scene.lockfilePath, "utf8");
  withPolicy(
    scene,
    'forbidden = ["tel"]\nallowed_licenses = ["*"]\nmax_package_size = "1M"\nmax_installed_size = "2M"\nmax_image_size = "1G"',
  );
  assert.equal((await scene.run(["update"])).code, 0);
  const { code, stderr } = await scene.build(["--engine", "rpm"]);
  assert.equal(code, 0, stderr);
  assert.equal(digestOf(scene.layout, "test"), digest);
  assert.equal(readFileSync(scene.lockfilePath, "utf8"), lock);
});

test("a local package can be forbidden", async (t) => {
  const scene = await Scene.create(t, { packages });
  const { code: built } = await scene.run(["update"]);
  assert.notEqual(built, 0, "there is no manifest yet");
  scene.writeManifest({ packages: [`${scene.repository}/**/telnet-*.rpm`] });
  appendFileSync(scene.path("rpmoci.toml"), '\n[policy]\nforbidden = ["telnet"]\n');
  const { code, stderr } = await scene.run(["update"]);
  assert.equal(code, 7, stderr);
  assert.match(stderr, /"telnet" forbids the local package telnet/);
});

const licences: readonly (readonly [string, boolean])[] = [
  ["MIT", true],
  ["mit", true],
  [" MIT ", true],
  ["GPL-2.0-only", false],
  ["MIT AND BSD-2-Clause", true],
  ["MIT and GPL-2.0-only", false],
  ["MIT or GPL-2.0-only", true],
  ["GPL-2.0-only OR (MIT AND BSD-2-Clause)", true],
  ["GPL-2.0-only OR MIT AND GPL-3.0-only", false],
  ["(MIT OR GPL-2.0-only) AND (GPL-3.0-only)", false],
  ["(MIT)and(BSD-2-Clause)", true],
  ["Public Domain", true],
  ["MIT AND Public Domain", true],
  ["MIT AND", false],
  ["(MIT", false],
  ["MIT)", false],
  ["AND", false],
  ["()", false],
  ["", false],
  ["odd (one", true],
  [`${"(".repeat(100_000)}MIT${")".repeat(100_000)}`, false],
];
for (const [expression, expected] of licences) {
  test(`the licence ${JSON.stringify(expression.slice(0, 60))} is ${expected ? "" : "not "}allowed`, () => {
    assert.equal(isAllowed(expression, ["MIT", "BSD-*", "Public Domain", "odd (one"]), expected);
  });
}
