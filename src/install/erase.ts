/** Removes packages from the root whatever depends on them. librpm changes the process's root: a child does it. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import type { EraseResult } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import type { InstalledRoot } from "./dnf.js";

/** What the child is sent, and what it answers. */
export interface EraseMessage {
  readonly root: string;
  readonly dbPath: string;
  readonly names: readonly string[];
}
export type EraseAnswer = { readonly result: EraseResult } | { readonly error: string };

/** Erases `names` as `rpm --erase --nodeps` does, scriptlets included; warns about names that are not installed. */
export async function erasePackages(
  { root, databasePath }: InstalledRoot,
  names: readonly string[],
  sourceDateEpoch: number,
  emit: Emit,
): Promise<void> {
  if (names.length === 0) return;
  const installed = new Set(
    (await nativeCall(binding().readRpmdb({ root, dbPath: databasePath }))).map(({ name }) => name),
  );
  for (const name of names.filter((name) => !installed.has(name))) {
    emit({ type: "warning", message: `contents.exclude: the package ${name} is not in the image` });
  }
  const present = names.filter((name) => installed.has(name));
  if (present.length === 0) return;
  const answer = await askChild({ root, dbPath: databasePath, names: present }, sourceDateEpoch);
  if ("error" in answer) {
    throw new RpmociError(`Failed to remove ${present.join(", ")}: ${answer.error}`, {
      kind: "install",
      code: "ERASE_FAILED",
    });
  }
  for (const line of answer.result.log.split("\n").filter((line) => line !== ""))
    emit({ type: "install-output", line });
  for (const nevra of answer.result.erased) emit({ type: "package-excluded", package: nevra });
}

function askChild(message: EraseMessage, sourceDateEpoch: number): Promise<EraseAnswer> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL("./erase-child.js", import.meta.url)), {
      env: {
        PATH: process.env.PATH,
        RPMOCI_ADDON: process.env.RPMOCI_ADDON,
        LC_ALL: "C.UTF-8",
        TZ: "UTC",
        SOURCE_DATE_EPOCH: String(sourceDateEpoch),
      },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      execArgv: [],
    });
    child.once("message", (answer) => resolve(answer as EraseAnswer));
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ error: `the process ended with ${signal ?? `exit code ${code}`}` }));
    child.send(message);
  });
}
