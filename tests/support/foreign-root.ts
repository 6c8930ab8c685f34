/** Packages of other architectures in a root, below the command line. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RpmociEvent } from "../../src/events.js";
import { erasePackages } from "../../src/install/erase.js";
import { type InstalledRoot, installPackages } from "../../src/install/install.js";
import { Sandbox } from "../../src/install/sandbox.js";
import { planScriptlets } from "../../src/install/scriptlet-plan.js";
import type { Engine } from "../../src/install/setting.js";
import type { VerifiedPackage } from "../../src/model/package.js";
import { addon } from "../native/support/rpm-addon.js";
import { buildRpms, type RpmFixture } from "./rpm-fixture.js";

export interface RootOptions {
  /** Empty, and the caller's. */
  readonly directory: string;
  readonly packages: readonly RpmFixture[];
  readonly arch: string;
  readonly engine?: Engine;
  readonly sandbox?: boolean;
  /** Removed again. */
  readonly exclude?: readonly string[];
}

export interface ForeignRoot {
  readonly installed: InstalledRoot;
  readonly events: readonly RpmociEvent[];
}

/** Installs, and throws what installing throws. */
export async function installRoot(options: RootOptions): Promise<ForeignRoot> {
  const { directory, packages, arch, engine = { kind: "rpm" }, sandbox = true, exclude = [] } = options;
  const paths = await buildRpms(join(directory, "rpms"), packages);
  const headers = await addon.readPackages(paths, []);
  const verified = paths.map(
    (path, index) => ({ ...headers[index], path, locked: null }) as unknown as VerifiedPackage,
  );
  const scratch = join(directory, "scratch");
  mkdirSync(scratch);
  const events: RpmociEvent[] = [];
  const emit = (event: RpmociEvent): void => void events.push(event);
  const box = new Sandbox(sandbox, scratch, emit);
  const common = { sandbox: box, scriptletTimeout: 60, sourceDateEpoch: 1_700_000_000 };
  const installed = await installPackages(
    {
      packages: verified,
      root: join(scratch, "root"),
      base: null,
      scratch,
      engine,
      ...common,
      arch,
      scriptlets: await planScriptlets({ packages: verified, arch, hasBase: false, scratch }),
      docs: false,
      langs: undefined,
      abort: undefined,
    },
    emit,
  );
  await erasePackages(installed, exclude, common, emit);
  return { installed, events };
}
