/** Layers cut by the packages that own the files. */
import assert from "node:assert/strict";
import { chmodSync, linkSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { before, type TestContext } from "node:test";
import { writeAllLayers } from "../support/layer-addon.js";
import { buildRpms, type RpmFixture } from "../support/rpm-fixture.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { addon } from "./support/rpm-addon.js";
import { run } from "./support/rpm-tools.js";

const dbPath = "/usr/lib/sysimage/rpm";
const skip = process.getuid?.() !== 0 && "rpm --root needs root";

const FIXTURES: readonly RpmFixture[] = [
  {
    name: "base",
    dirs: { "/usr": {}, "/usr/lib": { mode: 0o711 }, "/shared": { mode: 0o1777 }, "/usr/empty": {} },
    files: { "/lib": { symlinkTo: "usr/lib" }, "/usr/lib/base": "base\n" },
  },
  {
    name: "alpha",
    buildTime: 1_500_000_000,
    dirs: { "/shared": { mode: 0o1777 } },
    // Through the symlink of the other package.
    files: {
      "/lib/alpha": "alpha\n",
      "/usr/alpha-link": { symlinkTo: "lib/alpha" },
      "/usr/both": { content: "the same\n", mtime: 1_500_000_000 },
    },
  },
  {
    name: "beta",
    files: {
      "/usr/lib/beta": "beta\n",
      "/usr/lib/changed": "as packaged\n",
      "/usr/both": { content: "the same\n", mtime: 1_500_000_000 },
    },
  },
  { name: "gamma", files: { "/usr/share/gamma/a": "a\n", "/usr/share/gamma/b": { hardlinkTo: "/usr/share/gamma/a" } } },
];

const GROUPS = [["base"], ["alpha"], ["beta", "not-installed"], ["empty"]] as const;

let rpms: string[] = [];
before(async (t) => {
  if (skip === false) rpms = await buildRpms(temporaryDirectory(t as TestContext), FIXTURES);
});

function makeRoot(t: TestContext): string {
  const root = join(temporaryDirectory(t), "root");
  mkdirSync(root);
  const macros = ["--define", `_dbpath ${dbPath}`, "--define", "_db_backend sqlite"];
  // The symlink comes first.
  for (const path of rpms) run("rpm", ["--root", root, ...macros, "--nodeps", "--nosignature", "-i", path]);
  writeFileSync(join(root, "usr/lib/changed"), "by a scriptlet\n");
  writeFileSync(join(root, "usr/unowned"), "nobody's\n");
  linkSync(join(root, "usr/lib/base"), join(root, "usr/link-of-base"));
  return root;
}

interface Layer {
  /** Without a slash at the end. */
  readonly names: readonly string[];
  readonly key: string;
  readonly group: number;
  readonly blob: string;
  readonly digest: string;
}

async function layersOf(
  t: TestContext,
  root: string,
  groups: readonly (readonly string[])[],
): Promise<readonly Layer[]> {
  const folder = temporaryDirectory(t);
  const ownership = await addon.readOwnership({ root, dbPath });
  const output = (index: number): string => join(folder, `layer-${index}`);
  const { listed, blobs } = await writeAllLayers(addon, { root, ownership, groups, output });
  return listed.map(({ key, group }, index) => ({
    names: run("tar", ["-tf", output(index)])
      .trim()
      .split("\n")
      .map((name) => name.replace(/^\.\//, "").replace(/\/$/, "")),
    key,
    group,
    blob: output(index),
    digest: blobs[index]?.digest ?? "",
  }));
}

test("files go to the layers of their packages, with the directories above them", { skip }, async (t) => {
  const layers = await layersOf(t, makeRoot(t), GROUPS);
  assert.deepEqual(
    layers.map(({ group }) => group),
    [0, 1, 2, 4],
  );
  const [base, alpha, beta, top] = layers.map(({ names }) => names);
  assert.deepEqual(base, ["", "lib", "shared", "usr", "usr/empty", "usr/lib"]);
  assert.deepEqual(
    alpha,
    ["", "shared", "usr", "usr/alpha-link", "usr/both", "usr/lib", "usr/lib/alpha"].filter((name) => name !== "shared"),
  );
  assert.deepEqual(beta, ["", "usr", "usr/lib", "usr/lib/beta"]);
  // What was changed, what nobody owns, every name of an inode that has such a name, and packages without a group.
  for (const name of ["usr/lib/changed", "usr/unowned", "usr/link-of-base", "usr/lib/base", "usr/share/gamma/b"]) {
    assert.ok(top?.includes(name), name);
  }
  assert.ok(top?.includes("usr/lib/sysimage/rpm/rpmdb.sqlite"));
});

test("the layers on top of each other are the root", { skip }, async (t) => {
  const root = makeRoot(t);
  const together = join(temporaryDirectory(t), "together");
  mkdirSync(together);
  for (const { blob } of await layersOf(t, root, GROUPS)) run("tar", ["-xpf", blob, "-C", together]);
  const list = (folder: string): string =>
    run("bash", ["-c", 'cd "$1" && find . -printf "%p %y %m %U %G %n %l\\n" | LC_ALL=C sort', "list", folder]);
  assert.equal(list(together), list(root));
  run("diff", ["-r", "--no-dereference", root, together]);
});

test("each layer stands alone: its directories have the modes that they have in the root", { skip }, async (t) => {
  for (const { blob } of await layersOf(t, makeRoot(t), GROUPS)) {
    const listing = run("tar", ["-tvf", blob]);
    assert.match(listing, /^drwxr-xr-x .* \.\/$/m);
    if (listing.includes(" usr/lib/")) assert.match(listing, /^drwx--x--x .* usr\/lib\/$/m);
  }
});

test("a directory's time is its package's, or the latest of what the layer holds below it", { skip }, async (t) => {
  const [base, alpha] = await layersOf(t, makeRoot(t), GROUPS);
  const timeOf = (blob: string | undefined, name: string): string | undefined =>
    run("tar", ["-tvf", blob ?? "", "--full-time", "--utc"])
      .split("\n")
      .find((line) => line.endsWith(` ${name}`))
      ?.match(/\d{4}-\d\d-\d\d/)?.[0];
  assert.equal(timeOf(base?.blob, "usr/lib/"), "2024-01-01");
  assert.equal(timeOf(alpha?.blob, "usr/lib/"), "2017-07-14");
});

test("equal roots have equal keys and digests, and a change changes those of its layer", { skip }, async (t) => {
  const root = makeRoot(t);
  const before = await layersOf(t, root, GROUPS);
  const again = await layersOf(t, makeRoot(t), GROUPS);
  assert.deepEqual(
    again.slice(0, 3).map(({ key, digest }) => [key, digest]),
    before.slice(0, 3).map(({ key, digest }) => [key, digest]),
  );
  assert.equal(new Set(before.map(({ key }) => key)).size, 4);
  const changed = async (change: () => void): Promise<readonly number[]> => {
    const earlier = await layersOf(t, root, GROUPS);
    change();
    const later = await layersOf(t, root, GROUPS);
    const differing = earlier.flatMap(({ group, key }, index) => (later[index]?.key === key ? [] : [group]));
    const bytes = earlier.flatMap(({ group, digest }, index) => (later[index]?.digest === digest ? [] : [group]));
    assert.deepEqual(differing, bytes);
    return differing;
  };
  assert.deepEqual(await changed(() => chmodSync(join(root, "usr/lib/beta"), 0o600)), [2]);
  assert.deepEqual(await changed(() => writeFileSync(join(root, "usr/unowned"), "NOBODY'S\n")), [4]);
  assert.deepEqual(await changed(() => utimesSync(join(root, "usr/lib/alpha"), 1, 1)), [1, 4]);
  assert.deepEqual(await changed(() => {}), []);
});

test("the key does not need the contents of what packages own", { skip }, async (t) => {
  const root = makeRoot(t);
  const [before] = await layersOf(t, root, [["base", "alpha", "beta", "gamma"]]);
  const file = join(root, "usr/lib/beta");
  assert.equal(readFileSync(file, "utf8"), "beta\n");
  writeFileSync(file, "BETA\n");
  utimesSync(file, 1_704_067_200, 1_704_067_200);
  const [after] = await layersOf(t, root, [["base", "alpha", "beta", "gamma"]]);
  assert.equal(after?.key, before?.key);
});
