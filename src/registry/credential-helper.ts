/** Asks a program for credentials (docker-credential-helpers, "Development"). */
import { spawn } from "node:child_process";
import * as v from "valibot";
import { RpmociError } from "../errors.js";
import type { Credentials } from "./credentials.js";

const answerSchema = v.looseObject({ Username: v.string(), Secret: v.string() });

/** Milliseconds; somebody may have to unlock a keyring. */
const PATIENCE = 120_000;

/** Bytes; secrets are short. */
const LONGEST_ANSWER = 1 << 20;

const FAILURES: Readonly<Record<string, string>> = {
  ENOENT: "it was not found on PATH",
  // Also when a directory on PATH cannot be looked into.
  EACCES: "it was not found on PATH, or may not be run",
  ABORT_ERR: "it does not answer",
};

/**
 * What `docker-credential-NAME` has for a server; null for nothing. Throws an `RpmociError` of kind `environment` when it
 * cannot be run or fails.
 */
export async function askHelper(
  name: string,
  server: string,
  environment: NodeJS.ProcessEnv,
  file: string,
): Promise<Credentials | null> {
  const program = `docker-credential-${name}`;
  if (!/^[\w.-]+$/.test(name)) throw fault(program, file, "that is not a program's name");
  const { code, output } = await run(program, server, environment).catch((error: NodeJS.ErrnoException) => {
    throw fault(program, file, FAILURES[error.code ?? ""] ?? `it cannot be run (${error.code})`);
  });
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return null;
    throw fault(program, file, `it ended with ${code === null ? "a signal" : `status ${code}`}`);
  }
  let answer: v.InferOutput<typeof answerSchema>;
  try {
    answer = v.parse(answerSchema, JSON.parse(output));
  } catch {
    throw fault(program, file, "it answered with something else than credentials");
  }
  const { Username: username, Secret: secret } = answer;
  if (secret === "") return null;
  if (username === "<token>") return { kind: "identity", token: secret, source: program };
  return { kind: "password", username, password: secret, source: program };
}

function run(
  program: string,
  input: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], {
      env: environment,
      stdio: ["pipe", "pipe", "ignore"],
      signal: AbortSignal.timeout(PATIENCE),
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.length > LONGEST_ANSWER) child.kill();
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

function fault(program: string, file: string, reason: string): RpmociError {
  return new RpmociError(`Failed to get credentials from ${program}, which ${file} names: ${reason}`, {
    kind: "environment",
    code: "CREDENTIAL_HELPER",
    hint: `try it with: echo REGISTRY | ${program} get`,
  });
}
