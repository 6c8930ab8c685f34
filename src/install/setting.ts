/** What both engines have in common: the request, the setting of a transaction, and how its failure is told. */
import { readFileSync } from "node:fs";
import { delimiter } from "node:path";
import { RpmociError } from "../errors.js";
import type { VerifiedPackage } from "../model/package.js";
import type { Emulation } from "./emulation.js";
import type { Macros } from "./macros.js";
import type { Sandbox } from "./sandbox.js";
import type { ScriptletPlan } from "./scriptlet-plan.js";
import type { ScriptletActions } from "./scriptlets/actions.js";

export type EngineName = "dnf" | "rpm";

export type Engine = { readonly kind: "dnf"; readonly program: string } | { readonly kind: "rpm" };

export interface InstalledBase {
  /** Of its rpm database, inside the root; null when it has none. */
  readonly databasePath: string | null;
}

export interface InstallRequest {
  readonly packages: readonly VerifiedPackage[];
  /** A directory that becomes the root: missing or empty, or what a base image has. */
  readonly root: string;
  /** What the root has already; null for nothing. */
  readonly base: InstalledBase | null;
  /** A directory of the caller's for configuration, logs and caches; not inside the root. */
  readonly scratch: string;
  readonly engine: Engine;
  readonly sandbox: Sandbox;
  /** Seconds that a scriptlet, or the installation of a package, may take; 0 for as long as it likes. */
  readonly scriptletTimeout: number;
  /** rpm's name of the architecture. */
  readonly arch: string;
  readonly scriptlets: ScriptletPlan;
  readonly docs: boolean;
  /** Languages whose files are installed; undefined for all. */
  readonly langs: readonly string[] | undefined;
  /** Seconds since the epoch, for install times and scriptlets. */
  readonly sourceDateEpoch: number;
  readonly abort: AbortSignal | undefined;
}

export interface TransactionSetting {
  readonly macros: Macros;
  /** Of the rpm database, inside the root. */
  readonly dbPath: string;
  /** The home directory of the engine and of scriptlets; need not be there. */
  readonly home: string;
  /** How programs of the packages' architecture run. */
  readonly emulation: Emulation;
  /** What is done in place of scriptlets, where they cannot be run. */
  readonly actions: ScriptletActions | undefined;
}

/** The environment of the engine, and thus of scriptlets. */
export function scriptletEnvironment(home: string, sourceDateEpoch: number): NodeJS.ProcessEnv {
  return {
    PATH: `${process.env.PATH ?? ""}${delimiter}/usr/sbin${delimiter}/usr/bin${delimiter}/sbin${delimiter}/bin`,
    HOME: home,
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    SOURCE_DATE_EPOCH: String(sourceDateEpoch),
  };
}

/** How many of the last lines an error repeats. */
export const LOG_LINES = 40;

export const DISK_FULL_HINT = "free some space, or name a directory on another disk with TMPDIR";

const ONE_ID_HINT =
  "a package has files of users or groups other than root, for whom this user namespace has no ids: give the user ranges in /etc/subuid and /etc/subgid";

const DEVICE_HINT =
  "only root of the machine makes device nodes: build as root, and let the system register QEMU in binfmt_misc if the packages are of another architecture";

/** The user namespace of this process has root, and nobody else. */
function hasOneIdOnly(): boolean {
  try {
    const [, , count, ...more] = readFileSync("/proc/self/uid_map", "utf8").trim().split(/\s+/);
    return count === "1" && more.length === 0;
  } catch {
    return false;
  }
}

/** `what` failed, and why; a full disk is told apart by what rpm says then. */
export function transactionFailure(what: string, log: readonly string[]): RpmociError {
  const full = log.some((line) => /No space left on device|needs \d+\S* more space/.test(line));
  const chown = log.some((line) => /chown failed/.test(line)) && hasOneIdOnly();
  const mknod = log.some((line) => /mknod failed/.test(line));
  const idHint = chown ? ONE_ID_HINT : undefined;
  return new RpmociError(`failed to ${full ? `${what.split(":")[0]}: the disk is full` : what}`, {
    kind: "install",
    code: full ? "DISK_FULL" : "TRANSACTION_FAILED",
    hint: full ? DISK_FULL_HINT : mknod ? DEVICE_HINT : idHint,
    details: log.slice(-LOG_LINES),
  });
}
