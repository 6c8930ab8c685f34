/** What has changed in a root becomes a layer that, on top of the base, gives the same root. */
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { differences } from "../support/compare-trees.js";
import { umoci } from "../support/image-readers.js";
import { needsRoot } from "../support/needs-root.js";
import { writeRawLayout } from "../support/raw-layout.js";
import { runSuccessfully } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { listTrees, type Tree } from "../support/tree-listing.js";
import { addon } from "./support/rpm-addon.js";

const FUTURE = 4_000_000_000;

interface Comparison {
  readonly undecided: readonly string[];
  /** The archive; null when nothing has changed. */
  readonly archive: Buffer | null;
  /** Its entries but for directories. */
  readonly entries: readonly string[];
}

async function changesOf(
  folder: string,
  change: (root: string) => void,
  { buildStart = FUTURE, same = [] as readonly string[], untouched = [] as readonly string[] } = {},
): Promise<Comparison> {
  const root = join(folder, "root");
  const cancellation = addon.newCancellation();
  const base = await addon.readTree(root, 2, cancellation);
  await new Promise((resolve) => setTimeout(resolve, 20));
  change(root);
  const tree = await addon.readTree(root, 2, cancellation);
  const times = { maxMtime: FUTURE, buildStart };
  const bytes = (paths: readonly string[]) => paths.map((path) => Buffer.from(path));
  const changes = await addon.compareWithBase({ base, tree, untouched: bytes(untouched), ...times });
  const undecided = changes.undecided.map((path) => Buffer.from(path).toString()).sort();
  const request = { tree, ownership: null, groups: [], ...times, threads: 2, cancellation };
  const listings = await addon.listLayers({ ...request, changes: changes.handle, sameContents: bytes(same) });
  if (listings.layers.length === 0) return { undecided, archive: null, entries: [] };
  const path = join(folder, "changes.tar");
  const outputs = [{ layer: 0, path }];
  await addon.writeLayers(
    { listings: listings.handle, outputs, compression: "none", level: 1, threads: 2, cancellation },
    () => {},
  );
  const list = await runSuccessfully("tar", ["-tf", path]);
  const entries = list.split("\n").filter((line) => line !== "" && !line.endsWith("/"));
  return { undecided, archive: readFileSync(path), entries };
}

async function archiveOf(root: string, folder: string): Promise<Buffer> {
  const path = join(folder, "base.tar");
  await runSuccessfully("tar", ["-C", root, "--format=pax", "--numeric-owner", "-cf", path, "."]);
  return readFileSync(path);
}

const withoutTimes = (tree: Tree | undefined): Tree =>
  new Map(
    [...(tree ?? [])].map(([path, entry]) => [path, entry.kind === "directory" ? { ...entry, mtime: 0 } : entry]),
  );

async function assertSame(folder: string, base: Buffer, archive: Buffer | null): Promise<void> {
  const [layout, unpacked] = [join(folder, "layout"), join(folder, "unpacked")];
  rmSync(layout, { recursive: true, force: true });
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked);
  await writeRawLayout(layout, [{ archive: base }, ...(archive === null ? [] : [{ archive }])]);
  const [expected, actual] = await listTrees([join(folder, "root"), await umoci.unpack(layout, "test", unpacked)]);
  assert.deepEqual(differences(withoutTimes(expected), withoutTimes(actual)), []);
}

