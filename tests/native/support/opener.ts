/** Opens repositories in another process, for they may bring it down. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RepositoryFiles } from "../../../src/native/binding.js";

export interface Opened {
  readonly error: { readonly code: string; readonly message: string } | null;
  /** All packages and the results of solving each specification, as JSON. */
  readonly packages: readonly string[];
  readonly results: readonly string[];
  /** Bytes that the process took for it at the most. */
  readonly memory: number;
}

export interface OpenerLimits {
  /** Bytes, of the whole process. */
  readonly memory: number;
  /** Milliseconds. */
  readonly time: number;
}

/** How a process ended that should not have: by a signal, a status, or a limit. */
export class ProcessEnded extends Error {}

/** One process for many repositories; a new one takes the place of one that ended. */
export class Opener implements Disposable {
  #child: ChildProcess | null = null;

  constructor(readonly limits: OpenerLimits) {}

  /** Throws `ProcessEnded`. */
  async open(repository: RepositoryFiles, specs: readonly string[]): Promise<Opened> {
    this.#child ??= fork(fileURLToPath(new URL("opener-child.js", import.meta.url)), { silent: true });
    const child = this.#child;
    let output = "";
    const hear = (text: Buffer): void => {
      output += text.toString();
    };
    child.stderr?.on("data", hear);
    const settled = new AbortController();
    const { signal } = settled;
    try {
      const answer = once(child, "message", { signal });
      answer.catch(() => {});
      const exit = once(child, "exit", { signal }).then(([code, name]): never => {
        throw new ProcessEnded(`the process ended with ${name ?? `status ${code}`}: ${output}`);
      });
      exit.catch(() => {});
      child.send({ repository, specs });
      return (await Promise.race([answer, exit, this.#watch(child, signal)]))[0] as Opened;
    } catch (error) {
      child.kill("SIGKILL");
      this.#child = null;
      throw error;
    } finally {
      settled.abort();
      child.stderr?.off("data", hear);
    }
  }

  async #watch(child: ChildProcess, signal: AbortSignal): Promise<never> {
    const start = Date.now();
    for (;;) {
      await delay(50, undefined, { signal });
      const elapsed = Date.now() - start;
      if (elapsed > this.limits.time) throw new ProcessEnded(`nothing came of it after ${elapsed} ms`);
      const resident = residentBytes(child.pid ?? 0);
      if (resident > this.limits.memory) throw new ProcessEnded(`the process takes ${resident >> 20} MiB`);
    }
  }

  [Symbol.dispose](): void {
    this.#child?.kill("SIGKILL");
    this.#child = null;
  }
}

/** 0 when the process is gone. */
function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
  } catch {
    return 0;
  }
}
