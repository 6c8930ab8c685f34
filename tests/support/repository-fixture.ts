/** Repositories of tiny RPMs. */
import { mkdirSync } from "node:fs";
import { createRepository, type RepositoryOptions } from "../../scripts/packaging/repository.js";
import { buildRpms, type RpmFixture } from "./rpm-fixture.js";
import { type SigningKey, signPackages } from "./signing-key.js";

export interface RepositoryFixtureOptions extends Partial<RepositoryOptions> {
  /** Signs all packages. */
  readonly key?: SigningKey;
}

/** Builds packages into a folder and writes `repodata/` there. Returns the packages' paths in the order given. */
export async function buildRepository(
  folder: string,
  packages: readonly RpmFixture[],
  options: RepositoryFixtureOptions = {},
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const { key, ...repository } = options;
  const files = await buildRpms(folder, packages);
  if (key !== undefined) await signPackages(key, files);
  await indexRepository(folder, repository);
  return files;
}

/** Writes `repodata/` for the RPMs that a folder holds. */
export async function indexRepository(folder: string, options: Partial<RepositoryOptions> = {}): Promise<void> {
  await createRepository(folder, { revision: 1_704_067_200, ...options });
}
