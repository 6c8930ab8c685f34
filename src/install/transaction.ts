/**
 * Transactions have a process of their own: librpm changes the root directory of the whole process, and a process can be
 * shut in a sandbox as a whole only.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { messageOf } from "../errors.js";
import type {
  EraseResult,
  InstallationRequest,
  InstallationResult,
  RootDatabase,
  SandboxRequest,
} from "../native/binding.js";
import type { Emulation } from "./emulation.js";
import { enterOwnNamespace, OWN_NAMESPACE } from "./own-namespace.js";
import type { ProcessResult } from "./process.js";
import { SandboxRefused, UNSHARE, UNSHARE_MOUNTS } from "./sandbox.js";
import type { ScriptletActions } from "./scriptlets/actions.js";

/** One of the four. */
export interface TransactionWork {
  readonly erase?: { readonly database: RootDatabase; readonly names: readonly string[] };
  readonly install?: InstallationRequest;
  /** A program and its arguments. */
  readonly run?: readonly [string, ...string[]];
  /** Architectures, of which is asked how programs of them run, and a directory for that. */
  readonly emulate?: { readonly arches: readonly string[]; readonly scratch: string };
  /** With one of the first two: scriptlets are not run, but for those in Lua; this is done in their places. */
  readonly actions?: ScriptletActions | undefined;
}

/** What the child is sent. */
export interface TransactionMessage extends TransactionWork {
  readonly sandbox: SandboxRequest | null;
  /** What to register in the binfmt_misc of the process's user namespace. */
  readonly interpreter: string | null;
}

/** What it answers, the last of them once. */
export type TransactionMessageBack =
  | { readonly kind: "sandboxed" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "answer"; readonly answer: TransactionAnswer };

export interface TransactionAnswer {
  readonly erased?: EraseResult;
  readonly installed?: InstallationResult;
  readonly ran?: ProcessResult;
  readonly emulations?: readonly Emulation[];
  /** Scriptlets whose actions failed, as in `%post of bash-5.2-1.x86_64`. */
  readonly failedActions?: readonly string[];
  readonly error?: string;
}

export interface TransactionOptions {
  readonly sandbox: SandboxRequest | null;
  /** A program with arguments that runs the process, as one that enters a user namespace. */
  readonly launcher?: readonly string[];
  /** How programs of the root's architecture run; natively if absent. */
  readonly emulation?: Emulation;
  readonly environment: NodeJS.ProcessEnv;
  /** Hears of every line that scriptlets print where librpm lets them. */
  readonly onLine?: (line: string) => void;
  readonly abort?: AbortSignal | undefined;
}

const NATIVE: Emulation = { kind: "native" };

/** uname(2) then tells of the processor with the narrower registers. */
const COMPATIBLE_PROCESSOR = ["setarch", "linux32"] as const;

const CHILD = fileURLToPath(new URL("./transaction-child.js", import.meta.url));

/**
 * Rejects when the process cannot be started, with `SandboxRefused` when the sandbox cannot be made, and after `abort`
 * with its reason, once the process has been killed; in a sandbox, all that it has started has been killed, too.
 */
export async function runTransaction(
  work: TransactionWork,
  { sandbox, launcher = [], emulation = NATIVE, environment, onLine = () => {}, abort }: TransactionOptions,
): Promise<TransactionAnswer> {
  abort?.throwIfAborted();
  const namespace = emulation.kind === "namespace";
  const command = [
    ...launcher,
    ...(namespace ? OWN_NAMESPACE : []),
    ...(sandbox === null ? (namespace ? UNSHARE_MOUNTS : []) : UNSHARE),
    ...(emulation.kind === "compatible" ? COMPATIBLE_PROCESSOR : []),
    process.execPath,
    CHILD,
  ];
  const [program = process.execPath, ...args] = command;
  const child = spawn(program, args, {
    env: { ...environment, RPMOCI_ADDON: process.env.RPMOCI_ADDON },
    stdio: ["ignore", "pipe", "pipe", "ipc", ...(namespace ? (["pipe"] as const) : [])],
    cwd: "/",
    // librpm puts other signals off to the end of its transaction.
    ...(abort === undefined ? {} : { signal: abort, killSignal: "SIGKILL" }),
  });
  let begun = sandbox === null;
  // What is said before the sandbox stands is not of the transaction.
  const early: string[] = [];
  const hear = (line: string): void => {
    if (begun) onLine(line);
    else early.push(line);
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on("line", hear);
  }
  return new Promise((resolve, reject) => {
    let answer: TransactionAnswer | null = null;
    let refused: string | null = null;
    child.on("message", (value) => {
      const message = value as TransactionMessageBack;
      if (message.kind === "sandboxed") {
        begun = true;
        for (const line of early.splice(0)) onLine(line);
      } else if (message.kind === "refused") refused = message.reason;
      else {
        begun = true;
        answer = message.answer;
      }
    });
    child.once("error", (error) => {
      if (abort?.aborted === true) reject(abort.reason);
      else reject(begun ? error : new SandboxRefused(`${program} was not found on PATH`, { cause: error }));
    });
    child.once("exit", () => {
      if (abort?.aborted !== true) return;
      // What scriptlets have started may hold on to them.
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
      reject(abort.reason);
    });
    child.once("close", (code, signal) => {
      if (!begun) reject(new SandboxRefused(refused ?? early.at(-1) ?? `${program} ended with exit code ${code}`));
      else resolve(answer ?? { error: `the process ended with ${signal ?? `exit code ${code}`}` });
    });
    if (namespace) enterOwnNamespace(child).catch((error) => hear(messageOf(error)));
    send(child, { ...work, sandbox, interpreter: namespace ? emulation.registration : null });
  });
}

/** A process that ended at once tells of it by its end. */
function send(child: ChildProcess, message: TransactionMessage): void {
  child.send(message, () => {});
}
