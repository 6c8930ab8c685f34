import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import test, { after, before } from "node:test";
import { gunzipSync } from "node:zlib";
import type { RepositoryFiles } from "../../src/native/binding.js";
import { InvalidRepomd, parseRepomd } from "../../src/repository/repomd.js";
import { type Damage, damages, type MetadataTexts, metadataParts } from "./support/damaged-metadata.js";
import { bombs } from "./support/metadata-bombs.js";
import { type Opened, Opener, ProcessEnded } from "./support/opener.js";
import {
  makeRepository,
  type PackageDefinition,
  realRepository,
  repositoryIn,
  toolsMissing,
} from "./support/package-repository.js";
import { Workspace } from "./support/rpm-tools.js";

const GIBIBYTE = 2 ** 30;

const packages: readonly PackageDefinition[] = [
  { name: "app", evr: "1.10-1", tags: ["Requires: lib >= 2, /opt/tool/data", "Recommends: extra"] },
  { name: "extra", evr: "3:1-1", tags: ["Obsoletes: old < 2", "Conflicts: older", "Supplements: app"] },
  { name: "lib", evr: "2-1", arch: "x86_64", tags: ["Provides: liblib.so.2()(64bit)", "Requires: (extra if app)"] },
  { name: "tool", files: ["/usr/bin/tool", "/opt/tool/data"] },
];
const specs = ["app", "/opt/*/data", "lib >= 1"];

const workspace = new Workspace();
/** Its own memory and time would be measured. */
const sanitized = process.env.LD_PRELOAD?.includes("libasan") === true && "a sanitizer is loaded";
const opener = new Opener({ memory: 1.5 * GIBIBYTE, time: 30_000 });
let repository: RepositoryFiles;
let texts: MetadataTexts;
let undamaged: Opened;

function textsOf(files: RepositoryFiles): MetadataTexts {
  const read = (part: keyof MetadataTexts): string => {
    const bytes = readFileSync(files[part] ?? "");
    return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString();
  };
  return { repomd: read("repomd"), primary: read("primary"), filelists: read("filelists") };
}

before(async () => {
  if (toolsMissing) return;
  repository = makeRepository(workspace, "shaky", packages);
  texts = textsOf(repository);
  undamaged = await opener.open(repository, specs);
  assert.equal(undamaged.packages.length, packages.length);
});

after(() => {
  opener[Symbol.dispose]();
  workspace[Symbol.dispose]();
});

function countDifferent(opened: Opened, whole: Opened): number {
  return opened.packages.filter((entry) => !whole.packages.includes(entry)).length;
}

/** Opens the repository with one of its files damaged. Returns what is wrong with what came of it, or null. */
async function faultOf(damage: Damage): Promise<string | null> {
  const file = workspace.at("damaged", "file");
  writeFileSync(file, damage.bytes);
  let opened: Opened;
  try {
    opened = await opener.open({ ...repository, [damage.part]: file }, specs);
  } catch (error) {
    if (error instanceof ProcessEnded) return error.message;
    throw error;
  }
  if (opened.memory > GIBIBYTE) return `it took ${opened.memory >> 20} MiB`;
  if (opened.error !== null) {
    const { code, message } = opened.error;
    if (code !== "REPOSITORY_UNREADABLE") return `${code}: ${message}`;
    return message.includes("shaky") && message.includes(file) ? null : `the message names too little: ${message}`;
  }
  const different = countDifferent(opened, undamaged);
  const lost = packages.length - opened.packages.length;
  switch (damage.expected) {
    case "error":
      return "it was not refused";
    case "equal":
      return JSON.stringify([opened.packages, opened.results]) ===
        JSON.stringify([undamaged.packages, undamaged.results])
        ? null
        : "it was read as something else";
    case "similar":
      return different <= 1 && lost <= 1 ? null : `${different} packages differ, ${lost} are lost`;
    case "any":
      return null;
  }
}

async function faultsOf(all: readonly Damage[]): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const damage of all) {
    const fault = await faultOf(damage);
    if (fault !== null) faults.push(`${damage.name}: ${fault}`);
  }
  return faults;
}

// What nobody but parseRepomd reads is tested below.
for (const part of metadataParts.filter((name) => name !== "repomd")) {
  test(`damaged ${part} metadata is a clear error or harmless`, { skip: toolsMissing }, async (t) => {
    const all = damages(texts).filter((damage) => damage.part === part);
    t.diagnostic(`${all.length} files`);
    assert.deepEqual(await faultsOf(all), []);
  });
}

test("a damaged repomd.xml is an InvalidRepomd or a repomd.xml", { skip: toolsMissing }, () => {
  for (const { part, bytes } of damages(texts)) {
    if (part !== "repomd") continue;
    try {
      parseRepomd(Buffer.from(bytes).toString());
    } catch (error) {
      assert.ok(error instanceof InvalidRepomd, String(error));
    }
  }
});

test("metadata that unpacks to far more than a repository has is refused", {
  skip: sanitized || toolsMissing,
}, async (t) => {
  const all = bombs();
  t.diagnostic(`${all.length} files`);
  assert.deepEqual(await faultsOf(all), []);
});

const real = realRepository("centos-stream-9-baseos");

test("damaged metadata of a real repository", {
  skip: sanitized || (real === null && "there is no real metadata"),
}, async (t) => {
  const files = repositoryIn(real ?? "", "shaky");
  const needsFilelists = ["/usr/share/man/man1/bash.1.gz"];
  const whole = await opener.open(files, needsFilelists);
  assert.equal(whole.error, null);
  const bytes = { primary: readFileSync(files.primary), filelists: readFileSync(files.filelists ?? "") };
  const faults: string[] = [];
  let count = 0;
  for (const part of ["primary", "filelists"] as const) {
    for (const at of [0.01, 0.3, 0.6, 0.99]) {
      const offset = Math.floor(bytes[part].length * at);
      const flipped = Buffer.from(bytes[part]);
      flipped[offset] = (flipped[offset] ?? 0) ^ 4;
      for (const damaged of [bytes[part].subarray(0, offset), flipped]) {
        const file = workspace.at("damaged", "file");
        writeFileSync(file, damaged);
        const { error, memory } = await opener.open({ ...files, [part]: file }, needsFilelists);
        if (error?.code !== "REPOSITORY_UNREADABLE") faults.push(`${part} at ${offset}: ${error?.message}`);
        if (memory > GIBIBYTE) faults.push(`${part} at ${offset}: ${memory >> 20} MiB`);
        count += 1;
      }
    }
  }
  t.diagnostic(`${count} files`);
  assert.deepEqual(faults, []);
});
