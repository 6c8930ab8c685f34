/** Runs a program to its end and hands its output on, line by line. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface ProcessResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly onLine: (line: string) => void;
  readonly abort: AbortSignal | undefined;
}

/**
 * Both outputs are read as one; standard input is empty. Rejects when the program cannot be started, and after `abort`
 * with its reason, once the program has been killed.
 */
export function runProcess(command: readonly [string, ...string[]], options: ProcessOptions): Promise<ProcessResult> {
  const [file, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: options.environment,
      stdio: ["ignore", "pipe", "pipe"],
      cwd: "/",
      // rpm puts other signals off to the end of its transaction.
      ...(options.abort === undefined ? {} : { signal: options.abort, killSignal: "SIGKILL" }),
    });
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", options.onLine);
    child.on("error", (error) => {
      if (child.pid === undefined) reject(options.abort?.aborted === true ? options.abort.reason : error);
    });
    child.on("exit", () => {
      if (options.abort?.aborted !== true) return;
      // What the program has started may hold on to them.
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      reject(options.abort.reason);
    });
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
}
