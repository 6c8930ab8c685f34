/** Removes packages from the root whatever depends on them. */
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { erasureActions } from "./foreign.js";
import type { InstalledRoot } from "./install.js";
import type { Sandbox } from "./sandbox.js";
import { runTransaction } from "./transaction.js";
import { watched } from "./watchdog.js";

export interface EraseOptions {
  readonly sandbox: Sandbox;
  /** Seconds that the removal may take; 0 for as long as it likes. */
  readonly scriptletTimeout: number;
  /** Seconds since the epoch, for scriptlets. */
  readonly sourceDateEpoch: number;
}

/** Erases `names` as `rpm --erase --nodeps` does, scriptlets included; warns about names that are not installed. How many were. */
export async function erasePackages(
  { root, databasePath, hasDatabase, arch, emulation }: InstalledRoot,
  names: readonly string[],
  { sandbox, scriptletTimeout, sourceDateEpoch }: EraseOptions,
  emit: Emit,
): Promise<number> {
  if (names.length === 0) return 0;
  const database = { root, dbPath: databasePath };
  const present = hasDatabase ? await nativeCall(binding().readRpmdb(database)) : [];
  const installed = new Set(present.map(({ name }) => name));
  for (const name of names.filter((name) => !installed.has(name))) {
    emit({ type: "warning", message: `contents.exclude: the package ${name} is not in the image` });
  }
  const wanted = names.filter((name) => installed.has(name));
  if (wanted.length === 0) return 0;
  await nativeCall(binding().convertRpmdb(database));
  const without = emulation.kind === "none" ? await erasureActions(database, wanted, arch, emulation) : undefined;
  const work = { erase: { database, names: wanted }, actions: without?.actions };
  const environment = {
    PATH: process.env.PATH,
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    SOURCE_DATE_EPOCH: String(sourceDateEpoch),
  };
  const task = `remove ${wanted.join(", ")}`;
  const {
    erased,
    failedActions = [],
    error = "",
  } = await watched({ task, limit: scriptletTimeout, directory: root }, emit, (abort) =>
    sandbox.run(root, [], (request) => runTransaction(work, { environment, emulation, sandbox: request, abort })),
  );
  if (erased === undefined) {
    throw new RpmociError(`Failed to ${task}: ${error}`, {
      kind: "install",
      code: "ERASE_FAILED",
    });
  }
  for (const line of erased.log.split("\n").filter((line) => line !== "")) emit({ type: "install-output", line });
  for (const scriptlet of failedActions) {
    emit({ type: "warning", message: `${scriptlet} failed; the package is removed all the same` });
  }
  for (const nevra of erased.erased) emit({ type: "package-excluded", package: nevra });
  return erased.erased.length;
}
