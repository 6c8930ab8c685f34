import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { RpmociError } from "../../src/errors.js";
import { defaultStreams, type ModuleMetadata } from "../../src/model/modules.js";
import { readModules } from "../../src/repository/modules.js";
import { defaultsYaml, moduleYaml } from "../support/modular-repository.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

function read(t: TestContext, contents: string | Uint8Array): Promise<ModuleMetadata> {
  const folder = temporaryDirectory(t);
  writeFileSync(join(folder, "modules"), contents);
  return readModules(join(folder, "modules"), "repo", join(folder, "condensed"));
}

const PERL = moduleYaml({
  name: "perl",
  stream: "5.30",
  version: 8010020190827,
  requires: { platform: ["el8"], tools: [] },
  artifacts: ["perl-4:5.30.1-1.x86_64"],
  profiles: { common: ["perl"] },
});

const perl = {
  name: "perl",
  stream: "5.30",
  version: "8010020190827",
  context: "c0ffee",
  arch: "x86_64",
  staticContext: false,
  requires: [
    { module: "platform", streams: ["el8"] },
    { module: "tools", streams: [] },
  ],
  artifacts: ["perl-4:5.30.1-1.x86_64"],
  demodularized: [],
  profiles: [{ name: "common", packages: ["perl"] }],
};

test("a build as data, its stream as it is written", async (t) => {
  const unquoted = PERL.replace('"5.30"', "5.30");
  for (const yaml of [PERL, unquoted, `# comment\n${PERL}`, `%YAML 1.2\n${PERL}`, PERL.replaceAll("\n", "\r\n")]) {
    assert.deepEqual(await read(t, yaml), { builds: [perl], defaults: [], warnings: [] });
  }
});

test("every compression is read", async (t) => {
  const folder = temporaryDirectory(t);
  writeFileSync(join(folder, "plain"), PERL);
  const programs = ["xz", "bzip2", "zstd"].map((program) =>
    execFileSync(program, ["-c", join(folder, "plain")], { stdio: ["ignore", "pipe", "pipe"] }),
  );
  for (const bytes of [gzipSync(PERL), ...programs]) assert.deepEqual((await read(t, bytes)).builds, [perl]);
});

test("documents of version 1 have one stream of each module they require", async (t) => {
  const yaml = `---
document: modulemd
version: 1
data:
  name: old
  stream: f26
  version: 007
  summary: s
  description: d
  license: {module: MIT}
  dependencies: {requires: {base: f26}}
`;
  const [build] = (await read(t, yaml)).builds;
  assert.deepEqual(build?.requires, [{ module: "base", streams: ["f26"] }]);
  assert.deepEqual([build?.version, build?.context, build?.arch, build?.staticContext], ["7", "", "", false]);
});

test("documents that do not concern resolving are passed over in silence", async (t) => {
  const others = ["modulemd-packager", "modulemd-translations", "modulemd-obsoletes"];
  const yaml = others.map((name) => `---\ndocument: ${name}\nversion: 1\ndata: {a: 1}\n`).join("");
  assert.deepEqual(await read(t, yaml + PERL), { builds: [perl], defaults: [], warnings: [] });
  assert.deepEqual(await read(t, ""), { builds: [], defaults: [], warnings: [] });
});

test("documents that libmodulemd leaves out are left out with a warning", async (t) => {
  const wrong: readonly [RegExp, string][] = [
    [/modulemd version 9/, PERL.replace("version: 2", "version: 9")],
    [/data\.artifacts\.rpms/, PERL.replace("perl-4:5.30.1-1.x86_64", "perl-5.30.1-1.x86_64")],
    [/data\.license/, PERL.replace("[MIT]", "[]")],
    [/data\.summary/, PERL.replace("summary: ", "somewhat: ")],
    [/data\.version/, PERL.replace("8010020190827", "new")],
    [/mixes/, PERL.replace('["el8"]', '["el8", "-el9"]')],
    [/document/, "---\n- a list\n"],
  ];
  for (const [words, yaml] of wrong) {
    const { builds, warnings } = await read(t, `${PERL}${yaml}`);
    assert.deepEqual(builds, [perl]);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", words);
    assert.match(warnings[0] ?? "", /^document 2: /);
  }
  const again = PERL.replace('["perl"]', "[]");
  assert.match((await read(t, PERL + again)).warnings[0] ?? "", /occurs twice and differs/);
  assert.deepEqual((await read(t, PERL + PERL)).warnings, []);
});

