/** librpm's transactions change the root directory of the whole process, so that each has a process of its own. */
import { fork } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { EraseResult, InstallationRequest, InstallationResult, RootDatabase } from "../native/binding.js";

/** What the child is sent: one of the two. */
export interface TransactionMessage {
  readonly erase?: { readonly database: RootDatabase; readonly names: readonly string[] };
  readonly install?: InstallationRequest;
}

/** What it answers. */
export interface TransactionAnswer {
  readonly erased?: EraseResult;
  readonly installed?: InstallationResult;
  readonly error?: string;
}

export interface TransactionOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Hears of every line that scriptlets print where librpm lets them. */
  readonly onLine?: (line: string) => void;
  readonly abort?: AbortSignal | undefined;
}

/** Rejects when the process cannot be started, and after `abort` with its reason, once the process has been killed. */
export async function runTransaction(
  message: TransactionMessage,
  { environment, onLine = () => {}, abort }: TransactionOptions,
): Promise<TransactionAnswer> {
  abort?.throwIfAborted();
  const child = fork(fileURLToPath(new URL("./transaction-child.js", import.meta.url)), {
    env: { ...environment, RPMOCI_ADDON: process.env.RPMOCI_ADDON },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: [],
    cwd: "/",
    // librpm puts other signals off to the end of its transaction.
    ...(abort === undefined ? {} : { signal: abort, killSignal: "SIGKILL" }),
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on("line", onLine);
  }
  return new Promise((resolve, reject) => {
    let answer: TransactionAnswer | null = null;
    child.once("message", (value) => {
      answer = value as TransactionAnswer;
    });
    child.once("error", (error) => reject(abort?.aborted === true ? abort.reason : error));
    child.once("exit", () => {
      if (abort?.aborted !== true) return;
      // What scriptlets have started may hold on to them.
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
      reject(abort.reason);
    });
    child.once("close", (code, signal) => {
      resolve(answer ?? { error: `the process ended with ${signal ?? `exit code ${code}`}` });
    });
    child.send(message);
  });
}
