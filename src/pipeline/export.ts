/** `rpmoci export`: the locked packages for other tools. */
import { RpmociError } from "../errors.js";
import { urlsAt } from "../fetch/packages.js";
import { HttpTransport } from "../fetch/transport.js";
import type { InterchangeFormat } from "../interchange/format-names.js";
import type { ExportedPackage, ExportedPart } from "../interchange/formats.js";
import { lockArchitecture, lockedArchitectures, partOf } from "../lockfile/parts.js";
import { loadManifest } from "../manifest/load.js";
import type { LockedPackage, Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import { compareText, formatNevra } from "../model/nevra.js";
import { withoutCredentials } from "../model/url.js";
import { readExistingLockfile } from "./existing-lockfile.js";
import { type CommonOptions, type Context, contextOf } from "./options.js";
import { Repositories } from "./repositories.js";

export interface ExportOptions extends CommonOptions {
  readonly format: InterchangeFormat;
}

/**
 * The lockfile as a document in YAML. Where it does not tell a package's location, the repositories are asked. Local RPMs
 * are left out, with a warning. Throws an `RpmociError`, of kind `lockfile` when there is none.
 */
export async function exportLockfile(options: ExportOptions): Promise<string> {
  const context = contextOf(options);
  const manifest = await loadManifest(options.manifestPath);
  const lock = await readExistingLockfile(manifest.lockfilePath);
  const names = new Set([lock, ...lock.others].flatMap(({ localPackages }) => localPackages.map(({ name }) => name)));
  for (const name of names) {
    context.emit({ type: "warning", message: `the local package ${name} is left out: it is in no repository` });
  }
  const parts: ExportedPart[] = [];
  for (const arch of lockedArchitectures(lock)) {
    parts.push(await exportedPart(manifest, partOf(lock, arch, manifest.lockfilePath), context));
  }
  const { exportedDocument } = await import("../interchange/formats.js");
  const { yamlText } = await import("../interchange/yaml.js");
  return yamlText(exportedDocument(options.format, parts));
}

async function exportedPart(manifest: Manifest, lock: Lockfile, context: Context): Promise<ExportedPart> {
  const arch = lockArchitecture(lock);
  const transport = new HttpTransport(context);
  const repositories = await Repositories.configure(manifest, arch, transport, context);
  try {
    const packages: ExportedPackage[] = [];
    for (const locked of lock.packages) packages.push(await exported(locked, repositories));
    const ids = [...new Set(packages.map(({ repositoryId }) => repositoryId))].sort(compareText);
    const bases = await Promise.all(
      ids.map(async (id) => ({ id, baseUrl: withoutCredentials((await repositories.baseUrlsOf(id))[0] ?? "") })),
    );
    return { arch, packages, repositories: bases };
  } finally {
    await repositories.close();
    await transport.close();
  }
}

async function exported(locked: LockedPackage, repositories: Repositories): Promise<ExportedPackage> {
  const { name, evr, arch, repositoryId, checksum, size, sourceRpm, location } = locked;
  const [known] = location === undefined ? [] : urlsAt(location, await repositories.baseUrlsOf(repositoryId));
  const url = known ?? (await repositories.locate(locked))[0];
  if (url === undefined) {
    throw new RpmociError(`no repository has the package ${formatNevra(locked)} any more`, {
      kind: "fetch",
      code: "PACKAGE_WITHDRAWN",
      hint: `run rpmoci update ${name}`,
    });
  }
  const place = withoutCredentials(url);
  const architecture = arch ?? /\.([^.]+)\.rpm$/.exec(place)?.[1] ?? "noarch";
  return { name, evr, arch: architecture, repositoryId, checksum, size, sourceRpm, url: place, location };
}
