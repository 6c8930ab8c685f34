/** The distribution with real contents, for tests: made when first asked for, kept in `build/distribution`. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import lockfile from "proper-lockfile";
import type { Architecture } from "../../scripts/distribution/architecture.js";
import type { Kind } from "../../scripts/distribution/conversion.js";
import { ArchiveUnavailableError } from "../../scripts/distribution/debian-archive.js";
import { type Distribution, makeDistribution } from "../../scripts/distribution/distribution.js";
import type { SetName } from "../../scripts/distribution/package-sets.js";
import { projectRoot } from "./project.js";

export interface DistributionFixture extends Distribution {
  /** Holds `repo/`, `keys/` and `local/`. Nobody may change it. */
  readonly folder: string;
  /** The repository's base URL. */
  readonly url: string;
  /** The file of the public key. */
  readonly key: string;
}

/**
 * The distribution of that kind and set for this machine's architecture, or another that is named; null, with the test skipped and the reason told, where Debian packages cannot be
 * had. Test files that ask at the same time wait for the one that makes it.
 */
export async function distributionFixture(
  t: Pick<TestContext, "skip">,
  set: SetName = "small",
  kind: Kind = "elf",
  architecture?: Architecture,
): Promise<DistributionFixture | null> {
  const parent = join(projectRoot, "build/distribution", ...(architecture === undefined ? [] : [architecture]));
  mkdirSync(parent, { recursive: true });
  const folder = join(parent, `${kind}-${set}`);
  const release = await lockfile.lock(folder, {
    realpath: false,
    // On a busy machine, copying the packages may keep this process from touching its lock for longer than by default.
    stale: 60_000,
    retries: { retries: 1000, factor: 1, minTimeout: 500 },
  });
  try {
    const distribution = await makeDistribution({
      out: folder,
      contents: set,
      kind,
      ...(architecture && { architecture }),
    });
    const key = join(folder, "keys/RPM-GPG-KEY-demo.asc");
    return { ...distribution, folder, url: `file://${folder}/repo`, key };
  } catch (error) {
    if (!(error instanceof ArchiveUnavailableError)) throw error;
    t.skip(`no distribution with real contents: ${error.message}`);
    return null;
  } finally {
    await release();
  }
}
