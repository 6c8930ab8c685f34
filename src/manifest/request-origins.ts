/** Where in the manifest the packages of a resolution are asked for. */
import { readFile } from "node:fs/promises";
import type { Locate } from "../model/explanation.js";
import type { LockedLocalPackage } from "../model/lockfile.js";
import { isLocalSpec, type Manifest, OS_RELEASE } from "../model/manifest.js";
import { matchLocalPackages } from "./local-packages.js";
import { findItemLines, findLine } from "./locate.js";

/**
 * Reads the manifest's text again, which only messages need; lines are not known when it is gone. `localPackages` are
 * those of the lockfile whose requirements were asked for.
 */
export async function locateRequests(
  manifest: Manifest,
  localPackages: readonly LockedLocalPackage[],
): Promise<Locate> {
  const text = await readFile(manifest.path, "utf8").catch(() => "");
  const items = findItemLines(text, ["contents", "packages"]);
  const local = await matchLocalPackages(manifest, "ignore");
  const file = manifest.path;
  const localSpecs = manifest.packages.filter(isLocalSpec);
  // Which of several specifications means an RPM that is not there cannot be told.
  const onlyLocalSpec = localSpecs.length === 1 ? (localSpecs[0] ?? null) : null;
  const lineOf = (spec: string): number | null => items[manifest.packages.indexOf(spec)] ?? null;
  return (request) => {
    if (request.kind === "requirement") {
      const owner = localPackages.find(({ requires }) => requires.includes(request.text));
      const line = lineOf(onlyLocalSpec ?? "");
      return { ...request, file, line, reason: "local-package", localPackage: owner?.name ?? null };
    }
    if (request.kind === "local-package") {
      const spec = local.get(request.text) ?? onlyLocalSpec;
      return { ...request, file, line: lineOf(spec ?? ""), reason: "packages", localPackage: spec };
    }
    if (request.text === OS_RELEASE && !manifest.packages.includes(OS_RELEASE)) {
      const line = findLine(text, ["contents", "os_release"]);
      return { ...request, file, line, reason: "os_release", localPackage: null };
    }
    return { ...request, file, line: lineOf(request.text), reason: "packages", localPackage: null };
  };
}
