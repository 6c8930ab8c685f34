/** An ordinary user becomes root of a user namespace before anything else: a threaded process cannot enter one later. */
import { spawn } from "node:child_process";
import { type Emit, missingSubordinateIds, namespaceArguments, RpmociError } from "../index.js";

/** Set inside, so that a namespace that does not make us root is not entered again and again. */
const MARK = "RPMOCI_IN_USER_NAMESPACE";

/**
 * Tells that the namespace was entered. Its process must not outlive this one, where setpriv (util-linux) can see to that.
 */
const LAUNCHER = `echo >&3; exec 3>&-; if command -v setpriv >/dev/null; then exec setpriv --pdeathsig KILL -- "$@"; else exec "$@"; fi`;

export function needsUserNamespace(): boolean {
  return process.geteuid?.() !== 0;
}

/**
 * Runs this same command line as root of a new user namespace with the user's subordinate ids, and returns its exit
 * code. What it writes to standard output goes there, or to `onOutput`. A user who has none is warned that there is nobody
 * but root in it. Throws an `RpmociError` of kind `environment` that says what is missing on this system.
 */
export async function runInUserNamespace(
  args: readonly string[],
  emit: Emit,
  onOutput?: (text: string) => void,
): Promise<number> {
  if (process.env[MARK] !== undefined) throw fault("the user namespace did not make this process root", undefined);
  const missing = await missingSubordinateIds();
  if (missing !== null) {
    const { file, user, remedy } = missing;
    const lack = `${file} has no line for the user ${user}: packages whose files are not all root's cannot be installed`;
    emit({ type: "warning", message: `${lack} (let root run: ${remedy})` });
  }
  const node = [process.execPath, ...process.execArgv, ...args];
  const command = [...namespaceArguments(missing === null), "--", "/bin/sh", "-c", LAUNCHER, "sh", ...node];
  return new Promise((resolve, reject) => {
    const child = spawn("unshare", command, {
      stdio: ["inherit", onOutput === undefined ? "inherit" : "pipe", "inherit", "pipe"],
      env: { ...process.env, [MARK]: "1" },
    });
    let entered = false;
    child.stdio[3]?.on("data", () => {
      entered = true;
    });
    if (onOutput !== undefined) child.stdout?.setEncoding("utf8").on("data", onOutput);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
    child.on("error", () => reject(fault("unshare was not found on PATH", "install util-linux 2.38 or later")));
    child.on("close", (code, signal) => {
      if (entered) return resolve(code ?? 128 + (signal === "SIGINT" ? 2 : 15));
      // unshare has printed why.
      reject(fault("a user namespace could not be entered (see the line above)", "rpmoci doctor says what is missing"));
    });
  });
}

function fault(message: string, hint: string | undefined): RpmociError {
  return new RpmociError(`An ordinary user needs a user namespace to install packages: ${message}`, {
    kind: "environment",
    code: "USER_NAMESPACE",
    hint,
  });
}
