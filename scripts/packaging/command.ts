/** Runs programs for the scripts: a failure is an exception that carries what the program said. */
import { spawn } from "node:child_process";

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to the program's standard input, which is empty otherwise. */
  readonly input?: string | Uint8Array;
}

/** A program that could not be started, or ended with anything but 0. */
export class CommandError extends Error {
  constructor(
    program: string,
    reason: string,
    readonly stderr: string,
  ) {
    const tail = stderr.trim().split("\n").slice(-15).join("\n");
    super(`${program} ${reason}${tail === "" ? "" : `:\n${tail}`}`);
    this.name = "CommandError";
  }
}

/** Runs a program to its end and returns its standard output. Throws `CommandError`. */
export function runCommand(program: string, args: readonly string[], options: CommandOptions = {}): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      // The tools' words and orders of sorting must not follow the caller's language.
      env: { ...process.env, LC_ALL: "C.UTF-8", ...options.env },
      stdio: "pipe",
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", (error) => reject(new CommandError(program, `could not be started (${error.message})`, "")));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(stdout));
      else
        reject(new CommandError(program, `ended with ${signal ?? `status ${code}`}`, Buffer.concat(stderr).toString()));
    });
    // A program may end without having read its input; its exit status tells whether that was wrong.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}
