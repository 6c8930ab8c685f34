/** What is changed between the reading of a tree and the end of the writing: the error names it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  createReadStream,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Listings, Ownership } from "../../src/native/binding.js";
import { temporaryDirectory } from "../support/temporary-directory.js";
import { addon } from "./support/rpm-addon.js";
import { run } from "./support/rpm-tools.js";

const dbPath = "/usr/lib/sysimage/rpm";
const needsRoot = process.getuid?.() !== 0 && "rpm --root needs root";

interface Change {
  readonly name: string;
  readonly make: (file: string) => void;
  /** What the message says of it, behind the path. */
  readonly message: RegExp;
}

/** Another file with the same size, contents and times in its place. */
function replace(file: string): void {
  const { atime, mtime } = statSync(file);
  const other = `${file}-other`;
  run("cp", ["--sparse=always", file, other]);
  utimesSync(other, atime, mtime);
  renameSync(other, file);
}

/** Something else takes the place of the file. */
function displace(file: string, by: (file: string, displaced: string) => void): void {
  const displaced = `${file}-displaced`;
  renameSync(file, displaced);
  by(file, displaced);
}

/** Whoever has the file open may notice another thing first than who opens it. */
const CHANGED = /(was changed|became shorter) while it was read/;

const CHANGES: readonly Change[] = [
  { name: "grows", make: (file) => appendFileSync(file, "more"), message: CHANGED },
  { name: "shrinks", make: (file) => truncateSync(file, 10), message: CHANGED },
  { name: "gets other contents", make: (file) => writeFileSync(file, "x", { flag: "r+" }), message: CHANGED },
  { name: "gets another mode", make: (file) => chmodSync(file, 0o600), message: CHANGED },
  { name: "vanishes", make: (file) => rmSync(file), message: /No such file or directory|was changed/ },
  { name: "is replaced by a copy", make: replace, message: CHANGED },
  {
    name: "is replaced by a symlink to itself",
    make: (file) => displace(file, (name, displaced) => symlinkSync(displaced, name)),
    message: /Too many levels of symbolic links|was changed/,
  },
  {
    name: "is replaced by a FIFO",
    make: (file) => displace(file, (name) => run("mkfifo", [name])),
    message: /Illegal seek|was changed/,
  },
  {
    name: "is replaced by a directory",
    make: (file) => displace(file, (name) => mkdirSync(name)),
    message: /Is a directory|was changed/,
  },
];

/** Those that matter to files that are not open. */
const CHANGES_ABOVE: readonly Change[] = [
  {
    name: "loses its directory",
    make: (file) => renameSync(join(file, ".."), join(file, "../../moved")),
    message: /No such file or directory/,
  },
  {
    name: "has a symlink as its directory",
    make: (file) => displace(join(file, ".."), (name, displaced) => symlinkSync(displaced, name)),
    message: /Too many levels of symbolic links|Not a directory/,
  },
];

/** A root with a file that is longer than all that is read ahead of what is written, and others behind it. */
async function makeRoot(t: TestContext): Promise<{ root: string; large: string; small: string; empty: string }> {
  const root = join(temporaryDirectory(t), "root");
  const [large, small, empty] = [join(root, "a-large"), join(root, "directory/small"), join(root, "empty")];
  mkdirSync(join(root, "directory"), { recursive: true });
  writeFileSync(large, "");
  truncateSync(large, 30_000_000);
  writeFileSync(small, "contents of some length");
  writeFileSync(empty, "");
  // Kernels before 6.13 give all changes within a few milliseconds the same time.
  await sleep(20);
  return { root, large, small, empty };
}

async function read(root: string) {
  const cancellation = addon.newCancellation();
  const tree = await addon.readTree(root, 2, cancellation);
  const listing = { tree, groups: [], maxMtime: 2_000_000_000, buildStart: Number.MAX_SAFE_INTEGER, threads: 2 };
  return {
    list: (ownership: Ownership | null) => addon.listLayers({ ...listing, ownership, cancellation }),
    write: ({ handle: listings }: Listings, path = "/dev/null") =>
      addon.writeLayers(
        { listings, outputs: [{ layer: 0, path }], compression: "none", level: 1, threads: 1, cancellation },
        () => {},
      ),
  };
}

