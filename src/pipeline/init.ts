/** `rpmoci init`: a manifest to begin with. */
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import { parseManifest } from "../manifest/load.js";
import { hostArchitecture } from "../model/architecture.js";
import { replaceFile } from "../processes.js";

export interface InitOptions {
  /** The file to write. */
  readonly manifestPath: string;
  /** `fedora`, `centos:9` and the like; that of this system by default. */
  readonly distribution?: string | undefined;
  /** Specifications of packages; a shell by default. */
  readonly packages?: readonly string[];
  /** Replace a file that is there. */
  readonly force?: boolean;
  /** The system to look at; `/` by default. */
  readonly systemRoot?: string;
}

export interface InitResult {
  /** Absolute. */
  readonly manifestPath: string;
  /** For people: `Fedora 43`. */
  readonly distribution: string;
}

/**
 * Writes a manifest with a distribution's repositories and keys. Atomic: a file that is there is replaced as a whole, with
 * `force`, or not at all. Throws an `RpmociError`: of kind `usage` for an unknown distribution, of kind `output`.
 */
export async function init(options: InitOptions): Promise<InitResult> {
  const { distribution, packages = [], force = false, systemRoot = "/" } = options;
  const manifestPath = resolve(options.manifestPath);
  const osRelease = await readFile(join(systemRoot, "etc/os-release"), "utf8").catch(() => "");
  const { starterManifest } = await import("../manifest/starter.js");
  const starter = starterManifest({ distribution, osRelease, packages, arch: hostArchitecture() });
  parseManifest(starter.text, manifestPath);
  try {
    if (force) await replaceFile(manifestPath, starter.text);
    else await writeFile(manifestPath, starter.text, { flag: "wx" });
  } catch (error) {
    throw unwritable(manifestPath, error);
  }
  return { manifestPath, distribution: starter.distribution };
}

function unwritable(path: string, error: unknown): RpmociError {
  if ((error as NodeJS.ErrnoException).code === "EEXIST") {
    return new RpmociError(`${path} exists`, {
      kind: "output",
      code: "MANIFEST_EXISTS",
      hint: "--force replaces it, --file names another one",
      cause: error,
    });
  }
  return new RpmociError(`Failed to write ${path}: ${messageOf(error)}`, {
    kind: "output",
    code: "MANIFEST_UNWRITABLE",
    cause: error,
  });
}
