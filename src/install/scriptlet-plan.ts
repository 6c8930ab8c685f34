/** Who runs the scriptlets of packages: decided before anything is installed, since it may be that nobody can. */
import { RpmociError } from "../errors.js";
import type { VerifiedPackage } from "../model/package.js";
import { chooseEmulation } from "./choose-emulation.js";
import type { Emulation } from "./emulation.js";
import { installationActions, type WithoutEmulation } from "./foreign.js";

export interface ScriptletPlan {
  readonly emulation: Emulation;
  /** What is done in their place, where this machine cannot run them. */
  readonly without: WithoutEmulation | null;
}

export interface ScriptletPlanRequest {
  readonly packages: readonly VerifiedPackage[];
  /** rpm's name of their architecture. */
  readonly arch: string;
  /** Whether they are installed on a base image. */
  readonly hasBase: boolean;
  /** A directory of the caller's, in which programs may be run. */
  readonly scratch: string;
}

/**
 * Throws an `RpmociError` of kind `environment` that lists the scriptlets which must be run and which this machine cannot
 * run.
 */
export async function planScriptlets(request: ScriptletPlanRequest): Promise<ScriptletPlan> {
  const { packages, arch, hasBase, scratch } = request;
  const emulation = await chooseEmulation(arch, { environment: process.env, scratch });
  if (emulation.kind !== "none" || packages.length === 0) return { emulation, without: null };
  if (hasBase) throw needsEmulation(arch);
  return { emulation, without: await installationActions(packages, arch, emulation) };
}

/** Triggers of packages in the base, and scriptlets of those that are replaced, would be left out unnoticed. */
function needsEmulation(arch: string): RpmociError {
  return new RpmociError(
    `packages of ${arch} cannot be installed on a base image here: this machine cannot run the scriptlets of what it has`,
    {
      kind: "environment",
      code: "SCRIPTLETS_FOREIGN",
      hint: `install qemu-user-static, or build on a machine of ${arch}`,
    },
  );
}
