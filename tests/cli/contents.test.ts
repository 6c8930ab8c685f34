/** What of packages gets into the image: documentation, languages, and what is removed in the end. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { digestOf, layerEntries } from "../support/image.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { runSuccessfully } from "../support/run.js";
import { Scene } from "../support/scene.js";

const engines = ["dnf", "rpm"] as const;

/** The paths below a folder of the image that the engines make; `test` is its tag. */
async function builtBelow(
  scene: Scene,
  prefix: string,
  by: readonly (typeof engines)[number][] = engines,
): Promise<readonly string[]> {
  const digests = new Set<string | null>();
  for (const engine of by) {
    const result = await scene.build(["--engine", engine]);
    assert.equal(result.code, 0, result.stderr);
    digests.add(digestOf(scene.layout, "test"));
  }
  assert.equal(digests.size, 1, "the engines make the same image");
  const entries = [...(await layerEntries(scene.layout, "test")).keys()];
  return entries.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

const translated: RpmFixture = {
  name: "translated",
  requires: ["filesystem"],
  files: {
    "/usr/share/locale/plain": "x",
    "/usr/share/locale/de/app.mo": { content: "de", lang: "de" },
    "/usr/share/locale/de_AT/app.mo": { content: "at", lang: "de_AT" },
    "/usr/share/locale/fr/app.mo": { content: "fr", lang: "fr" },
    "/usr/share/locale/pt_BR/app.mo": { content: "br", lang: "pt_BR" },
  },
  dirs: { "/usr/share/locale": {}, "/usr/share/locale/fr": {} },
};

test("contents.langs chooses the languages whose files are installed", async (t) => {
  const scene = await Scene.create(t);
  // Files of several packages are left to librpm by itself.
  const shared: RpmFixture = {
    name: "shared",
    requires: ["filesystem"],
    files: {
      "/usr/share/locale/fr/app.mo": { content: "fr", lang: "fr" },
      "/usr/share/locale/de/other.mo": { content: "de", lang: "de" },
      "/usr/share/locale/fr/other.mo": { content: "fr", lang: "fr" },
    },
  };
  await scene.publish([translated, shared]);
  const files = async (langs?: readonly string[]): Promise<string> => {
    const packages = ["translated", "shared"];
    scene.writeManifest({ packages, ...(langs === undefined ? {} : { langs }) });
    const below = await builtBelow(scene, "usr/share/locale/");
    return below.filter((name) => name.includes(".mo")).join(" ");
  };
  assert.equal(await files(), "de/app.mo de/other.mo de_AT/app.mo fr/app.mo fr/other.mo pt_BR/app.mo");
  assert.equal(await files(["de"]), "de/app.mo de/other.mo");
  assert.equal(await files(["de_AT", "pt_BR"]), "de/app.mo de/other.mo de_AT/app.mo pt_BR/app.mo");
  assert.equal(await files([]), "");
  for (const wrong of ["all", "de:fr", "d e", ""]) {
    scene.writeManifest({ packages: ["translated"], langs: [wrong] });
    const result = await scene.build(["--engine", "rpm"]);
    assert.equal(result.code, 2, result.stderr);
    assert.match(result.stderr, /rpmoci\.toml:\d: contents\.langs\.0 = ".*" is not a language such as de or pt_BR/);
  }
});

test("contents.exclude and contents.docs do so together with contents.langs, and the rpm database knows", async (t) => {
  const scene = await Scene.create(t);
  await scene.publish([translated]);
  scene.writeManifest({ packages: ["translated", "app"], langs: ["fr"], docs: true, exclude: ["libtiny"] });
  const below = await builtBelow(scene, "usr/");
  assert.ok(below.includes("share/doc/app/README") && below.includes("share/locale/fr/app.mo"));
  assert.ok(!below.includes("lib64/libtiny.so.1") && !below.includes("share/locale/de/app.mo"));
  const database = scene.path("database");
  mkdirSync(database);
  const { content } =
    (await layerEntries(scene.layout, "test", { largest: 1 << 22 })).get("usr/lib/sysimage/rpm/rpmdb.sqlite") ?? {};
  writeFileSync(join(database, "rpmdb.sqlite"), Buffer.from(content ?? "", "latin1"));
  const states = await runSuccessfully("rpm", ["--dbpath", database, "-qs", "translated"]);
  assert.match(states, /not installed +\/usr\/share\/locale\/de\/app\.mo/);
  assert.match(states, /normal +\/usr\/share\/locale\/fr\/app\.mo/);
});

const cluttered: RpmFixture = {
  name: "cluttered",
  requires: ["filesystem"],
  files: {
    "/usr/share/clutter/a.txt": "a",
    "/usr/share/clutter/.hidden.txt": "h",
    "/usr/share/clutter/deep/er/b.txt": "b",
    "/usr/share/clutter/keep.md": "k",
    "/usr/share/clutter/ü [x].bin": "u",
    "/usr/share/man/man1/app.1": "m",
    "/usr/share/clutter/away": { symlinkTo: "/usr/share/man" },
    "/usr/share/clutter/up": { symlinkTo: "../../../../../../../../../../../.." },
  },
  dirs: { "/usr/share/clutter": {}, "/usr/share/man": {}, "/usr/share/man/man1": {} },
};

test("contents.remove_files removes what globs match, and nothing else", async (t) => {
  const scene = await Scene.create(t);
  await scene.publish([cluttered]);
  const outside = scene.path("outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "precious.txt"), "p");
  const remaining = async (...globs: readonly string[]): Promise<string> => {
    scene.writeManifest({ packages: ["cluttered"], remove_files: globs });
    return (await builtBelow(scene, "usr/share/", globs.length === 3 ? engines : ["rpm"]))
      .filter((name) => /^(clutter|man)/.test(name))
      .join(" ");
  };
  const all = "clutter clutter/.hidden.txt clutter/a.txt clutter/away clutter/deep clutter/deep/er";
  const rest = "clutter/deep/er/b.txt clutter/keep.md clutter/up clutter/ü [x].bin man man/man1 man/man1/app.1";
  assert.equal(await remaining(), `${all} ${rest}`);
  assert.equal(
    await remaining("/usr/share/clutter/**/*.txt", "/usr/share/man/**"),
    "clutter clutter/away clutter/deep clutter/deep/er clutter/keep.md clutter/up clutter/ü [x].bin man",
  );
  assert.equal(
    await remaining("/usr/share/clutter/{a.*,.h*}", "/usr/share/clutter/ü*", "/usr/share/clutter/deep"),
    "clutter clutter/away clutter/keep.md clutter/up man man/man1 man/man1/app.1",
  );
  assert.equal(await remaining("/usr/share/clutter", "/usr/share/clutter/**"), "man man/man1 man/man1/app.1");
  // A symlink is a name like others, and leads nowhere.
  assert.equal(
    await remaining("/usr/share/clutter/away", "/usr/share/clutter/up"),
    `${all.replace(" clutter/away", "")} ${rest.replace(" clutter/up", "")}`,
  );
  assert.equal(await remaining("/usr/share/clutter/away/*", `/usr/share/clutter/up${outside}/*`), `${all} ${rest}`);
  assert.deepEqual(readdirSync(outside), ["precious.txt"]);
});

test("contents.remove_files warns of what matches nothing, and refuses what may not go", async (t) => {
  const scene = await Scene.create(t);
  scene.writeManifest({ remove_files: ["/usr/share/nothing*", "/nowhere"] });
  const nothing = await scene.build();
  assert.equal(nothing.code, 0, nothing.stderr);
  assert.match(nothing.stderr, /Warning contents\.remove_files: \/usr\/share\/nothing\* matches nothing in the image/);
  assert.match(nothing.stderr, /Warning contents\.remove_files: \/nowhere matches nothing/);
  for (const [glob, message] of [
    ["/usr/lib/**", /remove_files: \/usr\/lib\/\*\*: the rpm database, \/usr\/lib\/sysimage\/rpm, cannot be removed/],
    ["/usr/lib/sysimage/rpm/rpmdb*", /the rpm database, .* cannot be removed/],
    ["/**", /the rpm database, .* cannot be removed/],
    ["usr/lib", /contents\.remove_files\.0 = "usr\/lib" is not an absolute path inside the image/],
    ["/usr/../../etc/*", /contents\.remove_files\.0 .* must not have "\.\." in it/],
    ["/", /is not an absolute path inside the image/],
  ] as const) {
    scene.writeManifest({ remove_files: [glob] });
    const result = await scene.build(["--engine", "rpm"]);
    assert.equal(result.code, 2, result.stderr);
    assert.match(result.stderr, message);
  }
});
