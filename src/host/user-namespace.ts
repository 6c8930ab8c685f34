/** Whether an ordinary user can become root of a user namespace. */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { Check, type Finding } from "../model/finding.js";

const check = new Check("user-namespace");

/** What systems forbid it with, and how root allows it. */
const SETTINGS: readonly { readonly path: string; readonly forbids: RegExp; readonly remedy: string }[] = [
  {
    path: "proc/sys/kernel/unprivileged_userns_clone",
    forbids: /^0$/,
    remedy: "let root run: sysctl kernel.unprivileged_userns_clone=1",
  },
  {
    path: "proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    forbids: /^1$/,
    remedy:
      "let root run: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or give unshare an AppArmor profile that allows userns",
  },
  {
    path: "proc/sys/user/max_user_namespaces",
    forbids: /^0$/,
    remedy: "let root run: sysctl user.max_user_namespaces=10000",
  },
];

const INSTALL_UIDMAP = "install newuidmap and newgidmap: apt-get install uidmap, or dnf install shadow-utils";

export interface NamespaceRequest {
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  /** With the user's subordinate ids; else with root's id alone. */
  readonly subordinateIds: boolean;
}

/** The arguments by which `unshare` makes the namespace that builds run in. */
export function namespaceArguments(subordinateIds: boolean): readonly string[] {
  return ["--user", ...(subordinateIds ? ["--map-auto"] : []), "--map-root-user"];
}

export async function checkUserNamespace({ root, environment, subordinateIds }: NamespaceRequest): Promise<Finding> {
  const version = await unshareVersion(environment);
  if (version === null) return check.failure("unshare was not found on PATH", "install util-linux 2.38 or later");
  if (subordinateIds && !atLeast(version, [2, 38])) {
    return check.failure(`unshare is of util-linux ${version.join(".")}`, "install util-linux 2.38 or later");
  }
  for (const program of subordinateIds ? ["newuidmap", "newgidmap"] : []) {
    if (!(await isOnPath(program, environment)))
      return check.failure(`${program} was not found on PATH`, INSTALL_UIDMAP);
  }
  const refusal = await refusalOf(namespaceArguments(subordinateIds), environment);
  if (refusal === null) return check.ok(`user namespaces can be entered (util-linux ${version.join(".")})`);
  const plain = subordinateIds ? await refusalOf(namespaceArguments(false), environment) : refusal;
  const message = `no user namespace can be entered: ${refusal}`;
  if (plain === null) return check.failure(message, INSTALL_UIDMAP);
  return check.failure(message, await remedyBelow(root));
}

async function remedyBelow(root: string): Promise<string> {
  for (const { path, forbids, remedy } of SETTINGS) {
    const value = await readFile(join(root, path), "utf8").catch(() => "");
    if (forbids.test(value.trim())) return remedy;
  }
  return "allow unprivileged user namespaces; inside a container, the runtime's seccomp profile decides";
}

/** Null when `unshare` does what it is asked. */
async function refusalOf(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    await promisify(execFile)("unshare", [...args, "--", "true"], { env: environment });
    return null;
  } catch (error) {
    const { stderr = "", message } = error as Error & { readonly stderr?: string };
    return stderr.trim().split("\n")[0] || message;
  }
}

async function unshareVersion(environment: NodeJS.ProcessEnv): Promise<readonly number[] | null> {
  try {
    const { stdout } = await promisify(execFile)("unshare", ["--version"], { env: environment });
    return (stdout.match(/\d+/g) ?? []).map(Number);
  } catch {
    return null;
  }
}

function atLeast(version: readonly number[], wanted: readonly number[]): boolean {
  for (const [index, part] of wanted.entries()) {
    const own = version[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}

async function isOnPath(program: string, { PATH = "" }: NodeJS.ProcessEnv): Promise<boolean> {
  for (const directory of PATH.split(delimiter)) {
    const found = await access(join(directory, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (directory !== "" && found) return true;
  }
  return false;
}
