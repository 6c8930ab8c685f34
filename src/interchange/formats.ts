/**
 * Locked packages as other tools write them: `rpms.lock.yaml` (lockfileVersion 1), which Konflux's prefetching reads, and
 * the package manifest of dnf (`rpm-package-manifest`, version 0.2).
 */
import * as v from "valibot";
import { RpmociError } from "../errors.js";
import { type Checksum, checksumAlgorithm, formatChecksum, isChecksumValue } from "../model/checksum.js";
import { withoutZeroEpoch } from "../model/nevra.js";
import type { InterchangeFormat } from "./format-names.js";

export interface ExportedPackage {
  readonly name: string;
  readonly evr: string;
  readonly arch: string;
  readonly repositoryId: string;
  readonly checksum: Checksum;
  readonly size: number | undefined;
  readonly sourceRpm: string | undefined;
  readonly url: string;
  /** Relative to the repository's base URL; undefined when it lies elsewhere. */
  readonly location: string | undefined;
}

export interface ExportedRepository {
  readonly id: string;
  readonly baseUrl: string;
}

/** What the image for one architecture is made of. */
export interface ExportedPart {
  readonly arch: string;
  readonly packages: readonly ExportedPackage[];
  readonly repositories: readonly ExportedRepository[];
}

/** The document as plain data. */
export function exportedDocument(format: InterchangeFormat, parts: readonly ExportedPart[]): object {
  return format === "konflux" ? konfluxDocument(parts) : dnfDocument(parts);
}

function konfluxDocument(parts: readonly ExportedPart[]): object {
  const arches = parts.map(({ arch, packages }) => ({
    arch,
    packages: packages.map(konfluxPackage),
    source: [],
    module_metadata: [],
  }));
  return { lockfileVersion: 1, lockfileVendor: "redhat", arches };
}

function konfluxPackage(entry: ExportedPackage): object {
  const { url, repositoryId, size, checksum, name, evr, sourceRpm } = entry;
  return present({
    url,
    repoid: repositoryId,
    size,
    checksum: formatChecksum(checksum),
    name,
    evr,
    sourcerpm: sourceRpm,
  });
}

function dnfDocument(parts: readonly ExportedPart[]): object {
  const byArch: Record<string, object[]> = {};
  // Packages for no architecture, and repositories without one in their URLs, are those of several parts.
  const packages = distinct(parts.flatMap((part) => part.packages));
  const repositories = distinct(parts.flatMap((part) => part.repositories));
  for (const { name, evr, arch, repositoryId, checksum, size, sourceRpm, location } of packages) {
    byArch[arch] ??= [];
    byArch[arch].push(
      present({
        name,
        repo_id: repositoryId,
        location,
        checksum: formatChecksum(checksum),
        size,
        evr,
        srpm: sourceRpm?.replace(/\.rpm$/, ""),
      }),
    );
  }
  return {
    document: "rpm-package-manifest",
    version: "0.2.0",
    data: { repositories: repositories.map(({ id, baseUrl }) => ({ id, baseurl: baseUrl })), packages: byArch },
  };
}

function distinct<T>(entries: readonly T[]): readonly T[] {
  return [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()];
}

function present(entry: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
}

/** What a document tells of a package; `arch` and `repositoryId` only where it does. */
export interface ImportedPackage {
  readonly name: string;
  /** Without an epoch of 0. */
  readonly evr: string;
  readonly arch: string | undefined;
  readonly repositoryId: string | undefined;
  readonly checksum: Checksum | undefined;
}

const text = v.string();
const konflux = v.object({
  lockfileVersion: v.union([v.literal(1), v.literal("1")]),
  arches: v.array(
    v.object({
      arch: text,
      packages: v.optional(
        v.array(
          v.object({
            url: text,
            repoid: v.optional(text),
            checksum: v.optional(text),
            name: v.optional(text),
            evr: v.optional(text),
          }),
        ),
        [],
      ),
    }),
  ),
});
const dnf = v.object({
  document: v.literal("rpm-package-manifest"),
  data: v.object({
    packages: v.record(text, v.array(v.object({ name: text, evr: text, repo_id: text, checksum: text }))),
  }),
});

/**
 * The packages for `arch` of a document of either format. Throws an `RpmociError` of kind `usage` for another document,
 * or one without packages for that architecture.
 */
export function importedPackages(document: unknown, path: string, arch: string): readonly ImportedPackage[] {
  const asKonflux = v.safeParse(konflux, document);
  const asDnf = v.safeParse(dnf, document);
  if (!asKonflux.success && !asDnf.success) {
    throw unusable(path, "is neither an rpms.lock.yaml of version 1 nor a package manifest of dnf");
  }
  const packages = asKonflux.success
    ? asKonflux.output.arches.filter((entry) => entry.arch === arch).flatMap((entry) => entry.packages.map(fromKonflux))
    : fromDnf(asDnf.success ? asDnf.output.data.packages : {}, arch);
  if (packages.length === 0) throw unusable(path, `has no packages for ${arch}`);
  return packages.map((entry, index) => {
    if (entry === null) throw unusable(path, `does not tell the version of package ${index + 1}`);
    return entry;
  });
}

type KonfluxPackage = v.InferOutput<typeof konflux>["arches"][number]["packages"][number];

/** Older documents have names of files only, which lack the epoch. */
function fromKonflux({ url, repoid, checksum, name, evr }: KonfluxPackage): ImportedPackage | null {
  const file = decodeURIComponentOrNot(url.split("/").at(-1) ?? "");
  const [, fileName, fileEvr, arch] = /^(.+)-([^-]+-[^-]+)\.([^.-]+)\.rpm$/.exec(file) ?? [];
  const known = { name: name ?? fileName, evr: evr ?? fileEvr };
  if (known.name === undefined || known.evr === undefined) return null;
  return {
    name: known.name,
    evr: withoutZeroEpoch(known.evr),
    arch,
    repositoryId: repoid,
    checksum: checksum === undefined ? undefined : parsedChecksum(checksum),
  };
}

type DnfPackages = v.InferOutput<typeof dnf>["data"]["packages"];

function fromDnf(packages: DnfPackages, arch: string): readonly ImportedPackage[] {
  return Object.entries(packages)
    .filter(([key]) => key === arch || key === "noarch")
    .flatMap(([key, entries]) =>
      entries.map(({ name, evr, repo_id, checksum }) => ({
        name,
        evr: withoutZeroEpoch(evr),
        arch: key,
        repositoryId: repo_id,
        checksum: parsedChecksum(checksum),
      })),
    );
}

function parsedChecksum(value: string): Checksum | undefined {
  const [name = "", digits = ""] = value.split(":", 2);
  const algorithm = checksumAlgorithm(name);
  return algorithm !== null && isChecksumValue(algorithm, digits) ? { algorithm, value: digits } : undefined;
}

function decodeURIComponentOrNot(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function unusable(path: string, reason: string): RpmociError {
  return new RpmociError(`${path} ${reason}`, { kind: "usage", code: "INTERCHANGE_INVALID" });
}
