import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import {
  formatLockfile,
  loadManifest,
  openResolver,
  type Resolver,
  type ResolverOptions,
  update,
} from "../../src/index.js";
import { projectRoot } from "../support/project.js";
import { buildRpms } from "../support/rpm-fixture.js";
import { run } from "../support/run.js";
import { Scene } from "../support/scene.js";

async function open(t: TestContext, scene: Scene, options: Partial<ResolverOptions> = {}): Promise<Resolver> {
  const resolver = await openResolver({
    repositories: [{ id: "tiny", url: scene.repositoryUrl }],
    arch: "x86_64",
    cacheDirectory: scene.path("cache"),
    ...options,
  });
  t.after(() => resolver.close());
  return resolver;
}

const namesOf = ({ packages }: { packages: readonly { name: string; evr: string }[] }): readonly string[] =>
  packages.map(({ name, evr }) => `${name}-${evr}`);

test("one resolver answers many questions at once, each as if it were alone", async (t) => {
  const scene = await Scene.create(t);
  const resolver = await open(t, scene);
  const questions = [
    ["app"],
    ["tool"],
    ["tool-1.8*"],
    ["capable", "chatty"],
    ["virtual-thing"],
    ["libtiny", "app-extras"],
  ];
  const alone = await Promise.all(
    questions.map(async (packages) => namesOf(await (await open(t, scene)).resolve({ packages }))),
  );
  const before = scene.server.requests.length;
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      resolver.resolve({ packages: questions[index % questions.length] ?? [] }),
    ),
  );
  for (const [index, answer] of answers.entries()) assert.deepEqual(namesOf(answer), alone[index % questions.length]);
  assert.equal(scene.server.requests.length, before, "nothing is fetched again");
});

test("many questions to one resolver do not hold up another", async (t) => {
  const scene = await Scene.create(t);
  const [busy, free] = [await open(t, scene), await open(t, scene)];
  let answered = 0;
  const many = Array.from({ length: 200 }, () =>
    busy
      .resolve({ packages: ["*"] })
      .catch(() => {})
      .then(() => {
        answered += 1;
      }),
  );
  await free.resolve({ packages: ["app"] });
  assert.ok(answered < 200, `${answered} were answered before`);
  await Promise.all(many);
});

test("an answer has repositories, checksums, sizes and places", async (t) => {
  const scene = await Scene.create(t);
  const resolver = await open(t, scene);
  const answer = await resolver.resolve({ packages: ["app"] });
  assert.deepEqual(namesOf(answer), ["app-2.0-1", "filesystem-3.18-1", "libtiny-1:1.2-1"]);
  assert.equal(
    answer.downloadSize,
    answer.packages.reduce((sum, { downloadSize }) => sum + downloadSize, 0),
  );
  assert.ok(answer.installedSize > 0);
  const [app] = answer.packages;
  assert.equal(app?.repositoryId, "tiny");
  assert.equal(app?.location, "app-2.0-1.noarch.rpm");
  assert.match(app?.checksum?.value ?? "", /^[0-9a-f]{64}$/);
});

test("weak dependencies are an option", async (t) => {
  const resolver = await open(t, await Scene.create(t));
  const with_ = namesOf(await resolver.resolve({ packages: ["app"], weakDependencies: true }));
  const without = namesOf(await resolver.resolve({ packages: ["app"] }));
  assert.deepEqual(
    with_.filter((name) => !without.includes(name)),
    ["app-extras-1-1"],
  );
});

test("local packages are resolved with what they require", async (t) => {
  const scene = await Scene.create(t);
  const [local = ""] = await buildRpms(scene.directory, [{ name: "mine", requires: ["tool < 1.9"] }]);
  const resolver = await open(t, scene);
  const { packages } = await resolver.resolve({ packages: [], localPackages: [local] });
  assert.deepEqual(namesOf({ packages }), ["mine-1-1", "tool-1.8.0-1"]);
  assert.equal(packages[0]?.checksum, null);
  assert.deepEqual(namesOf(await resolver.resolve({ packages: ["tool"] })), ["tool-2.0.1-1"]);
});

test("a lock of an open resolver is the one that update writes", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["app", "tool"] });
  const manifestPath = scene.path("rpmoci.toml");
  const cacheDirectory = scene.path("cache");
  await using resolver = await openResolver({ manifestPath, cacheDirectory });
  const manifest = await loadManifest(manifestPath);
  const lock = await resolver.lock(manifest);
  await update({ manifestPath, cacheDirectory });
  assert.equal(formatLockfile(lock), readFileSync(scene.lockfilePath, "utf8"));
  scene.writeManifest({ packages: ["chatty"] }, {}, "other.toml");
  const other = await resolver.lock(await loadManifest(scene.path("other.toml")));
  assert.deepEqual(
    other.packages.map(({ name }) => name),
    ["chatty", "filesystem", "tiny-release"],
  );
  scene.writeManifest({ gpgkeys: [] }, {}, "without-keys.toml");
  await assert.rejects(resolver.lock(await loadManifest(scene.path("without-keys.toml"))), {
    kind: "usage",
    code: "RESOLVER_MISUSED",
    message: /without-keys\.toml has other repositories or gpgkeys/,
  });
});

