/** Reads modules.yaml, and keeps what resolving needs of it: the YAML of a large distribution takes a second to parse. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { messageOf, RpmociError } from "../errors.js";
import type { ModuleDefault, ModuleMetadata } from "../model/modules.js";
import type { ModuleBuild } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { writeCacheFile } from "./cache-file.js";
import { InvalidDocument, readDocument } from "./modulemd.js";

/** Bytes; the modules of the largest distributions take less than 20 MiB, their largest document less than 1 MiB. */
const LARGEST_FILE = 64 * 1024 * 1024;
const LARGEST_DOCUMENT = 8 * 1024 * 1024;
/** Artifacts, profiles and the like of all documents together. */
const MOST_VALUES = 2_000_000;
/** More are not worth reading. */
const MOST_WARNINGS = 20;

/** A marker at the start of a line, which no scalar can hold there, with the directives above it. */
const DOCUMENT_START = /^(?:%[^\n]*\n)*---(?=[ \t\r\n]|$)/gm;

/**
 * The modules of the repository `repositoryId`, whose file lies at `path`. `cached` is where the condensed form is kept;
 * it is replaced atomically, and made anew when it is damaged. Throws an `RpmociError` of kind `fetch` that names the
 * repository, for a file that is no YAML or out of all proportion.
 */
export async function readModules(path: string, repositoryId: string, cached: string): Promise<ModuleMetadata> {
  const known = await readCondensed(cached);
  if (known !== null) return known;
  const modules = await condense(path, repositoryId);
  await writeCondensed(cached, modules);
  return modules;
}

async function condense(path: string, repositoryId: string): Promise<ModuleMetadata> {
  const fail = (reason: string, cause?: unknown): RpmociError =>
    new RpmociError(`the modules metadata of repository "${repositoryId}" is not valid: ${reason}`, {
      kind: "fetch",
      code: "METADATA_INVALID",
      cause,
    });
  let text: string;
  try {
    const bytes = await nativeCall(binding().readMetadata(path, LARGEST_FILE));
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw fail(messageOf(error), error);
  }
  const { FAILSAFE_SCHEMA, loadAll } = await import("js-yaml");
  const collected = new Collector();
  for (const chunk of documentsOf(text)) {
    if (chunk.length > LARGEST_DOCUMENT) throw fail("one of its documents is too large");
    let documents: readonly unknown[];
    try {
      documents = loadAll(chunk, { schema: FAILSAFE_SCHEMA, json: true, maxAliases: 0 });
    } catch (error) {
      throw fail(messageOf(error).split("\n")[0] ?? "", error);
    }
    for (const document of documents) collected.add(document);
    if (collected.values > MOST_VALUES) throw fail("it has too many values");
  }
  return collected.result();
}

/** Documents one by one, so that the trees of all are never in memory at once. */
function* documentsOf(text: string): Generator<string> {
  let start = 0;
  for (const { index } of text.matchAll(DOCUMENT_START)) {
    if (index > start) yield text.slice(start, index);
    start = index;
  }
  yield text.slice(start);
}

class Collector {
  readonly #builds = new Map<string, ModuleBuild>();
  readonly #defaults = new Map<string, ModuleDefault>();
  readonly #warnings: string[] = [];
  #documents = 0;
  values = 0;

  /** What is not a document that libmodulemd takes is left out with a warning, as dnf does. */
  add(value: unknown): void {
    // What stands before the first document, or after the last one.
    if (value === undefined || value === null || value === "") return;
    this.#documents += 1;
    try {
      const document = readDocument(value);
      if (document.kind === "build") this.#addBuild(document.build);
      if (document.kind === "default") this.#defaults.set(document.default.module, document.default);
    } catch (error) {
      if (!(error instanceof InvalidDocument)) throw error;
      this.#warn(error.message);
    }
  }

  #addBuild(build: ModuleBuild): void {
    const key = JSON.stringify([build.name, build.stream, build.version, build.context, build.arch]);
    const known = this.#builds.get(key);
    if (known === undefined) this.#builds.set(key, build);
    else if (JSON.stringify(known) !== JSON.stringify(build)) this.#warn(`${key} occurs twice and differs`);
    this.values += build.artifacts.length + build.demodularized.length + build.requires.length;
    this.values += build.profiles.reduce((sum, { packages }) => sum + 1 + packages.length, 0);
  }

  #warn(reason: string): void {
    if (this.#warnings.length < MOST_WARNINGS) this.#warnings.push(`document ${this.#documents}: ${reason}`);
  }

  result(): ModuleMetadata {
    return {
      builds: [...this.#builds.values()],
      defaults: [...this.#defaults.values()],
      warnings: this.#warnings,
    };
  }
}

/** The first line vouches for the second, so that nothing in it needs to be checked. */
async function readCondensed(path: string): Promise<ModuleMetadata | null> {
  const text = await readFile(path, "utf8").catch(() => "");
  const line = text.indexOf("\n");
  if (line < 0 || text.slice(0, line) !== digestOf(text.slice(line + 1))) return null;
  return JSON.parse(text.slice(line + 1));
}

async function writeCondensed(path: string, modules: ModuleMetadata): Promise<void> {
  const json = JSON.stringify(modules);
  // It is a cache: where it cannot be written, the next run parses again.
  await writeCacheFile(path, `${digestOf(json)}\n${json}`).catch(() => {});
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
