/** Runs programs, rpmoci's own among them, and tells how they ended. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "./project.js";

export interface RunOptions {
  /** The project's root if absent. */
  readonly cwd?: string;
  /** Added to this process's environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Uint8Array;
  /** Milliseconds, after which the program is killed. */
  readonly timeout?: number;
}

export interface RunResult {
  /** Null when a signal ended the program. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Rejects only when it cannot be started. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? projectRoot,
      env: { ...process.env, ...options.env },
      stdio: "pipe",
      ...(options.timeout === undefined ? {} : { timeout: options.timeout, killSignal: "SIGKILL" as const }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    // An orphan of the program may hold on to its outputs: unshare leaves one where it may not make a namespace.
    child.on("exit", () => {
      setTimeout(() => [child.stdout, child.stderr].map((stream) => stream.destroy()), 5000).unref();
    });
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    // The program need not read its input.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}

/** As `run`, but rejects, with what the program said, unless it ends with 0. Resolves to its standard output. */
export async function runSuccessfully(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, signal, stdout, stderr } = await run(program, args, options);
  if (code === 0) return stdout;
  throw new Error(`${program} ${args.join(" ")} ended with ${signal ?? `status ${code}`}:\n${stderr}${stdout}`);
}

/** Runs the built command line, without colours and without the caller's settings. */
export function rpmoci(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return run(process.execPath, [join(projectRoot, "dist/main.js"), ...args], {
    ...options,
    env: { NO_COLOR: "1", FORCE_COLOR: undefined, SOURCE_DATE_EPOCH: undefined, ...options.env },
  });
}
