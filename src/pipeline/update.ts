/** `rpmoci update`: resolves and writes the lockfile. */
import { RpmociError } from "../errors.js";
import type { PackageChange } from "../events.js";
import { HttpTransport } from "../fetch/transport.js";
import { lockfileChanges } from "../lockfile/difference.js";
import { fitsManifest } from "../lockfile/fit.js";
import { readLockfile } from "../lockfile/read.js";
import { loadManifest } from "../manifest/load.js";
import { hostArchitecture } from "../model/architecture.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import { lockFromLockfile, lockFromManifest } from "./lock.js";
import { PendingLockfile } from "./lockfile-writer.js";
import { type CommonOptions, type Context, contextOf } from "./options.js";
import { readLockfileOrWarn } from "./previous-lockfile.js";
import { Repositories } from "./repositories.js";

export interface UpdateOptions extends CommonOptions {
  /** Resolve from the locked requirements of local packages, which need not be there. */
  readonly fromLockfile?: boolean;
}

export interface UpdateResult {
  /** Absolute. */
  readonly lockfilePath: string;
  readonly lockfile: Lockfile;
  /** Against the lockfile that was there; all packages are new when none could be read. */
  readonly changes: readonly PackageChange[];
}

/**
 * Resolves the manifest's packages by what the repositories offer now, and replaces the lockfile atomically. Needs no
 * root. Throws an `RpmociError`; the lockfile is then as it was before.
 */
export async function update(options: UpdateOptions): Promise<UpdateResult> {
  const context = contextOf(options);
  const manifest = await loadManifest(options.manifestPath);
  const fromLockfile = options.fromLockfile === true;
  const previous = await previousLockfile(manifest, fromLockfile, context);
  const transport = new HttpTransport(context.cacheDirectory, context.emit, context.signal);
  try {
    const repositories = await Repositories.configure(manifest, hostArchitecture(), transport, context);
    const lockfile =
      fromLockfile && previous !== null
        ? await lockFromLockfile(manifest, previous, repositories, context)
        : await lockFromManifest(manifest, repositories, context);
    context.signal?.throwIfAborted();
    const changes = lockfileChanges(previous, lockfile);
    const pending = await PendingLockfile.prepare(manifest.lockfilePath, lockfile);
    try {
      await pending.commit();
    } finally {
      await pending.discard();
    }
    for (const change of changes) context.emit({ type: "lockfile-change", change });
    context.emit({ type: "lockfile-written", path: manifest.lockfilePath });
    return { lockfilePath: manifest.lockfilePath, lockfile, changes };
  } finally {
    await transport.close();
  }
}

async function previousLockfile(manifest: Manifest, fromLockfile: boolean, context: Context): Promise<Lockfile | null> {
  const path = manifest.lockfilePath;
  if (!fromLockfile) return readLockfileOrWarn(path, context.emit);
  const previous = await readLockfile(path);
  if (previous !== null && fitsManifest(previous, manifest)) return previous;
  throw new RpmociError(
    "the lock file is not up-to-date. Use of --from-lockfile requires that the lock file is up-to-date",
    { kind: "lockfile", code: "LOCKFILE_OUTDATED", hint: "run rpmoci update where the local RPMs are" },
  );
}