test("what is no YAML, or out of all proportion, is an error that names the repository", async (t) => {
  const levels = Array.from(
    { length: 20 },
    (_, at) => `a${at + 1}: &a${at + 1} [${"*a".concat(String(at), ",").repeat(9)}]`,
  );
  const wrong: readonly (readonly [RegExp, string | Uint8Array])[] = [
    [/tab|indent|expected|stream/i, "---\n\tdocument: [\n"],
    [/aliases/, `---\na0: &a0 [x]\n${levels.join("\n")}\n`],
    [/aliases/, PERL.replace("[MIT]", "&x [MIT]").replace("summary: A module", "summary: *x")],
    [/nesting/, `---\n${"[".repeat(200_000)}`],
    [/more than 64 MiB/, gzipSync(Buffer.alloc(65 * 1024 * 1024, " "))],
    [/document.* too large/, `---\na: "${"x".repeat(9 * 1024 * 1024)}"\n`],
    [/damaged|truncated/, gzipSync(PERL).subarray(0, 60)],
    [/encoded|valid/, Buffer.from([0x2d, 0x2d, 0x2d, 0x0a, 0xff, 0xfe])],
  ];
  for (const [words, contents] of wrong) {
    await assert.rejects(read(t, contents), (error) => {
      assert.ok(error instanceof RpmociError, String(error));
      assert.equal(error.code, "METADATA_INVALID");
      assert.equal(error.kind, "fetch");
      assert.match(error.message, /^the modules metadata of repository "repo" is not valid: /);
      assert.match(error.message, words);
      return true;
    });
  }
});

test("the condensed form is used, and made anew when it is damaged", async (t) => {
  const folder = temporaryDirectory(t);
  const [file, condensed] = [join(folder, "modules"), join(folder, "condensed")];
  writeFileSync(file, PERL);
  const first = await readModules(file, "repo", condensed);
  const kept = readFileSync(condensed);
  assert.deepEqual(readdirSync(folder).sort(), ["condensed", "modules"]);
  writeFileSync(file, "");
  assert.deepEqual(await readModules(file, "repo", condensed), first);
  writeFileSync(file, PERL);
  const flipped = Buffer.from(kept);
  flipped[100] = (flipped[100] ?? 0) ^ 1;
  for (const damaged of ["", "{}", kept.subarray(0, -1), flipped, Buffer.concat([kept, Buffer.from("x")])]) {
    writeFileSync(condensed, damaged);
    assert.deepEqual(await readModules(file, "repo", condensed), first);
    assert.deepEqual(readFileSync(condensed), kept);
  }
  // Without a place for it all works, too.
  assert.deepEqual(await readModules(file, "repo", join(folder, "absent", "condensed")), first);
});

test("the default stream is the one that was written last, whatever the order", async (t) => {
  const { defaults } = await read(
    t,
    defaultsYaml("perl", "5.26") + defaultsYaml("perl", "5.30", 202001010000) + defaultsYaml("ruby", "2.5"),
  );
  assert.deepEqual(defaults, [
    { module: "perl", stream: "5.30", modified: 202001010000 },
    { module: "ruby", stream: "2.5", modified: 0 },
  ]);
  const entry = (module: string, stream: string | null, modified = 0) => ({ module, stream, modified });
  const all = [
    entry("a", "1"),
    entry("a", "2", 5),
    entry("a", null, 9),
    entry("b", "1"),
    entry("b", "2"),
    entry("c", "1"),
    entry("c", "1"),
  ];
  const expected = [
    { module: "a", stream: "2" },
    { module: "c", stream: "1" },
  ];
  assert.deepEqual(defaultStreams(all), expected);
  assert.deepEqual(defaultStreams(all.toReversed()), expected);
});