test("a question that is cancelled rejects with the reason, the others are answered", async (t) => {
  const resolver = await open(t, await Scene.create(t));
  const cancellation = new AbortController();
  const first = resolver.resolve({ packages: ["app"] });
  const cancelled = Array.from({ length: 50 }, () =>
    resolver.resolve({ packages: ["*"], signal: cancellation.signal }),
  );
  const last = resolver.resolve({ packages: ["tool"] });
  const reason = new Error("no longer needed");
  cancellation.abort(reason);
  for (const outcome of await Promise.allSettled(cancelled)) {
    assert.equal(outcome.status === "rejected" && outcome.reason, reason);
  }
  assert.equal((await first).packages.length, 3);
  assert.deepEqual(namesOf(await last), ["tool-2.0.1-1"]);
  await assert.rejects(resolver.resolve({ packages: ["app"], signal: AbortSignal.abort(reason) }), reason);
});

test("a closed resolver says so, to those who wait too", async (t) => {
  const scene = await Scene.create(t);
  const resolver = await open(t, scene);
  const waiting = Array.from({ length: 20 }, () => resolver.resolve({ packages: ["app"] }));
  const outcomes = Promise.allSettled(waiting);
  await Promise.all([resolver.close(), resolver.close()]);
  const closed = { kind: "usage", code: "RESOLVER_CLOSED", message: "the resolver is closed" };
  for (const answer of waiting) await assert.rejects(answer, closed);
  await outcomes;
  await assert.rejects(resolver.resolve({ packages: ["app"] }), closed);
  scene.writeManifest();
  await assert.rejects(resolver.lock(await loadManifest(scene.path("rpmoci.toml"))), closed);
  await resolver[Symbol.asyncDispose]();
});

test("wrong options are named", async (t) => {
  const scene = await Scene.create(t);
  const resolver = await open(t, scene);
  const misuse = (message: RegExp) => ({ kind: "usage", code: "RESOLVER_MISUSED", message });
  await assert.rejects(
    resolver.resolve({ packages: "app" as unknown as string[] }),
    misuse(/packages must be an array/),
  );
  await assert.rejects(
    resolver.resolve({ packages: [], localPackages: [1] as unknown as string[] }),
    misuse(/localPackages must be an array/),
  );
  await assert.rejects(resolver.resolve({ packages: ["my-*.rpm"] }), misuse(/'my-\*\.rpm' names a local RPM/));
  await assert.rejects(openResolver({}), misuse(/either manifestPath or repositories/));
  await assert.rejects(
    openResolver({ manifestPath: "x", repositories: [] }),
    misuse(/either manifestPath or repositories/),
  );
  await assert.rejects(openResolver({ repositories: [{ url: "nonsense" }] }), { kind: "manifest" });
});

test("the architecture is an option", async (t) => {
  const resolver = await open(t, await Scene.create(t), { arch: "aarch64" });
  assert.deepEqual(namesOf(await resolver.resolve({ packages: ["tool"] })), ["tool-2.0.1-1"]);
  await assert.rejects(resolver.resolve({ packages: ["libtiny"] }), { kind: "resolve", code: "SPEC_UNMATCHED" });
});

test("repositories that cannot be opened are named, and opening can be cancelled", async (t) => {
  const scene = await Scene.create(t);
  await assert.rejects(open(t, scene, { repositories: [{ id: "gone", url: `${scene.server.url}/gone` }] }), {
    kind: "fetch",
    message: /"gone"/,
  });
  const reason = new Error("stop");
  scene.server.setFault("/repo/repodata/repomd.xml", { delay: 3000 });
  const cancellation = new AbortController();
  const opening = open(t, scene, { signal: cancellation.signal });
  setTimeout(() => cancellation.abort(reason), 50);
  await assert.rejects(opening, reason);
});

test("the example of a build script runs", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ packages: ["app"] }, {}, "one.toml");
  scene.writeManifest({ packages: ["tool", "chatty"] }, {}, "two.toml");
  scene.writeManifest({ packages: ["nothing"] }, {}, "three.toml");
  const script = join(projectRoot, "examples/embedding/build-many.mjs");
  const options = { cwd: scene.directory, env: { XDG_CACHE_HOME: scene.path("cache") } };
  const good = await run(process.execPath, [script, "one.toml", "two.toml"], options);
  assert.equal(good.code, 0, good.stderr);
  assert.match(
    good.stdout,
    /^one\.toml: 4 packages, \d+\.\d MB to download, \d+\.\d MB installed\ntwo\.toml: 4 packages, /,
  );
  const bad = await run(process.execPath, [script, "one.toml", "three.toml"], options);
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /three\.toml: No packages available for spec 'nothing'/);
  assert.match(bad.stdout, /one\.toml: 4 packages/);
});
