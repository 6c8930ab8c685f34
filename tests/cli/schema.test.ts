import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { before } from "node:test";
import { pathToFileURL } from "node:url";
import { Ajv, type ValidateFunction } from "ajv";
import { parse } from "smol-toml";
import { parseManifest, RpmociError } from "../../src/index.js";
import { DESCRIPTIONS } from "../../src/manifest/descriptions.js";
import { exampleFiles } from "../support/examples.js";
import { projectRoot } from "../support/project.js";
import { rpmoci, run, runSuccessfully } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

interface SchemaNode {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}

let text = "";
let fits: ValidateFunction;

before(async () => {
  const { code, stdout, stderr } = await rpmoci(["schema"]);
  assert.deepEqual([code, stderr], [0, ""]);
  text = stdout;
  // Strict: a keyword that means nothing is an error.
  fits = new Ajv({ strict: true, strictTypes: false }).compile(JSON.parse(text));
});

const examples = exampleFiles.map(({ path }) => join(projectRoot, path));

/** What that with every key in the README includes. */
const included = join(projectRoot, "examples/local/nginx/rpmoci.toml");

/** The manifests in the README, that with every key among them, filled in where they are sketches. */
function readmeManifests(): readonly string[] {
  const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/^```toml\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  const contents = "[contents]\nrepositories = []\npackages = []\n";
  const whole = blocks.map((block) =>
    block
      .replaceAll("https://\u2026", "https://h/x")
      .replace('"single"', '"source"')
      .replace("../base/rpmoci.toml", included),
  );
  return whole.map((block) => (/^\[contents\]/m.test(block) ? block : `${contents}${block}`));
}

test("examples and the README's manifests fit", () => {
  assert.ok(examples.length >= 24);
  const manifests = [
    ...examples.map((path) => [readFileSync(path, "utf8"), path] as const),
    ...readmeManifests().map((manifest) => [manifest, "/rpmoci.toml"] as const),
  ];
  for (const [manifest, path] of manifests) {
    parseManifest(manifest, path);
    assert.ok(fits(parse(manifest)), `${manifest}\n${JSON.stringify(fits.errors)}`);
  }
});

const head = 'contents = { repositories = ["a"], packages = ["b"] }\n';
const wrong: readonly string[] = [
  "",
  "contents = 1",
  "[contents]\nrepositories = []",
  "[contents]\npackages = []",
  "[contents]\nrepositories = []\npackages = [1]",
  '[contents]\nrepositories = []\npackages = []\ndocs = "yes"',
  "[contents]\nrepositories = []\npackages = []\nunknown = 1",
  "[contents]\nrepositories = [{ id = 'x' }]\npackages = []",
  "[contents]\nrepositories = [{ url = 'no url' }]\npackages = []",
  "[contents]\nrepositories = [{ url = 'https://h/x', options = { a = [] } }]\npackages = []",
  "[contents]\nrepositories = []\npackages = []\ngpgkeys = ['nothing']",
  "[contents]\nrepositories = []\npackages = []\nreleasever = '9 9'",
  "[contents]\nrepositories = []\npackages = []\nmodule_platform_id = 'el9'",
  `${head}other = 1`,
  `${head}image = { entrypoint = "a" }`,
  `${head}image = { exposed_ports = ["http"] }`,
  `${head}image = { envs = { A = 1 } }`,
  `${head}layers = { compression = "xz" }`,
  `${head}layers = { level = 0 }`,
  `${head}layers = { level = 1.5 }`,
  `${head}layers = { level = 10 }`,
  `${head}layers = { level = 1, compression = "none" }`,
  `${head}layers = { level = 20, compression = "zstd" }`,
  `${head}layers = { max = 10 }`,
  `${head}layers = { max = 2, strategy = "source" }`,
  `${head}layers = { groups = [{ name = "a", packages = ["b"] }] }`,
  `${head}layers = { strategy = "source", groups = [{ name = "", packages = ["b"] }] }`,
  `${head}layers = { strategy = "source", groups = [{ name = "a", packages = [] }] }`,
  `${head}policy = { max_image_size = "2 GB" }`,
  `${head}policy = { max_image_size = -1 }`,
  `${head}policy = { forbidden = "a" }`,
  `${head}policy = { allowed = [] }`,
  `${head}paths = [{ path = "/a", type = "directory", target = "b" }]`,
  `${head}accounts = { users = [{ name = "a" }] }`,
  "include = 1",
];
for (const manifest of wrong) {
  test(`the schema refuses what a build refuses: ${JSON.stringify(manifest.replace(head, ""))}`, () => {
    assert.throws(() => parseManifest(manifest, "/rpmoci.toml"), RpmociError);
    assert.equal(fits(parse(manifest)), false);
  });
}

test("every key is described, and no other", () => {
  const described = new Set<string>();
  const visit = ({ properties = {}, items, anyOf = [], oneOf = [] }: SchemaNode, path: string): void => {
    for (const [key, node] of Object.entries(properties)) {
      const below = path === "" ? key : `${path}.${key}`;
      assert.ok((node.description ?? "") !== "", `${below} has no description in src/manifest/descriptions.ts`);
      described.add(below);
      visit(node, below);
    }
    if (items !== undefined) visit(items, path);
    for (const alternative of [...anyOf, ...oneOf]) visit(alternative, path);
  };
  visit(JSON.parse(text), "");
  assert.deepEqual([...described].sort(), Object.keys(DESCRIPTIONS).sort());
});

test("an editor's language server takes the schema", async (t) => {
  const directory = temporaryDirectory(t);
  const schema = join(directory, "rpmoci.schema.json");
  writeFileSync(schema, text);
  const taplo = [join(projectRoot, "node_modules/.bin/taplo"), "check", "--schema", pathToFileURL(schema).href];
  const [program = "", ...args] = taplo;
  await runSuccessfully(program, [...args, ...examples]);
  const bad = join(directory, "bad.toml");
  writeFileSync(bad, `${head}layers = { level = 11 }`);
  const { code, stderr } = await run(program, [...args, bad]);
  assert.notEqual(code, 0);
  assert.match(stderr, /11 is greater than the maximum of 9/);
});
