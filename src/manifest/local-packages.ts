/** The RPM files on this machine that the manifest's specifications name. */
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { RpmociError } from "../errors.js";
import { isCompatible } from "../model/architecture.js";
import { isLocalSpec, type Manifest } from "../model/manifest.js";
import { compareText } from "../model/nevra.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";

/**
 * Absolute paths, sorted, without repeats. A specification that is a file's name means that file, and is a pattern
 * otherwise. Both are taken from the current directory, as the original does, and where nothing matches there, from the
 * manifest's. Of a manifest for one architecture among several, only files that fit it count. Throws an `RpmociError` of kind `manifest` for a specification without a match, unless `missing` is
 * `"ignore"`.
 */
export async function findLocalPackages(manifest: Manifest, missing: "fail" | "ignore"): Promise<readonly string[]> {
  return [...(await matchLocalPackages(manifest, missing)).keys()].sort(compareText);
}

/** As `findLocalPackages`, each path with the first specification that means it. */
export async function matchLocalPackages(
  manifest: Manifest,
  missing: "fail" | "ignore",
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const spec of manifest.packages.filter(isLocalSpec)) {
    const paths = await ofArchitecture(await matches(spec, [process.cwd(), dirname(manifest.path)]), manifest.arch);
    if (paths.length === 0 && missing === "fail") {
      const architecture = manifest.arch === undefined ? "" : ` for ${manifest.arch}`;
      throw new RpmociError(`No package found for spec '${spec}'${architecture}`, {
        kind: "manifest",
        code: "LOCAL_PACKAGE_MISSING",
        hint: `${resolve(spec)} matches no file${architecture === "" ? "" : " of that architecture"}`,
      });
    }
    for (const path of paths) if (!found.has(path)) found.set(path, spec);
  }
  return found;
}

async function matches(spec: string, directories: readonly string[]): Promise<readonly string[]> {
  const { glob } = await import("tinyglobby");
  // Parentheses group alternatives in the library's patterns only; browsers put them into names of downloads.
  const pattern = spec.replace(/[()]/g, "\\$&");
  for (const cwd of directories) {
    if (await isFile(resolve(cwd, spec))) return [resolve(cwd, spec)];
    const paths = await glob(pattern, { cwd, absolute: true, onlyFiles: true, dot: true, expandDirectories: false });
    if (paths.length > 0) return paths;
  }
  return [];
}

async function ofArchitecture(paths: readonly string[], arch: string | undefined): Promise<readonly string[]> {
  if (arch === undefined || paths.length === 0) return paths;
  const headers = await nativeCall(binding().readPackages(paths, []));
  return paths.filter((_, index) => isCompatible(arch, headers[index]?.arch ?? arch));
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}
