/** The transaction by librpm itself, in a process of its own: for hosts without dnf, and for those in a hurry. */
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { type InstallRequest, scriptletEnvironment, type TransactionSetting, transactionFailure } from "./setting.js";
import { runTransaction } from "./transaction.js";

/** As `installPackages`. */
export async function installWithRpm(
  { packages, root, base, scratch, sandbox, docs, sourceDateEpoch, abort }: InstallRequest,
  { macros, dbPath, home, emulation, actions }: TransactionSetting,
  emit: Emit,
): Promise<void> {
  await mkdir(root, { recursive: true });
  const unpacked = join(scratch, "unpacked");
  await mkdir(unpacked, { recursive: true });
  const log: string[] = [];
  const onLine = (line: string): void => {
    log.push(line);
    emit({ type: "install-output", line });
  };
  const paths = packages.map(({ path }) => path);
  const foreign = emulation.kind !== "native";
  const upgrade = base !== null;
  // What is unpacked ahead is for a root that has nothing.
  const unpackers = upgrade ? 0 : availableParallelism();
  const install = { root, dbPath, packages: paths, unpacked, unpackers, docs, upgrade, foreign, macros };
  const options = { environment: scriptletEnvironment(home, sourceDateEpoch), emulation, onLine, abort };
  const answer = await sandbox
    .run(root, paths, (request) => runTransaction({ install, actions }, { ...options, sandbox: request }))
    .catch((error: unknown) => {
      abort?.throwIfAborted();
      if (error instanceof RpmociError) throw error;
      throw new RpmociError(`Failed to start a process for librpm: ${messageOf(error)}`, {
        kind: "install",
        code: "RPM_NOT_STARTED",
        cause: error,
      });
    });
  const { installed, failedActions = [], error = "" } = answer;
  if (installed === undefined) throw transactionFailure("install packages", [...log, ...error.split("\n")]);
  for (const line of installed.warnings) emit({ type: "install-output", line });
  for (const scriptlet of [...installed.failedScriptlets, ...failedActions]) {
    emit({ type: "warning", message: `${scriptlet} failed; the package is installed all the same` });
  }
}
