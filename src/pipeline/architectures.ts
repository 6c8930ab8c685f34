/** For which architectures lockfiles and images are made. */
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { requestedArchitectures } from "../lockfile/parts.js";
import { ARCHITECTURE_NAME, rpmArchitecture } from "../model/architecture.js";
import type { Lockfile } from "../model/lockfile.js";
import { type Manifest, manifestFor } from "../model/manifest.js";

export interface ArchitectureOptions {
  /**
   * Architectures by rpm's names or by those of image configurations (`aarch64`, `arm64`), without repeats; they win over
   * the manifest's.
   */
  readonly archs?: readonly string[] | undefined;
}

/** For what looks at one part of a lockfile. */
export interface ArchitectureOption {
  /** One of the lockfile's architectures; by default this machine's, or the first where it has no part for that. */
  readonly arch?: string | undefined;
}

/** rpm's name. Throws as `askedArchitectures`. */
export function askedArchitecture({ arch }: ArchitectureOption): string | undefined {
  return arch === undefined ? undefined : askedArchitectures({ archs: [arch] })?.[0];
}

/** rpm's names. Throws an `RpmociError` of kind `usage` for what cannot be the name of an architecture. */
export function askedArchitectures({ archs = [] }: ArchitectureOptions): readonly string[] | undefined {
  const names = archs.map(rpmArchitecture);
  for (const name of names) {
    if (ARCHITECTURE_NAME.test(name)) continue;
    throw new RpmociError(`"${name}" is not an architecture`, {
      kind: "usage",
      code: "ARCHITECTURE_INVALID",
      hint: "name it as rpm does, such as x86_64 or aarch64",
    });
  }
  return names.length === 0 ? undefined : [...new Set(names)];
}

/**
 * Those that a new lockfile is for, with the manifest as it is for each: those that somebody asks for, else the manifest's,
 * else those of the lockfile that was there. Undefined: nobody asked, and it is for this machine, as the original's.
 */
export function architecturesToLock(
  asked: readonly string[] | undefined,
  manifest: Manifest,
  previous: Lockfile | null,
): readonly { readonly arch: string | undefined; readonly manifest: Manifest }[] {
  const archs = asked ?? manifest.archs ?? requestedArchitectures(previous) ?? [undefined];
  return archs.map((arch) => ({ arch, manifest: manifestFor(manifest, arch) }));
}

/**
 * Does `work` for one entry after the other. Where these are of several architectures, each is announced, and errors name
 * theirs.
 */
export async function forEachArchitecture<E extends { readonly arch: string | undefined }, T>(
  entries: readonly E[],
  emit: Emit,
  work: (entry: E) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = [];
  const total = entries.length;
  for (const [index, entry] of entries.entries()) {
    const { arch } = entry;
    if (arch !== undefined && total > 1) emit({ type: "architecture-started", arch, index: index + 1, total });
    try {
      results.push(await work(entry));
    } catch (error) {
      if (total === 1 || !(error instanceof RpmociError)) throw error;
      const { message, kind, code, hint, details } = error;
      throw new RpmociError(`${arch}: ${message}`, { kind, code, hint, details, cause: error });
    }
  }
  return results;
}
