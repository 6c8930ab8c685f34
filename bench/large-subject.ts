/** The large repository, an image of 100 of its packages, and folders for each way to lock it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { makeMetadataRepository } from "../scripts/distribution/metadata-repository.js";
import { openPool, query, repositoryIn, solve } from "../tests/native/support/package-repository.js";
import { randomIntegers, shuffled } from "../tests/support/random.js";
import { keptPath } from "./folder.js";

export interface LargeSubject {
  /** Holds `repodata`. */
  readonly repository: string;
  readonly packages: number;
  readonly requirements: number;
  /** All names, in the order of their bytes. */
  readonly names: readonly string[];
  /** Those of the image. */
  readonly chosen: readonly string[];
  readonly folder: string;
  dispose(): void;
}

/** This file is compiled to build/js/bench. */
export const project = resolve(import.meta.dirname, "../../..");

/** With and without file lists, the image is the same. */
export async function prepareLargeSubject({ fileLists }: { readonly fileLists: boolean }): Promise<LargeSubject> {
  const plain = join(project, "build/large-repository");
  const { packages, requirements, inputs } = await makeMetadataRepository({ out: plain, fileLists: false });
  const { names, chosen } = await choose(plain, inputs);
  const repository = fileLists ? `${plain}-with-file-lists` : plain;
  if (fileLists) await makeMetadataRepository({ out: repository, fileLists });
  const folder = mkdtempSync(join(tmpdir(), "rpmoci-bench-"));
  const manifest = `[contents]
repositories = [{ id = "large", url = "file://${repository}", options = { gpgcheck = "false" } }]
os_release = false
packages = ${JSON.stringify(chosen)}
`;
  writeFileSync(join(folder, "rpmoci.toml"), manifest);
  const dispose = (): void => rmSync(folder, { recursive: true, force: true });
  return { repository, packages, requirements, names, chosen, folder, dispose };
}

interface Choice {
  readonly inputs: string;
  readonly names: readonly string[];
  readonly chosen: readonly string[];
}

const imageSize = 100;

/**
 * Takes random names, and what they need, as long as all can be installed together, until there are enough. Every
 * package of the image is asked for by its name. What was chosen is kept.
 */
async function choose(repository: string, inputs: string): Promise<Choice> {
  const kept = keptPath("image.json");
  if (existsSync(kept)) {
    const choice = JSON.parse(readFileSync(kept, "utf8")) as Choice;
    if (choice.inputs === inputs) return choice;
  }
  const pool = await openPool([repositoryIn(repository, "large")]);
  const names = [...new Set((await query(pool, "*")).map(({ name }) => name))].sort();
  let chosen: readonly string[] = [];
  for (const name of shuffled(names, randomIntegers(1))) {
    const result = await solve(pool, [...chosen, name]);
    if (result.kind === "solved" && result.installs.length <= imageSize)
      chosen = result.installs.map((install) => install.name);
    if (chosen.length === imageSize) break;
  }
  pool.close();
  const choice = { inputs, names, chosen };
  writeFileSync(kept, JSON.stringify(choice));
  return choice;
}
