import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import test from "node:test";
import { digestOf, readImage, readIndex } from "../support/image.js";
import { type RunResult, run, runSuccessfully } from "../support/run.js";
import { Scene } from "../support/scene.js";

const CREATED = "2024-07-03T09:46:40Z";
const REF_NAME = "org.opencontainers.image.ref.name";

function annotationsOf(scene: Scene, tag: string): Readonly<Record<string, string>> | undefined {
  return readImage(scene.layout, tag).manifest.annotations;
}

function indexAnnotationsOf(scene: Scene, tag: string): Readonly<Record<string, string>> | undefined {
  return readIndex(scene.layout).manifests.find(({ annotations }) => annotations?.[REF_NAME] === tag)?.annotations;
}

async function builds(scene: Scene, args: readonly string[] = [], reuse = false): Promise<RunResult> {
  const result = await scene.build(args, { reuse });
  assert.equal(result.code, 0, result.stderr);
  return result;
}

test("annotations are the image manifest's and its index entry's; without a wish there are none", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  await builds(scene);
  const plain = digestOf(scene.layout, "test");
  assert.equal(annotationsOf(scene, "test"), undefined);
  assert.deepEqual(indexAnnotationsOf(scene, "test"), { [REF_NAME]: "test" });

  scene.writeManifest({}, { annotations: { "org.example.b": "manifest", "org.example.a": "" } });
  await builds(scene, ["--annotation", "org.example.b=with=signs", "--annotation", "org.example.c=Ü"]);
  const expected = {
    "org.example.a": "",
    "org.example.b": "with=signs",
    "org.example.c": "Ü",
    "org.opencontainers.image.created": CREATED,
  };
  assert.deepEqual(annotationsOf(scene, "test"), expected);
  assert.deepEqual(Object.keys(annotationsOf(scene, "test") ?? {}), Object.keys(expected));
  assert.deepEqual(indexAnnotationsOf(scene, "test"), { ...expected, [REF_NAME]: "test" });
  assert.deepEqual(readImage(scene.layout, "test").config.created, CREATED);

  // An unchanged image that gets another tag has them in the index, too.
  scene.writeManifest({}, { annotations: {} });
  await builds(scene, [], true);
  const again = await scene.run(["build", "--image", "image", "--tag", "other"], { reuse: true });
  assert.match(again.stderr, /Unchanged/);
  const created = { "org.opencontainers.image.created": CREATED };
  assert.deepEqual(annotationsOf(scene, "other"), created);
  assert.deepEqual(indexAnnotationsOf(scene, "other"), { ...created, [REF_NAME]: "other" });
  assert.equal((await scene.run(["layout", "validate", "image"])).code, 0);
  const inspected = await runSuccessfully("skopeo", ["inspect", "--raw", `oci:${scene.layout}:other`]);
  assert.deepEqual(JSON.parse(inspected).annotations, created);

  scene.writeManifest({}, { annotations: { "org.opencontainers.image.created": "2001-01-01T00:00:00Z" } });
  await builds(scene);
  assert.deepEqual(annotationsOf(scene, "test"), { "org.opencontainers.image.created": "2001-01-01T00:00:00Z" });
  scene.writeManifest();
  await builds(scene);
  assert.equal(digestOf(scene.layout, "test"), plain);
});

test("--git-annotations names the commit and where it is from, without credentials", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest();
  const missing = await scene.build(["--git-annotations"]);
  assert.equal(missing.code, 2, missing.stderr);
  assert.match(missing.stderr, /git knows no commit of .*user/);

  const git = (...args: readonly string[]) => runSuccessfully("git", ["-C", scene.directory, ...args]);
  await git("init", "-q");
  await git("add", "rpmoci.toml");
  await git("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", "x");
  const commit = (await git("rev-parse", "HEAD")).trim();
  const revision = "org.opencontainers.image.revision";
  const source = "org.opencontainers.image.source";
  const created = { "org.opencontainers.image.created": CREATED };
  await builds(scene, ["--git-annotations"]);
  assert.deepEqual(annotationsOf(scene, "test"), { ...created, [revision]: commit });

  await git("remote", "add", "origin", "https://user:secret@example.org/a/b.git");
  appendFileSync(scene.path("rpmoci.toml"), "# changed\n");
  await builds(scene, ["--git-annotations"]);
  const url = "https://example.org/a/b.git";
  assert.deepEqual(annotationsOf(scene, "test"), { ...created, [revision]: `${commit}-dirty`, [source]: url });

  await git("remote", "set-url", "origin", "git@example.org:a/b.git");
  await builds(scene, ["--git-annotations", "--annotation", `${revision}=mine`]);
  const ssh = "ssh://git@example.org/a/b.git";
  assert.deepEqual(annotationsOf(scene, "test"), { ...created, [revision]: "mine", [source]: ssh });
  // Untracked files, the lockfile among them, are no changes.
  await run("git", ["-C", scene.directory, "checkout", "-q", "rpmoci.toml"]);
  await builds(scene, ["--git-annotations"]);
  assert.equal(annotationsOf(scene, "test")?.[revision], commit);
});

test("annotations that cannot be are refused", async (t) => {
  const scene = await Scene.create(t, { packages: ["filesystem"] });
  scene.writeManifest();
  for (const [argument, message] of [
    ["nothing", /--annotation: `nothing` should be of the form KEY=VALUE\./],
    [`${REF_NAME}=x`, /--annotation: org\.opencontainers\.image\.ref\.name is the tag/],
  ] as const) {
    const result = await scene.build(["--annotation", argument]);
    assert.equal(result.code, 2, result.stderr);
    assert.match(result.stderr, message);
  }
  for (const [line, message] of [
    ['"" = "x"', /image\.annotations.* must not be empty/],
    [`"${REF_NAME}" = "x"`, /rpmoci\.toml:4: image\.annotations must not have org\.opencontainers\.image\.ref\.name/],
    ["a = 1", /image\.annotations\.a must be string, not 1/],
  ] as const) {
    writeFileSync(
      scene.path("rpmoci.toml"),
      `[contents]\nrepositories = []\npackages = ["a"]\n[image.annotations]\n${line}\n`,
    );
    const result = await scene.build();
    assert.equal(result.code, 2, result.stderr);
    assert.match(result.stderr, message);
  }
});
