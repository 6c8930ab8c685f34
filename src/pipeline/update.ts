/** `rpmoci update`: resolves and writes the lockfile. */
import { RpmociError } from "../errors.js";
import type { KeyChange, PackageChange } from "../events.js";
import { baseChanges, lockfileChanges } from "../lockfile/difference.js";
import { fitsManifest } from "../lockfile/fit.js";
import { joinParts, withFirst } from "../lockfile/parts.js";
import { readLockfile } from "../lockfile/read.js";
import { loadManifest } from "../manifest/load.js";
import { findLocalPackages } from "../manifest/local-packages.js";
import { hostArchitecture } from "../model/architecture.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import {
  type ArchitectureOptions,
  architecturesToLock,
  askedArchitectures,
  forEachArchitecture,
} from "./architectures.js";
import { keyChanges } from "./key-changes.js";
import { differsFromFile, PendingLockfile } from "./lockfile-writer.js";
import { type CommonOptions, type Context, contextOf } from "./options.js";
import { PolicyGate } from "./policy.js";
import { readLockfileOrWarn } from "./previous-lockfile.js";
import { RepositoryResolver } from "./resolver.js";

/** Without `archs`, the manifest's, or those of the lockfile that is there, or this machine's. */
export interface UpdateOptions extends CommonOptions, ArchitectureOptions {
  /** Resolve from the locked requirements of local packages, which need not be there. */
  readonly fromLockfile?: boolean;
  /**
   * Update only these, and what must move with them: locked packages or specifications of the manifest, by their names
   * or by globs; all when absent or empty.
   */
  readonly packages?: readonly string[];
  /** Find out what would change, and write nothing. */
  readonly dryRun?: boolean;
}

export interface UpdateResult {
  /** Absolute. */
  readonly lockfilePath: string;
  readonly lockfile: Lockfile;
  /** Against the lockfile that was there; all packages are new when none could be read. */
  readonly changes: readonly PackageChange[];
  /** Against the same; none for repositories that had no keys. */
  readonly keyChanges: readonly KeyChange[];
  /** Whether the file that was there has other contents, be it another checksum, key or specification only. */
  readonly changed: boolean;
  /** False for a dry run. */
  readonly written: boolean;
}

/**
 * Resolves the manifest's packages by what the repositories offer now, and replaces the lockfile atomically. Needs no
 * root. Throws an `RpmociError`, of kind `usage` for a package to update that is not known; the lockfile is then as it
 * was before.
 */
export async function update(options: UpdateOptions): Promise<UpdateResult> {
  const context = contextOf(options);
  const manifest = await loadManifest(options.manifestPath);
  const { fromLockfile = false, dryRun = false } = options;
  const previous = await previousLockfile(manifest, fromLockfile, context);
  const archs = architecturesToLock(askedArchitectures(options), manifest, previous);
  const parts = await forEachArchitecture(archs, context.emit, (entry) =>
    lockPart(entry.manifest, previous, options, context),
  );
  const lockfile = joinParts(parts);
  context.signal?.throwIfAborted();
  const path = manifest.lockfilePath;
  const changes = lockfileChanges(previous, lockfile);
  const keys = await keyChanges(previous, lockfile);
  const changed = await differsFromFile(path, lockfile);
  if (!dryRun) await writeLockfile(path, lockfile);
  for (const change of baseChanges(previous, lockfile)) context.emit({ type: "base-change", ...change });
  for (const change of changes) context.emit({ type: "lockfile-change", change });
  for (const change of keys) context.emit({ type: "key-change", change });
  if (!dryRun) context.emit({ type: "lockfile-written", path });
  else if (changed && changes.length + keys.length + baseChanges(previous, lockfile).length === 0)
    context.emit({ type: "lockfile-differs", path });
  return { lockfilePath: path, lockfile, changes, keyChanges: keys, changed, written: !dryRun };
}

async function lockPart(
  manifest: Manifest,
  previous: Lockfile | null,
  { fromLockfile = false, packages = [] }: UpdateOptions,
  context: Context,
): Promise<Lockfile> {
  const { arch } = manifest;
  const before = previous === null || arch === undefined ? previous : withFirst(previous, arch);
  if (fromLockfile && before === null) throw outdated();
  const resolver = await RepositoryResolver.configure(manifest, arch ?? hostArchitecture(), context);
  try {
    const lock = await resolver.lock(manifest, {
      previous: before,
      packages,
      fromLockfile,
      signal: context.signal,
    });
    const policy = new PolicyGate(manifest, lock, context);
    await policy.checkLock(true);
    await policy.checkLockedPackages(resolver, fromLockfile ? [] : await findLocalPackages(manifest, "fail"));
    return lock;
  } finally {
    await resolver.close();
  }
}

async function writeLockfile(path: string, lockfile: Lockfile): Promise<void> {
  const pending = await PendingLockfile.prepare(path, lockfile);
  try {
    await pending.commit();
  } finally {
    await pending.discard();
  }
}

async function previousLockfile(manifest: Manifest, fromLockfile: boolean, context: Context): Promise<Lockfile | null> {
  const path = manifest.lockfilePath;
  if (!fromLockfile) return readLockfileOrWarn(path, context.emit);
  const previous = await readLockfile(path);
  if (previous !== null && fitsManifest(previous, manifest)) return previous;
  throw outdated();
}

function outdated(): RpmociError {
  return new RpmociError(
    "the lock file is not up-to-date. Use of --from-lockfile requires that the lock file is up-to-date",
    { kind: "lockfile", code: "LOCKFILE_OUTDATED", hint: "run rpmoci update where the local RPMs are" },
  );
}
