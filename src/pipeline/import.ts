/** `rpmoci import`: a lockfile out of another tool's. */
import type { PackageChange } from "../events.js";
import type { ImportedPackage } from "../interchange/formats.js";
import { lockfileChanges } from "../lockfile/difference.js";
import { joinParts } from "../lockfile/parts.js";
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
import { PendingLockfile } from "./lockfile-writer.js";
import { type CommonOptions, type Context, contextOf } from "./options.js";
import { PolicyGate } from "./policy.js";
import { RepositoryResolver } from "./resolver.js";

export interface ImportOptions extends CommonOptions, ArchitectureOptions {
  /** An `rpms.lock.yaml`, or a package manifest of dnf. */
  readonly file: string;
}

export interface ImportResult {
  /** Absolute. */
  readonly lockfilePath: string;
  readonly lockfile: Lockfile;
  /** From the file to the lockfile: what no repository offers any more, what the manifest needs besides, or does not need. */
  readonly changes: readonly PackageChange[];
}

/**
 * Resolves the manifest's packages to those of the file, as far as they are needed and the repositories offer them, and
 * replaces the lockfile atomically. Throws an `RpmociError`, of kind `usage` for a file that is no such document.
 */
export async function importLockfile(options: ImportOptions): Promise<ImportResult> {
  const context = contextOf(options);
  const manifest = await loadManifest(options.manifestPath);
  const { importedPackages } = await import("../interchange/formats.js");
  const { readYaml } = await import("../interchange/yaml.js");
  const document = await readYaml(options.file);
  const archs = architecturesToLock(askedArchitectures(options), manifest, null);
  const imported: Lockfile[] = [];
  const parts = await forEachArchitecture(archs, context.emit, async (entry) => {
    const arch = entry.arch ?? hostArchitecture();
    const previous = lockfileOf(importedPackages(document, options.file, arch), entry.manifest);
    imported.push(previous);
    return resolvePart(entry.manifest, arch, previous, context);
  });
  context.signal?.throwIfAborted();
  const lockfile = joinParts(parts);
  const changes = lockfileChanges(joinParts(imported), lockfile);
  const pending = await PendingLockfile.prepare(manifest.lockfilePath, lockfile);
  try {
    await pending.commit();
  } finally {
    await pending.discard();
  }
  for (const change of changes) context.emit({ type: "lockfile-change", change });
  context.emit({ type: "lockfile-written", path: manifest.lockfilePath });
  return { lockfilePath: manifest.lockfilePath, lockfile, changes };
}

async function resolvePart(manifest: Manifest, arch: string, previous: Lockfile, context: Context): Promise<Lockfile> {
  const resolver = await RepositoryResolver.configure(manifest, arch, context);
  try {
    const lockfile = await resolver.lock(manifest, { previous, keep: true, signal: context.signal });
    const policy = new PolicyGate(manifest, lockfile, context);
    await policy.checkLock(true);
    await policy.checkLockedPackages(resolver, await findLocalPackages(manifest, "fail"));
    return lockfile;
  } finally {
    await resolver.close();
  }
}

/** What of a lockfile a resolution keeps: the rest of it is found out anew. */
function lockfileOf(packages: readonly ImportedPackage[], manifest: Manifest): Lockfile {
  return {
    packageSpecs: manifest.packages,
    globalKeySpecs: [],
    modules: manifest.modules,
    modulePlatformId: manifest.modulePlatformId,
    arch: manifest.arch,
    packages: packages.map(({ name, evr, arch, repositoryId = "", checksum }) => ({
      name,
      evr,
      arch,
      repositoryId,
      checksum: checksum ?? { algorithm: "sha256", value: "" },
      location: undefined,
      size: undefined,
      sourceRpm: undefined,
      buildTime: undefined,
      signedBy: undefined,
      sha256: undefined,
    })),
    localPackages: [],
    repositoryKeys: new Map(),
    layerPlan: null,
    others: [],
  };
}
