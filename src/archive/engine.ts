/** Loads an archive into a container engine. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { messageOf, RpmociError } from "../errors.js";

export type Engine = "docker" | "podman";

/** Lines of an engine's output that are told when it fails. */
const MOST_LINES = 10;

/** Throws an `RpmociError` of kind `environment` when the engine is not installed. */
export async function findEngine(engine: Engine, environment: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(engine, ["--version"], { env: environment, stdio: "ignore" });
  await once(child, "close").catch((error: unknown) => {
    throw absent(engine, error);
  });
}

/**
 * Runs `docker load` or `podman load`, and hands `write` its input. Throws an `RpmociError` of kind `environment` when
 * the engine is not installed, of kind `output` when it does not take the image, and the signal's reason.
 */
export async function loadIntoEngine(
  engine: Engine,
  write: (output: Writable) => Promise<void>,
  { environment, signal }: { readonly environment: NodeJS.ProcessEnv; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const child = spawn(engine, ["load", "--quiet"], { env: environment, stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = `${output}${text}`.slice(-64_000);
    });
  }
  const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, name) => resolve(code ?? name));
  });
  const stop = (): void => void child.kill();
  signal?.addEventListener("abort", stop);
  try {
    const [written, status] = await Promise.allSettled([write(child.stdin), ended]);
    signal?.throwIfAborted();
    if (status.status === "rejected") throw absent(engine, status.reason);
    // The engine fails, too, when it does not get all.
    if (written.status === "rejected" && written.reason instanceof RpmociError) throw written.reason;
    if (status.value !== 0 || written.status === "rejected") throw failed(engine, status.value, output);
  } finally {
    signal?.removeEventListener("abort", stop);
    child.kill();
  }
}

function absent(engine: string, error: unknown): RpmociError {
  const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
  return new RpmociError(
    `Failed to load the image into ${engine}: ${isMissing ? `${engine} was not found on PATH` : messageOf(error)}`,
    {
      kind: "environment",
      code: "ENGINE_MISSING",
      hint: `install ${engine}, or write an archive with docker-archive:FILE`,
    },
  );
}

function failed(engine: string, status: number | NodeJS.Signals | null, output: string): RpmociError {
  const how = status === 0 ? "success before it had all" : typeof status === "number" ? `status ${status}` : status;
  return new RpmociError(`Failed to load the image into ${engine}: ${engine} load ended with ${how}`, {
    kind: "output",
    code: "ENGINE_FAILED",
    details: output
      .split("\n")
      .filter((line) => line.trim() !== "")
      .slice(-MOST_LINES),
  });
}
