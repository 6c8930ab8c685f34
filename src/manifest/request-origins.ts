/** Where in the manifest the packages of a resolution are asked for. */
import { readFile } from "node:fs/promises";
import type { Locate, LocatedRequest } from "../model/explanation.js";
import type { LockedLocalPackage } from "../model/lockfile.js";
import { isLocalSpec, type Manifest, OS_RELEASE } from "../model/manifest.js";
import { matchLocalPackages } from "./local-packages.js";
import { findItemLines, findLine } from "./locate.js";

/**
 * Reads the texts of manifests again, which only messages need; lines are not known when they are gone. `localPackages` are
 * those of the lockfile whose requirements were asked for.
 */
export async function locateRequests(
  manifest: Manifest,
  localPackages: readonly LockedLocalPackage[],
): Promise<Locate> {
  const { packages, osRelease } = manifest.origins;
  const files = [...new Set([manifest.path, osRelease, ...packages.map(({ file }) => file)])];
  const texts = new Map(
    await Promise.all(
      files.map(async (file): Promise<[string, string]> => [file, await readFile(file, "utf8").catch(() => "")]),
    ),
  );
  const items = new Map([...texts].map(([file, text]) => [file, findItemLines(text, ["contents", "packages"])]));
  const local = await matchLocalPackages(manifest, "ignore");
  const localSpecs = manifest.packages.filter(isLocalSpec);
  // Which of several specifications means an RPM that is not there cannot be told.
  const onlyLocalSpec = localSpecs.length === 1 ? (localSpecs[0] ?? null) : null;
  const placeOf = (spec: string): Pick<LocatedRequest, "file" | "line"> => {
    const origin = packages[manifest.packages.indexOf(spec)];
    if (origin === undefined) return { file: manifest.path, line: null };
    return { file: origin.file, line: items.get(origin.file)?.[origin.index] ?? null };
  };
  return (request) => {
    if (request.kind === "requirement") {
      const owner = localPackages.find(({ requires }) => requires.includes(request.text));
      return {
        ...request,
        ...placeOf(onlyLocalSpec ?? ""),
        reason: "local-package",
        localPackage: owner?.name ?? null,
      };
    }
    if (request.kind === "local-package") {
      const spec = local.get(request.text) ?? onlyLocalSpec;
      return { ...request, ...placeOf(spec ?? ""), reason: "packages", localPackage: spec };
    }
    if (request.text === OS_RELEASE && !manifest.packages.includes(OS_RELEASE)) {
      const line = findLine(texts.get(osRelease) ?? "", ["contents", "os_release"]);
      return { ...request, file: osRelease, line, reason: "os_release", localPackage: null };
    }
    return { ...request, ...placeOf(request.text), reason: "packages", localPackage: null };
  };
}
