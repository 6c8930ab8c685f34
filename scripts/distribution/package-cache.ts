/** RPMs that were made before, unsigned and signed; each file is renamed into place when it is complete. */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import { buildRpm } from "../packaging/build-rpm.js";
import { runCommand } from "../packaging/command.js";
import type { PackageRecipe } from "../packaging/recipe.js";
import { type SigningKey, signPackages } from "../packaging/signing-key.js";
import { makeWorkDirectory } from "./work-directory.js";

/** A package that is to be had as a signed RPM. */
export interface WantedPackage {
  /** Names the source of the package and its version: with the kind and the converter it decides the RPM. */
  readonly id: string;
  recipe(): Promise<PackageRecipe>;
}

/** What identifies the code that converts: its own bytes, and rpm's version. */
export async function converterDigest(): Promise<string> {
  const hash = createHash("sha256");
  const here = import.meta.dirname;
  for (const folder of [here, join(dirname(here), "packaging")]) {
    for (const name of readdirSync(folder).sort()) {
      if (!name.endsWith(".js") || planning.has(name)) continue;
      hash.update(name).update(readFileSync(join(folder, name)));
    }
  }
  hash.update(await runCommand("rpmbuild", ["--version"]));
  return hash.digest("hex").slice(0, 16);
}

/** Modules that decide which packages there are and where they are kept, but not what is in them. */
const planning = new Set([
  ...["main.js", "distribution.js", "package-sets.js", "package-index.js", "package-cache.js", "debian-archive.js"],
  ...["work-directory.js", "signing-key.js", "repository.js", "converted-packages.js", "cached-signing-key.js"],
  ...["apt-configuration.js", "architecture.js", "archive-unavailable-error.js"],
]);

export class PackageCache {
  readonly #unsigned: string;
  readonly #signed: string;

  /** @param variant the kind, a dash, and the converter's digest. */
  constructor(
    private readonly cache: string,
    private readonly variant: string,
    private readonly key: SigningKey,
  ) {
    this.#unsigned = join(cache, "unsigned", variant);
    this.#signed = join(cache, "signed", variant, key.fingerprint.slice(-16));
    mkdirSync(this.#unsigned, { recursive: true });
    mkdirSync(this.#signed, { recursive: true });
    // For `prune`: the time of the last use.
    utimesSync(this.#unsigned, new Date(), new Date());
  }

  /** Removes what other versions of the converter made, unless somebody used it within the last hour. */
  prune(): void {
    const kind = this.variant.slice(0, this.variant.indexOf("-") + 1);
    for (const other of readdirSync(join(this.cache, "unsigned"))) {
      if (other === this.variant || !other.startsWith(kind)) continue;
      const age = Date.now() - statSync(join(this.cache, "unsigned", other)).mtimeMs;
      if (age < 60 * 60 * 1000) continue;
      for (const part of ["signed", "unsigned"])
        rmSync(join(this.cache, part, other), { recursive: true, force: true });
    }
  }

  /** The path of the signed RPM; null when it is not cached. */
  find(id: string): string | null {
    return onlyFile(join(this.#signed, id));
  }

  has(id: string): boolean {
    return existsSync(join(this.#signed, id));
  }

  /** Builds the package unless it was built before. */
  async build(wanted: WantedPackage): Promise<void> {
    if (this.has(wanted.id) || existsSync(join(this.#unsigned, wanted.id))) return;
    const work = makeWorkDirectory(this.cache, "convert");
    try {
      const output = join(work, "output");
      mkdirSync(output);
      await buildRpm(await wanted.recipe(), { work, output });
      moveInto(output, join(this.#unsigned, wanted.id));
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }

  /** Signs the packages that were built and are not signed yet. */
  async sign(ids: readonly string[], jobs = Math.min(2, availableParallelism())): Promise<void> {
    const missing = ids.filter((id) => !this.has(id));
    if (missing.length === 0) return;
    const work = makeWorkDirectory(this.cache, "sign");
    try {
      const copies = missing.flatMap((id) => this.#copyUnsigned(id, work));
      await signPackages(
        this.key,
        copies.map(({ copy }) => copy),
        jobs,
      );
      for (const { id, copy, time } of copies) {
        // The metadata holds the file's time.
        utimesSync(copy, time, time);
        moveInto(dirname(copy), join(this.#signed, id));
        rmSync(join(this.#unsigned, id), { recursive: true, force: true });
      }
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }

  /** Nothing when another run has signed the package, and removed the unsigned one, in the meantime. */
  #copyUnsigned(id: string, work: string): { readonly id: string; readonly copy: string; readonly time: Date }[] {
    try {
      const source = onlyFile(join(this.#unsigned, id));
      if (source === null) throw new Error(`the package ${id} was not built`);
      const copy = join(work, id, basename(source));
      mkdirSync(dirname(copy));
      copyFileSync(source, copy);
      return [{ id, copy, time: statSync(source).mtime }];
    } catch (error) {
      if (this.has(id)) return [];
      throw error;
    }
  }
}

/** A package has a folder of its own, so that the file in it can keep the name that rpmbuild gave it. */
function onlyFile(folder: string): string | null {
  if (!existsSync(folder)) return null;
  const [name] = readdirSync(folder);
  return name === undefined ? null : join(folder, name);
}

/** Another run may have been faster; its result is the same. */
function moveInto(folder: string, destination: string): void {
  if (existsSync(destination)) return;
  try {
    renameSync(folder, destination);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
