/** Whether transactions can be made here, found out by making the smallest ones. */
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf, RpmociError } from "../errors.js";
import { baseArchitecture, hostArchitecture } from "../model/architecture.js";
import { Check, type Finding } from "../model/finding.js";
import { findDnf } from "./dnf.js";
import { KNOWN_MACHINES } from "./foreign-program.js";
import { DEVICES, SandboxRefused } from "./sandbox.js";
import { runTransaction } from "./transaction.js";

/** dnf's version; without dnf, librpm installs packages. */
export async function checkEngine(environment: NodeJS.ProcessEnv): Promise<Finding> {
  const check = new Check("engine");
  try {
    const program = await findDnf(environment);
    const { stdout } = await promisify(execFile)(program, ["--version"], { env: { ...environment, LC_ALL: "C" } });
    const version = /\d+(?:\.\d+)+/.exec(stdout)?.[0];
    if (version !== undefined) return check.ok(`packages are installed by ${program}, version ${version}`);
    return check.warning(`${program} does not tell its version`, "build with --engine rpm if it does not work");
  } catch (error) {
    if (error instanceof RpmociError && error.code === "DNF_MISSING") {
      return check.ok("packages are installed by librpm, as there is no dnf");
    }
    return check.failure(`dnf does not run: ${messageOf(error)}`, "repair or remove it, or build with --engine rpm");
  }
}

/**
 * Makes a sandbox below `scratch`, an empty directory, and runs a program in it. `launcher` as for transactions.
 */
export async function checkSandbox(
  scratch: string,
  environment: NodeJS.ProcessEnv,
  launcher: readonly string[],
): Promise<Finding> {
  const check = new Check("sandbox");
  const root = join(scratch, "root");
  await mkdir(root);
  try {
    const sandbox = { root, scratch, readable: [], devices: DEVICES };
    const { ran, error = "" } = await runTransaction({ run: ["true"] }, { sandbox, environment, launcher });
    if (ran?.code === 0) return check.ok("scriptlets run in a sandbox");
    return check.warning(`no program runs in the sandbox for scriptlets: ${error}`, "build with --no-sandbox");
  } catch (error) {
    if (!(error instanceof SandboxRefused)) throw error;
    return check.warning(
      `scriptlets run without a sandbox, which cannot be made here: ${error.message}`,
      "it takes Linux 5.12, util-linux, and in a container CAP_SYS_ADMIN or a user namespace",
    );
  }
}

/** Which other architectures' scriptlets can be run. As `checkSandbox`. */
export async function checkEmulation(
  scratch: string,
  environment: NodeJS.ProcessEnv,
  launcher: readonly string[],
): Promise<Finding> {
  const check = new Check("emulation");
  const others = KNOWN_MACHINES.filter((arch) => arch !== baseArchitecture(hostArchitecture()));
  const work = { emulate: { arches: others, scratch } };
  const { emulations = [] } = await runTransaction(work, { sandbox: null, environment, launcher });
  const found = others.map((arch, index) => ({ arch, kind: emulations[index]?.kind ?? "none" }));
  const of = (kind: string): string =>
    found
      .filter((entry) => entry.kind === kind)
      .map(({ arch }) => arch)
      .join(", ");
  const ways = [
    [of("compatible"), "by this machine's processor"],
    [of("system"), "through binfmt_misc of the system"],
    [of("namespace"), "through QEMU in a user namespace"],
  ].filter(([arches]) => arches !== "");
  const runs = ways.map(([arches, how]) => `of ${arches} ${how}`).join(", ");
  const none = of("none");
  const without = `${none}: files only, where rpmoci can do what scriptlets do`;
  if (none === "") return check.ok(`scriptlets of other architectures run: ${runs}`);
  if (runs === "")
    return check.ok(`scriptlets of other architectures do not run (install qemu-user-static): ${without}`);
  return check.ok(`scriptlets of other architectures run: ${runs}; not of ${without}`);
}
