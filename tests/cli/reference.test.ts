/** Every key and command has an entry in the reference, an example, and a test through the command line. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { before } from "node:test";
import { Cli } from "clipanion";
import { parse } from "smol-toml";
import { commandsReference } from "../../scripts/reference/commands.js";
import { manifestReference } from "../../scripts/reference/manifest.js";
import { keysUsed, type ManifestKey, manifestKeys } from "../../scripts/reference/manifest-keys.js";
import { type CommandModel, commandModels } from "../../src/cli/command-models.js";
import { COMMANDS } from "../../src/cli/commands.js";
import { exampleFiles } from "../support/examples.js";
import { projectRoot } from "../support/project.js";
import { rpmoci } from "../support/run.js";

let keys: readonly ManifestKey[] = [];
let models: readonly CommandModel[] = [];

before(async () => {
  keys = manifestKeys(JSON.parse((await rpmoci(["schema"])).stdout));
  const cli = new Cli({ binaryName: "rpmoci" });
  for (const command of COMMANDS) cli.register(command);
  models = commandModels(cli.definitions());
});

const examplesWithKeys = () => {
  const known = new Set(keys.map(({ path }) => path));
  return exampleFiles.map(({ path, text }) => ({ path, keys: keysUsed(parse(text), known) }));
};

/** `UPDATE_GOLDEN=1 node --test …` writes it anew; read its difference. */
function assertGenerated(name: string, text: string): void {
  const path = join(projectRoot, "docs", name);
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(path, text);
  assert.equal(readFileSync(path, "utf8"), text, `docs/${name} is not what UPDATE_GOLDEN=1 writes`);
}

test("docs/manifest.md has every key with what the schema says of it", () => {
  const text = manifestReference(keys, examplesWithKeys());
  assertGenerated("manifest.md", text);
  for (const { path } of keys) assert.match(text, new RegExp(`^#+ \`${path.replaceAll(".", "\\.")}\`$`, "m"));
});

test("docs/commands.md has every command with all of its options", () => {
  const text = commandsReference(models);
  assertGenerated("commands.md", text);
  for (const { name } of models) assert.ok(text.includes(`\n## rpmoci ${name}\n`), name);
});

test("the README leads to both", () => {
  const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
  for (const name of ["manifest", "commands"]) assert.ok(readme.includes(`(docs/${name}.md)`), name);
});

test("every key is in an example", () => {
  const used = new Set(examplesWithKeys().flatMap((example) => [...example.keys]));
  assert.deepEqual(
    keys.map(({ path }) => path).filter((path) => !used.has(path)),
    [],
  );
});

const folder = join(projectRoot, "tests/cli");
const sources = readdirSync(folder)
  .filter((name) => name.endsWith(".test.ts") && name !== "reference.test.ts")
  .map((name) => readFileSync(join(folder, name), "utf8"));

/** In TOML or in an object. */
function mentions(source: string, key: string): boolean {
  return new RegExp(`(?<![\\w-])${key}"?\\]{0,2}\\s*[=:]|\\[\\[?(?:[\\w.]+\\.)?${key}\\]|[{,]\\s*${key}\\s*[,}]`).test(
    source,
  );
}

/** A scene's manifest has that table. */
function isImplied(source: string, name: string): boolean {
  return name === "contents" && source.includes(".writeManifest({");
}

test("every key is in a test", () => {
  const missing = keys.filter(({ path }) => {
    const names = path.split(".");
    return !sources.some((source) => names.every((name) => mentions(source, name) || isImplied(source, name)));
  });
  assert.deepEqual(
    missing.map(({ path }) => path),
    [],
  );
});

/** Options that classes which commands share have, with one piece of code behind them: one command's test is enough. */
const SHARED: ReadonlySet<string> = new Set([
  ...["--verbose", "--quiet", "--progress", "--help", "--file", "--cache-dir", "--offline"],
]);

/** Calls of a command: its words in a list of arguments, or a function of a test's that is called like it. */
function calls(source: string, { name }: CommandModel): boolean {
  const words = name.split(" ").map((word) => `"${word}"`);
  return (
    source.includes(words.join(", ")) || new RegExp(`\\.${name}\\(|\\b${name}\\(\\[|rpmoci ${name}\\b`).test(source)
  );
}

function takes(source: string, names: readonly string[]): boolean {
  return names.some((name) => new RegExp(`["' \`]${name}(?=["'= \`])`).test(source));
}

/** What is on anyway: that it may be said changes nothing. */
const DEFAULTS: readonly string[] = ["build --cache"];

test("every command with each of its options is in a test", () => {
  const missing = models.flatMap((model) => {
    const own = sources.filter((source) => calls(source, model));
    const options = model.options.flatMap(({ names }) => {
      const name = names.at(-1) ?? "";
      const among = SHARED.has(name) ? sources : own;
      return among.some((source) => takes(source, names)) ? [] : [`${model.name} ${name}`];
    });
    return own.length === 0 ? [model.name] : options;
  });
  assert.deepEqual(
    missing.filter((entry) => !DEFAULTS.includes(entry)),
    [],
  );
});

test("the search for tests can fail", () => {
  const model = { name: "cache prune" } as CommandModel;
  assert.ok(calls('run(["cache", "prune"])', model) && !calls('run(["cache", "ls"])', model));
  assert.ok(takes('"--max-age=3"', ["--max-age"]) && !takes('"--max-age-of"', ["--max-age"]));
  assert.ok(mentions("[[accounts.users]]\nuid = 1", "uid") && mentions("{ uid: 1 }", "uid"));
  assert.ok(!mentions("suid = 1; uids = 2", "uid"));
});
