/** Packages of an architecture whose programs cannot be run: what their scriptlets do is done here, or nothing is. */
import { RpmociError } from "../errors.js";
import type { VerifiedPackage } from "../model/package.js";
import type { PackageScriptlet, RootDatabase } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import type { Emulation } from "./emulation.js";
import { type ScriptletActions, scriptletName } from "./scriptlets/actions.js";
import { type Classification, classifyScriptlets } from "./scriptlets/classify.js";

/** chkconfig has a link of that name, dpkg a program. */
const UPDATE_ALTERNATIVES = ["/usr/sbin/update-alternatives", "/usr/bin/update-alternatives"];

/** A list of hundreds helps nobody. */
const MOST_LINES = 40;

/** What is known of an architecture without emulation. */
export interface WithoutEmulation {
  readonly actions: ScriptletActions;
  /** Scriptlets that are done here. */
  readonly done: number;
}

/**
 * What is done in place of the scriptlets that the installation of `packages` would run. Throws an `RpmociError` of kind
 * `environment` that lists those that cannot be done so.
 */
export async function installationActions(
  packages: readonly VerifiedPackage[],
  arch: string,
  emulation: Emulation & { readonly kind: "none" },
): Promise<WithoutEmulation> {
  const paths = packages.map(({ path }) => path);
  const scriptlets = await nativeCall(binding().scriptletsOfInstallation(paths));
  const headers = await nativeCall(binding().readPackages(paths, UPDATE_ALTERNATIVES));
  const chkconfigAlternatives = headers.some(({ ownedProbePaths }) => ownedProbePaths.length > 0);
  const classification = classifyScriptlets(scriptlets, { chkconfigAlternatives });
  return accepted(classification, `packages of ${arch} cannot be installed`, arch, emulation);
}

/** As `installationActions`, for the removal of packages. */
export async function erasureActions(
  database: RootDatabase,
  names: readonly string[],
  arch: string,
  emulation: Emulation & { readonly kind: "none" },
): Promise<WithoutEmulation> {
  const scriptlets = await nativeCall(binding().scriptletsOfErasure(database, names));
  const owned = await nativeCall(binding().ownedPaths(database, ["/var/lib/alternatives"]));
  const classification = classifyScriptlets(scriptlets, { chkconfigAlternatives: owned.length > 0 });
  return accepted(classification, `packages of ${arch} cannot be removed (contents.exclude)`, arch, emulation);
}

function accepted(
  { actions, done, refused }: Classification,
  what: string,
  arch: string,
  { reason }: Emulation & { readonly kind: "none" },
): WithoutEmulation {
  if (refused.length === 0) return { actions, done };
  const lines = refused.slice(0, MOST_LINES).map(describe);
  const more = refused.length - lines.length;
  throw new RpmociError(
    `${what}: their scriptlets must be run, and this machine cannot run programs of ${arch} (${reason})`,
    {
      kind: "environment",
      code: "SCRIPTLETS_FOREIGN",
      hint: `install qemu-user-static, which with Linux 6.7 is enough; before, let the system register it in binfmt_misc with the flag F, or build on a machine of ${arch}`,
      details: more > 0 ? [...lines, `and ${more} more`] : lines,
    },
  );
}

function describe({ package: name, phase, program, body }: PackageScriptlet): string {
  const first = body
    .split("\n")
    .map((line) => line.trim())
    .find((line) => line !== "" && !line.startsWith("#") && !line.startsWith("--"));
  const [interpreter = ""] = program;
  const shell = /^\/(?:usr\/)?bin\/(?:ba|da)?sh$/.test(interpreter);
  const text = [...(shell ? [] : [program.join(" ")]), ...(first === undefined ? [] : [first])].join(": ");
  return `${scriptletName(phase, name)}: ${text.length > 120 ? `${text.slice(0, 117)}...` : text}`;
}