/** Changes something when the large file's first bytes have been written, and the last of it cannot have been read. */
async function writeWith(root: string, change: () => void): Promise<void> {
  const { list, write } = await read(root);
  const pipe = join(root, "../pipe");
  run("mkfifo", [pipe]);
  const writing = write(await list(null), pipe);
  // Who fails leaves the pipe at once; the reader has to see its end first.
  const written = writing.catch(() => {});
  const reading = createReadStream(pipe);
  await once(reading, "readable");
  change();
  for await (const _ of reading);
  await written;
  await writing;
}

function expected(file: string, { message }: Change): { code: string; message: RegExp } {
  return { code: "LAYER_READ", message: new RegExp(`"${file}":? (${message.source})`) };
}

for (const change of [...CHANGES, ...CHANGES_ABOVE]) {
  test(`a file that ${change.name} before it is listed`, { skip: needsRoot }, async (t) => {
    const { root, small } = await makeRoot(t);
    const macros = ["--define", `_dbpath ${dbPath}`, "--define", "_db_backend sqlite"];
    run("rpm", ["--root", root, ...macros, "--initdb"]);
    const ownership = await addon.readOwnership({ root, dbPath });
    const { list } = await read(root);
    change.make(small);
    // Nobody owns it, so its contents are read for the layer's key.
    await assert.rejects(list(ownership), expected(small, change));
  });

  test(`a file that ${change.name} before it is written`, async (t) => {
    const { root, small } = await makeRoot(t);
    const { list, write } = await read(root);
    const listings = await list(null);
    change.make(small);
    await assert.rejects(write(listings), expected(small, change));
  });

  test(`a file that ${change.name} while others are written`, async (t) => {
    const { root, small } = await makeRoot(t);
    await assert.rejects(
      writeWith(root, () => change.make(small)),
      expected(small, change),
    );
  });
}

for (const change of CHANGES) {
  test(`a file that ${change.name} while it is written`, async (t) => {
    const { root, large } = await makeRoot(t);
    await assert.rejects(
      writeWith(root, () => change.make(large)),
      expected(large, change),
    );
  });
}

for (const change of CHANGES.filter(({ name }) => name !== "shrinks")) {
  test(`an empty file that ${change.name} before it is written`, async (t) => {
    const { root, empty } = await makeRoot(t);
    const { list, write } = await read(root);
    const listings = await list(null);
    change.make(empty);
    await assert.rejects(write(listings), expected(empty, change));
  });
}

test("a tree in which files come and go while it is read, is read or the error names one of them", async (t) => {
  const root = join(temporaryDirectory(t), "root");
  for (let i = 0; i < 50; i += 1) {
    mkdirSync(join(root, `directory-${i}`), { recursive: true });
    for (let j = 0; j < 20; j += 1) writeFileSync(join(root, `directory-${i}/file-${j}`), "");
  }
  for (let round = 0; round < 20; round += 1) {
    const cancellation = addon.newCancellation();
    let running = true;
    const reading = addon.readTree(root, 2, cancellation).then(
      () => "",
      (error: Error & { code?: string }) => `${error.code} ${error.message}`,
    );
    void reading.then(() => {
      running = false;
    });
    for (let i = round; running; i += 7) {
      const directory = join(root, `directory-${i % 50}`);
      renameSync(directory, `${directory}-away`);
      renameSync(`${directory}-away`, directory);
      const file = join(directory, `file-${i % 20}`);
      rmSync(file);
      writeFileSync(file, readFileSync(join(directory, `file-${(i + 1) % 20}`)));
      if (i % 10 === 0) await new Promise(setImmediate);
    }
    assert.match(await reading, new RegExp(`^$|^LAYER_READ .*"${root}/directory-\\d+[/a-z0-9-]*"`));
  }
});
