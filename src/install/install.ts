/** The transaction: exactly the given files into an empty root, by dnf or by librpm itself. */
import { join } from "node:path";
import type { Emit } from "../events.js";
import { databasePath } from "./database-path.js";
import { installWithDnf } from "./dnf.js";
import { transactionMacros } from "./macros.js";
import { installWithRpm } from "./rpm.js";
import type { InstallRequest } from "./setting.js";

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
