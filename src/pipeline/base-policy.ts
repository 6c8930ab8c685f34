/** The manifest's `[policy]` on what a base image brings. */
import { RpmociError } from "../errors.js";
import type { Manifest } from "../model/manifest.js";
import { violationsOfBase } from "../policy/rules.js";

/** Throws an `RpmociError` of kind `policy` when what stays of the base image has packages that are forbidden. */
export function refuseInBase(
  manifest: Manifest,
  packages: readonly { readonly name: string; readonly evr: string; readonly arch: string }[],
): void {
  const [first, ...more] = violationsOfBase(manifest.policy, packages);
  if (first === undefined) return;
  throw new RpmociError(first.message, {
    kind: "policy",
    code: "POLICY_VIOLATED",
    hint: `exclude it in ${manifest.path}, build on another image, or change [policy] there`,
    details: more.map(({ message }) => message),
  });
}
