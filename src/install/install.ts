/** The transaction: exactly the given files into an empty root, by dnf or by librpm itself. */
import { join } from "node:path";
import type { Emit } from "../events.js";
import type { VerifiedPackage } from "../model/package.js";
import { databasePath } from "./database-path.js";
import { installWithDnf } from "./dnf.js";
import type { Engine } from "./engine.js";
import { transactionMacros } from "./macros.js";
import { installWithRpm } from "./rpm.js";

export interface InstallRequest {
  readonly packages: readonly VerifiedPackage[];
  /** An empty directory, which becomes the root. */
  readonly root: string;
  /** A directory of the caller's for configuration, logs and caches; not inside the root. */
  readonly scratch: string;
  readonly engine: Engine;
  /** rpm's name of the architecture. */
  readonly arch: string;
  readonly docs: boolean;
  /** Seconds since the epoch, for install times and scriptlets. */
  readonly sourceDateEpoch: number;
  readonly abort: AbortSignal | undefined;
}

export interface InstalledRoot {
  readonly root: string;
  /** The rpm database's path inside the root. */
  readonly databasePath: string;
}

/**
 * Installs the packages, whose order is theirs in `packages`, in one transaction. Throws an `RpmociError` of kind
 * `install` with the end of what the engine said.
 */
export async function installPackages(request: InstallRequest, emit: Emit): Promise<InstalledRoot> {
  const { packages, root, scratch, engine } = request;
  emit({ type: "install-started", packages: packages.length });
  const dbPath = await databasePath(packages);
  const setting = { macros: transactionMacros(dbPath, request.arch), dbPath, home: join(scratch, "home") };
  if (engine.kind === "dnf") await installWithDnf(engine.program, request, setting, emit);
  else await installWithRpm(request, setting, emit);
  emit({ type: "install-finished" });
  return { root, databasePath: dbPath };
}
