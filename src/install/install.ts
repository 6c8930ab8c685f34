/** The transaction: exactly the given files into an empty root, by dnf or by librpm itself. */
import { join } from "node:path";
import type { Emit } from "../events.js";
import { databasePath } from "./database-path.js";
import { installWithDnf } from "./dnf.js";
import { transactionMacros } from "./macros.js";
import { installWithRpm } from "./rpm.js";
import type { InstallRequest } from "./setting.js";
import { TransactionSteps } from "./steps.js";
import { watched } from "./watchdog.js";

export interface InstalledRoot {
  readonly root: string;
  /** The rpm database's path inside the root. */
  readonly databasePath: string;
}

/**
 * Installs the packages, whose order is theirs in `packages`, in one transaction. Throws an `RpmociError` of kind
 * `install` with the end of what the engine said, also when a step took too long or the disk is nearly full.
 */
export async function installPackages(request: InstallRequest, emit: Emit): Promise<InstalledRoot> {
  const { packages, root, scratch, engine } = request;
  emit({ type: "install-started", packages: packages.length });
  const dbPath = await databasePath(packages);
  const setting = {
    macros: transactionMacros({ ...request, databasePath: dbPath }),
    dbPath,
    home: join(scratch, "home"),
  };
  const watch = {
    task: "install packages",
    limit: request.scriptletTimeout,
    directory: scratch,
    abort: request.abort,
  };
  const steps = new TransactionSteps(packages.length, emit);
  await watched(watch, steps.emit, (abort, heard) =>
    engine.kind === "dnf"
      ? installWithDnf(engine.program, { ...request, abort }, setting, heard)
      : installWithRpm({ ...request, abort }, setting, heard),
  );
  emit({ type: "install-finished" });
  return { root, databasePath: dbPath };
}
