/** The transaction: exactly the given files into a root, by dnf or by librpm itself. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Emit } from "../events.js";
import { VAR_DATABASE } from "../model/rpm-database.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { databasePath } from "./database-path.js";
import { installWithDnf } from "./dnf.js";
import type { Emulation } from "./emulation.js";
import { transactionMacros } from "./macros.js";
import { installWithRpm } from "./rpm.js";
import type { Engine, InstallRequest } from "./setting.js";
import { TransactionSteps } from "./steps.js";
import { watched } from "./watchdog.js";

export interface InstalledRoot {
  readonly root: string;
  /** The rpm database's path inside the root. */
  readonly databasePath: string;
  /** Whether there is a database. */
  readonly hasDatabase: boolean;
  /** rpm's name of the packages' architecture. */
  readonly arch: string;
  /** How programs of it ran, and do. */
  readonly emulation: Emulation;
}

/**
 * Installs the packages, whose order is theirs in `packages`, in one transaction. Throws an `RpmociError` of kind
 * `install` with the end of what the engine said, also when a step took too long or the disk is nearly full.
 */
export async function installPackages(request: InstallRequest, emit: Emit): Promise<InstalledRoot> {
  const { packages, root, scratch, arch, base } = request;
  const { emulation, without } = request.scriptlets;
  await mkdir(scratch, { recursive: true });
  // All that is asked for is in the base.
  if (packages.length === 0 && base !== null) {
    const { databasePath: known } = base;
    return { root, databasePath: known ?? VAR_DATABASE, hasDatabase: known !== null, arch, emulation };
  }
  // Only librpm itself can leave scriptlets to us.
  const engine: Engine = without === null ? request.engine : { kind: "rpm" };
  if (emulation.kind !== "native") {
    emit({
      type: "emulation-chosen",
      arch,
      emulation: emulation.kind,
      interpreter: "interpreter" in emulation ? emulation.interpreter : null,
      scriptlets: without?.done ?? null,
      insteadOfDnf: without !== null && request.engine.kind === "dnf",
    });
  }
  emit({ type: "install-started", packages: packages.length });
  const dbPath = base?.databasePath ?? (await databasePath(packages));
  if (base !== null && base.databasePath !== null) await nativeCall(binding().convertRpmdb({ root, dbPath }));
  const setting = {
    macros: transactionMacros({ ...request, databasePath: dbPath }),
    dbPath,
    home: join(scratch, "home"),
    emulation,
    actions: without?.actions,
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
  return { root, databasePath: dbPath, hasDatabase: true, arch, emulation };
}