/** Numbers below `limit` that are the same in every run. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % limit;
  };
}

const pathsIn = (root: string): string[] => (readdirSync(root, { recursive: true }) as string[]).sort();

function randomChange(root: string, random: (limit: number) => number, name: string): void {
  const paths = pathsIn(root);
  const pick = (): string => join(root, paths[random(paths.length)] ?? "");
  const path = pick();
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  const folder = status.isDirectory() ? path : join(path, "..");
  const fresh = join(folder, name);
  const other = pick();
  const isPlain = (at: string): boolean => lstatSync(at, { throwIfNoEntry: false })?.isFile() === true;
  const actions: readonly (() => void)[] = [
    () => rmSync(path, { recursive: true }),
    () => writeFileSync(fresh, name),
    () => mkdirSync(fresh),
    () => symlinkSync(name, fresh),
    () => isPlain(path) && linkSync(path, fresh),
    () => !status.isSymbolicLink() && chmodSync(path, 0o700 + random(64)),
    () => !status.isSymbolicLink() && chownSync(path, random(3), random(3)),
    () => isPlain(path) && writeFileSync(path, `${name}${random(9)}`),
    // As it was, in another inode.
    () => {
      if (!isPlain(path)) return;
      writeFileSync(fresh, readFileSync(path));
      chownSync(fresh, status.uid, status.gid);
      chmodSync(fresh, status.mode & 0o7777);
      utimesSync(fresh, status.atimeMs / 1000, status.mtimeMs / 1000);
      renameSync(fresh, path);
    },
    () => isPlain(path) && isPlain(other) && path !== other && renameSync(path, other),
    () => {
      rmSync(path, { recursive: true });
      mkdirSync(path);
      writeFileSync(join(path, "inside"), name);
    },
    () => {
      rmSync(path, { recursive: true });
      symlinkSync("elsewhere", path);
    },
  ];
  actions[random(actions.length)]?.();
}

test("random changes of a random tree", { skip: needsRoot }, async (t) => {
  const folder = temporaryDirectory(t);
  for (let round = 0; round < 12; round += 1) {
    const random = randomNumbers(round + 1);
    const root = join(folder, "root");
    rmSync(root, { recursive: true, force: true });
    mkdirSync(join(root, "a"), { recursive: true });
    for (let step = 0; step < 60; step += 1) {
      writeFileSync(join(root, `seed${step}`), "seed");
      randomChange(root, random, `n${step}`);
    }
    // Whole seconds, as layers have them.
    await runSuccessfully("find", [root, "-exec", "touch", "-h", "-d", "@1600000000", "{}", "+"]);
    const base = await archiveOf(root, folder);
    const change = (): void => {
      for (let step = 0; step < 1 + round; step += 1) {
        writeFileSync(join(root, `extra${step}`), "extra");
        randomChange(root, random, `m${step}`);
      }
    };
    const { archive } = await changesOf(folder, change);
    await assertSame(folder, base, archive);
  }
});

test("what is as it was is in no layer, whoever wrote it again", async (t) => {
  const folder = temporaryDirectory(t);
  const root = join(folder, "root");
  mkdirSync(join(root, "etc"), { recursive: true });
  for (const name of ["touched", "rewritten", "renewed", "changed"])
    writeFileSync(join(root, "etc", name), `${name}\n`);
  await runSuccessfully("find", [root, "-exec", "touch", "-d", "@1600000000", "{}", "+"]);
  const change = (): void => {
    const at = (name: string): string => join(root, "etc", name);
    chmodSync(at("touched"), 0o600);
    chmodSync(at("touched"), 0o644);
    writeFileSync(at("rewritten"), "rewritten\n");
    rmSync(at("renewed"));
    writeFileSync(at("renewed"), "renewed\n");
    writeFileSync(at("changed"), "CHANGED\n");
    writeFileSync(join(root, "passing"), "");
    rmSync(join(root, "passing"));
  };
  // The build has begun before: its times are no attributes.
  const buildStart = Math.floor(Date.now() / 1000) - 1;
  const undecided = ["etc/changed", "etc/renewed", "etc/rewritten", "etc/touched"];
  const same = undecided.slice(1);
  const result = await changesOf(folder, change, { buildStart, same });
  assert.deepEqual(result.undecided, undecided);
  assert.deepEqual(
    result.entries,
    ["./etc/changed"].map((path) => path.slice(2)),
  );
  const unchanged = await changesOf(folder, () => {});
  assert.equal(unchanged.archive, null);
});

test("links stay together, and what counts as untouched stays out", async (t) => {
  const folder = temporaryDirectory(t);
  const root = join(folder, "root");
  mkdirSync(join(root, "gone/deep"), { recursive: true });
  for (const name of ["a", "b", "log", "lost", "gone/deep/file"]) writeFileSync(join(root, name), "same");
  linkSync(join(root, "a"), join(root, "a2"));
  const change = (): void => {
    linkSync(join(root, "a"), join(root, "new"));
    writeFileSync(join(root, "log"), "longer than before");
    rmSync(join(root, "lost"));
    rmSync(join(root, "gone"), { recursive: true });
  };
  const { entries } = await changesOf(folder, change, { untouched: ["log", "lost"] });
  assert.deepEqual(entries, [".wh.gone", "a", "a2", "new"]);
});
