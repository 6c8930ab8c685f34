/** What a build needs of the lockfile: which architectures, and which of them must be locked anew. */
import { RpmociError } from "../errors.js";
import { fitsManifest } from "../lockfile/fit.js";
import { findPart, lockArchitecture, lockedArchitectures, partOf, requestedArchitectures } from "../lockfile/parts.js";
import { readLockfile } from "../lockfile/read.js";
import { hostArchitecture } from "../model/architecture.js";
import type { Lockfile } from "../model/lockfile.js";
import { type Manifest, manifestFor } from "../model/manifest.js";
import { type ArchitectureOptions, askedArchitectures } from "./architectures.js";
import { fitsLocalPackages } from "./lock.js";
import type { Context } from "./options.js";
import { readLockfileOrWarn } from "./previous-lockfile.js";

export interface PlannedPart {
  readonly arch: string;
  /** As it is for this architecture. */
  readonly manifest: Manifest;
  /** Of this architecture; null when it must, and may, be made anew. */
  readonly lock: Lockfile | null;
  /** Whether an image is built of it; others are in the lockfile only. */
  readonly isWanted: boolean;
}

export type BuildPlan = {
  /** In the order of the lockfile; at least one is wanted. */
  readonly parts: readonly PlannedPart[];
  /** The lockfile that was there, if it could be read. */
  readonly previous: Lockfile | null;
} & (
  | { readonly changed: false; readonly lockfile: Lockfile }
  /** Some parts are to be made. */
  | { readonly changed: true; readonly lockfile: null }
);

export interface PlanOptions extends ArchitectureOptions {
  readonly locked?: boolean;
}

/**
 * Throws an `RpmociError` of kind `lockfile` for a lockfile that does not do where none may be written, of kind
 * `environment` for one of another machine's architecture that nobody asked for.
 */
export async function planBuild(manifest: Manifest, options: PlanOptions, context: Context): Promise<BuildPlan> {
  const { lockfilePath } = manifest;
  const { locked = false } = options;
  const previous = await (locked ? readLockfile(lockfilePath) : readLockfileOrWarn(lockfilePath, context.emit));
  const asked = askedArchitectures(options) ?? manifest.archs;
  if (locked && previous === null) throw missing(lockfilePath);
  const fits = previous !== null && fitsManifest(previous, manifest);
  if (locked && !fits) throw outdated(lockfilePath);
  if (fits && asked === undefined && requestedArchitectures(previous) === undefined) {
    const arch = lockArchitecture(previous);
    if (arch !== hostArchitecture()) throw foreign(lockfilePath, arch);
  }
  const known = previous === null ? [] : lockedArchitectures(previous);
  if (locked && previous !== null) for (const arch of asked ?? []) partOf(previous, arch, lockfilePath);
  const isExplicit = asked !== undefined || requestedArchitectures(previous) !== undefined;
  const wanted = asked ?? requestedArchitectures(previous) ?? [hostArchitecture()];
  // What is locked for others stays, though nobody asks for it now.
  const others = isExplicit && manifest.archs === undefined ? known : (manifest.archs ?? []);
  const archs = [...new Set([...others, ...wanted])];
  const parts: PlannedPart[] = [];
  for (const arch of archs) {
    const own = manifestFor(manifest, isExplicit ? arch : undefined);
    const part = fits ? findPart(previous, arch) : null;
    const usable = part !== null && (locked || (await fitsLocalPackages(part, own)));
    parts.push({ arch, manifest: own, lock: usable ? part : null, isWanted: wanted.includes(arch) });
  }
  if (previous !== null && parts.every(({ lock, isWanted }) => lock !== null || (locked && !isWanted))) {
    return { parts: parts.filter(({ lock }) => lock !== null), previous, changed: false, lockfile: previous };
  }
  if (previous !== null) context.emit({ type: "lockfile-outdated", path: lockfilePath });
  // A part that was made for the machine that made it gets the name of its architecture.
  const named = parts.map((part) => ({ ...part, lock: part.lock && { ...part.lock, arch: part.manifest.arch } }));
  return { parts: named, previous, changed: true, lockfile: null };
}

function missing(path: string): RpmociError {
  return new RpmociError(
    `the lock file ${path} is missing and needs to be generated but --locked was passed to prevent this`,
    { kind: "lockfile", code: "LOCKFILE_MISSING", hint: "run rpmoci update" },
  );
}

function outdated(path: string): RpmociError {
  return new RpmociError(`the lock file ${path} needs to be updated but --locked was passed to prevent this`, {
    kind: "lockfile",
    code: "LOCKFILE_OUTDATED",
    hint: "run rpmoci update",
  });
}

function foreign(path: string, arch: string): RpmociError {
  return new RpmociError(`${path} locks packages for ${arch}, this machine is ${hostArchitecture()}`, {
    kind: "environment",
    code: "FOREIGN_ARCHITECTURE",
    hint: `build with --arch ${arch}, or run rpmoci update`,
  });
}
