/**
 * A repository of the size of Fedora's that is metadata only: all packages of Debian's index, with their relations, and
 * on request the lists of their files. For measuring and testing how packages are resolved.
 */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readPackageFiles, sortPackageFiles } from "./contents-index.js";
import type { Paragraph } from "./control.js";
import { DebianArchive } from "./debian-archive.js";
import { writeMetadataFile, writeRepomd } from "./metadata-file.js";
import { filelistsEntry, listOf, primaryEntry } from "./package-xml.js";
import { relationsOf } from "./relations.js";
import { makeWorkDirectory } from "./work-directory.js";

export interface MetadataRepository {
  readonly packages: number;
  readonly requirements: number;
  /** Identifies the index that it was made of, and this code. */
  readonly inputs: string;
}

export interface MetadataRepositoryOptions {
  /** Holds `repodata/` afterwards. */
  readonly out: string;
  /**
   * Whether packages list their files, as in real repositories: some 700 MB of XML, which take a minute or two. Otherwise
   * `filelists` has no packages.
   */
  readonly fileLists: boolean;
}

/** A package, its relations, and its files. */
interface Entry {
  readonly control: Paragraph;
  readonly files: readonly string[];
}

/** This file is compiled to build/js/scripts/distribution. */
const projectRoot = resolve(import.meta.dirname, "../../../..");

/**
 * Writes `repodata/` to the folder, or leaves the one that is there when nothing has changed. The same index gives the
 * same bytes. Throws `ArchiveUnavailableError` where Debian's index cannot be had.
 */
export async function makeMetadataRepository(options: MetadataRepositoryOptions): Promise<MetadataRepository> {
  const { out, fileLists } = options;
  const cache = join(projectRoot, ".cache/distribution");
  mkdirSync(cache, { recursive: true });
  const archive = await DebianArchive.open(cache);
  const inputs = await inputsOf(archive, fileLists);
  const description = join(out, "metadata-repository.json");
  if (existsSync(description)) {
    const existing = JSON.parse(readFileSync(description, "utf8")) as MetadataRepository;
    if (existing.inputs === inputs) return existing;
  }
  const paragraphs = (await archive.paragraphs()).filter((paragraph) => paragraph.has("Filename")).sort(byIdentity);
  mkdirSync(dirname(out), { recursive: true });
  const work = makeWorkDirectory(dirname(out), "metadata");
  const repository = join(work, "repository");
  try {
    const contents = fileLists ? await sortPackageFiles(archive, work) : null;
    const requirements = await write(join(repository, "repodata"), paragraphs, contents);
    const made = { packages: paragraphs.length, requirements, inputs };
    writeFileSync(join(repository, "metadata-repository.json"), JSON.stringify(made));
    chmodSync(repository, 0o777 & ~process.umask());
    rmSync(out, { recursive: true, force: true });
    renameSync(repository, out);
    return made;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** All that decides what is written: the package lists, and the code. */
async function inputsOf(archive: DebianArchive, fileLists: boolean): Promise<string> {
  const modules = ["contents-index", "control", "metadata-file", "metadata-repository", "package-xml"];
  const texts = [...modules, "relations", "version"].map((name) =>
    readFileSync(join(import.meta.dirname, `${name}.js`), "utf8"),
  );
  const text = [await archive.stamp(), `file lists: ${fileLists}`, ...texts].join("\n");
  return createHash("sha256").update(text).digest("hex");
}

function byIdentity(a: Paragraph, b: Paragraph): number {
  const [left, right] = [a, b].map((paragraph) => `${paragraph.get("Package")} ${paragraph.get("Version")}`);
  return (left ?? "") < (right ?? "") ? -1 : 1;
}

/** `contents` is the sorted file of all packages' files, if they are wanted. Returns the number of requirements. */
async function write(folder: string, paragraphs: readonly Paragraph[], contents: string | null): Promise<number> {
  mkdirSync(folder, { recursive: true });
  let requirements = 0;
  async function* primary(): AsyncGenerator<string> {
    for await (const { control, files } of withFiles(paragraphs, contents)) {
      const relations = relationsOf(control);
      requirements += relations.filter(({ kind }) => listOf(kind) === "requires").length;
      yield primaryEntry(control, relations, files);
    }
  }
  async function* filelists(): AsyncGenerator<string> {
    if (contents === null) return;
    for await (const { control, files } of withFiles(paragraphs, contents)) yield filelistsEntry(control, files);
  }
  writeRepomd(folder, [
    await writeMetadataFile(folder, "primary", paragraphs.length, primary()),
    await writeMetadataFile(folder, "filelists", contents === null ? 0 : paragraphs.length, filelists()),
  ]);
  return requirements;
}

/** Both are in the order of names; one name may have several versions. */
async function* withFiles(paragraphs: readonly Paragraph[], contents: string | null): AsyncGenerator<Entry> {
  const lists = contents === null ? null : readPackageFiles(contents);
  let list = await lists?.next();
  for (const control of paragraphs) {
    const name = control.get("Package") ?? "";
    while (list?.done === false && list.value.name < name) list = await lists?.next();
    const files = list?.done === false && list.value.name === name ? list.value.files : [];
    yield { control, files };
  }
}
