/** What takes the space of an image. */
import { RpmociError } from "../errors.js";
import { bytesOf, textOf } from "../model/byte-string.js";
import { matchesGlob } from "../model/glob.js";
import type { Inode } from "../model/image-tree.js";
import { compareText } from "../model/nevra.js";
import type { DescribedPackage } from "../native/binding.js";
import { binding } from "../native/load.js";
import { type ImageContents, nevraOf } from "./contents.js";

export type SizeGrouping = "package" | "source" | "directory" | "layer";

export interface SizeRow {
  /** A NEVRA, a source package's file name, a directory, or a layer's digest; null for what no package owns. */
  readonly name: string | null;
  /** Bytes of the files' contents. */
  readonly size: number;
  readonly files: number;
  /** Bytes that go with the package: its own, and those of packages that nothing else requires. Null for all but packages. */
  readonly saves: number | null;
  /** Bytes of the layer's blob; null for all but layers. */
  readonly blobSize: number | null;
}

export interface SizeReport {
  /** Bytes of all files' contents. */
  readonly size: number;
  /** Bytes of all layers' blobs. */
  readonly blobSize: number;
  /** The largest first. */
  readonly rows: readonly SizeRow[];
}

export interface SizeReportOptions {
  readonly by: SizeGrouping;
  /** Directories of a path that count. */
  readonly depth: number;
  /** Indices of packages that are there for their own sake. */
  readonly requested: ReadonlySet<number>;
}

/** A file is counted once, however many names and owners it has: for the first of them. */
export function sizeReport(contents: ImageContents, { by, depth, requested }: SizeReportOptions): SizeReport {
  const { source, tree } = contents;
  const sums = new Map<string | null, { size: number; files: number }>();
  const labelOf = labeller(contents, by, depth);
  // What has no files of its own may be what brings others.
  if (by === "package") for (const entry of contents.packages) sums.set(nevraOf(entry), { size: 0, files: 0 });
  if (by === "layer") for (const { digest } of source.layers) sums.set(digest, { size: 0, files: 0 });
  const counted = new Set<Inode>();
  for (const { path, inode } of tree.files) {
    if (inode.type === "directory" || counted.has(inode)) continue;
    counted.add(inode);
    const label = labelOf(path, inode);
    const sum = sums.get(label) ?? { size: 0, files: 0 };
    sums.set(label, { size: sum.size + inode.size, files: sum.files + 1 });
  }
  const saves = by === "package" ? savings(contents, requested) : null;
  const blobSizes = new Map<string | null, number>(source.layers.map(({ digest, size }) => [digest, size]));
  const rows = [...sums].map(
    ([name, { size, files }]): SizeRow => ({
      name,
      size,
      files,
      saves: saves?.get(name) ?? null,
      blobSize: by === "layer" ? (blobSizes.get(name) ?? null) : null,
    }),
  );
  return {
    size: rows.reduce((sum, row) => sum + row.size, 0),
    blobSize: source.layers.reduce((sum, { size }) => sum + size, 0),
    rows: rows.sort((a, b) => b.size - a.size || compareText(a.name ?? "", b.name ?? "")),
  };
}

function labeller(
  { source, owners }: ImageContents,
  by: SizeGrouping,
  depth: number,
): (path: string, inode: Inode) => string | null {
  const ownerOf = (path: string): DescribedPackage | undefined => owners.get(path)?.[0]?.package;
  switch (by) {
    case "package":
      return (path) => {
        const owner = ownerOf(path);
        return owner === undefined ? null : nevraOf(owner);
      };
    case "source":
      return (path) => {
        const owner = ownerOf(path);
        return owner === undefined ? null : owner.sourceRpm || nevraOf(owner);
      };
    case "directory":
      return (path) => textOf(`/${path.split("/").slice(1, -1).slice(0, depth).join("/")}`);
    case "layer":
      return (_, { layer }) => source.layers[layer]?.digest ?? null;
  }
}

/** What removing packages would do. */
export interface Removal {
  /** NEVRAs of those that were named, and then of those that nothing else requires, each sorted. */
  readonly packages: readonly string[];
  /** NEVRAs of packages that stay and require one of them, sorted. */
  readonly requiredBy: readonly string[];
  /** Bytes of files that no other package owns. */
  readonly saves: number;
}

/**
 * What goes with the packages that each of `patterns` names, by name, NEVRA or a glob of these. Throws an `RpmociError` of
 * kind `usage` for one that names none.
 */
export function removalOf(
  contents: ImageContents,
  patterns: readonly string[],
  requested: ReadonlySet<number>,
): Removal {
  const { packages } = contents;
  const named = new Set(patterns.flatMap((pattern) => indicesOf(packages, pattern, contents.source.name)));
  const gone = withOrphans(packages, named, requested);
  const label = (index: number): string => nevraOf(packages[index] as DescribedPackage);
  const orphans = [...gone].filter((index) => !named.has(index));
  const dependents = [...packages.keys()].filter(
    (index) => !gone.has(index) && packages[index]?.needs.some((need) => gone.has(need)),
  );
  return {
    packages: [...[...named].map(label).sort(compareText), ...orphans.map(label).sort(compareText)],
    requiredBy: dependents.map(label).sort(compareText),
    saves: sizeOf(gone, ownedSizes(contents)),
  };
}

function matching(packages: readonly DescribedPackage[], pattern: string): readonly number[] {
  return [...packages.keys()].filter((index) => {
    const entry = packages[index] as DescribedPackage;
    const { name, evr, arch } = entry;
    const [version = ""] = evr.split("-");
    const forms = [name, `${name}.${arch}`, `${name}-${version}`, `${name}-${evr}`, nevraOf(entry)];
    return forms.some((text) => matchesGlob(pattern, text));
  });
}

/**
 * The packages that specifications of a manifest ask for, as far as they give names, NEVRAs, globs of these, or paths; and
 * those with the names `local`.
 */
export function requestedPackages(
  { packages, owners }: ImageContents,
  specs: readonly string[],
  local: readonly string[],
): ReadonlySet<number> {
  const byPath = specs.flatMap((spec) => owners.get(bytesOf(spec)) ?? []).map((owned) => owned.package);
  const named = [...specs.map((spec) => spec.split(/[\s<>=]/, 1)[0] ?? spec), ...local];
  return new Set([
    ...named.flatMap((name) => matching(packages, name)),
    ...byPath.map((entry) => packages.indexOf(entry)),
  ]);
}

function indicesOf(packages: readonly DescribedPackage[], pattern: string, image: string): readonly number[] {
  const indices = matching(packages, pattern);
  if (indices.length > 0) return indices;
  const similar = binding().similarNames(pattern, [...new Set(packages.map(({ name }) => name))]);
  throw new RpmociError(`'${pattern}' names no package of the image ${image}`, {
    kind: "usage",
    code: "PACKAGE_UNKNOWN",
    hint: similar.length === 0 ? undefined : `did you mean ${similar.join(", ")}?`,
  });
}

/** By NEVRA: the bytes that go with each package. */
function savings(contents: ImageContents, requested: ReadonlySet<number>): ReadonlyMap<string | null, number> {
  const { packages } = contents;
  const sizes = ownedSizes(contents);
  const entries = packages.map((entry, index): [string, number] => {
    return [nevraOf(entry), sizeOf(withOrphans(packages, new Set([index]), requested), sizes)];
  });
  return new Map(entries);
}

/**
 * `named`, and what is required, directly or not, by these only. What is `requested` stays, what the others reach, and
 * packages that require one of those that go, with all that they require.
 */
function withOrphans(
  packages: readonly DescribedPackage[],
  named: ReadonlySet<number>,
  requested: ReadonlySet<number>,
): ReadonlySet<number> {
  const below = reachable(packages, named, new Set());
  const isRoot = (index: number): boolean => !below.has(index) || (requested.has(index) && !named.has(index));
  const roots = new Set([...packages.keys()].filter(isRoot));
  const stays = reachable(packages, roots, named);
  return new Set([...named, ...[...below].filter((index) => !stays.has(index))]);
}

/** What `from` requires, directly or not, `from` included, without what is in `blocked` or behind it. */
function reachable(
  packages: readonly DescribedPackage[],
  from: ReadonlySet<number>,
  blocked: ReadonlySet<number>,
): Set<number> {
  const seen = new Set(from);
  const open = [...from];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const need of packages[next]?.needs ?? []) {
      if (seen.has(need) || blocked.has(need)) continue;
      seen.add(need);
      open.push(need);
    }
  }
  return seen;
}

/** The owners of files, as indices of packages, with the files' sizes. */
type OwnedSizes = readonly { readonly owners: readonly number[]; readonly size: number }[];

function ownedSizes({ packages, owners, tree }: ImageContents): OwnedSizes {
  const indices = new Map(packages.map((entry, index) => [entry, index]));
  const byInode = new Map<Inode, Set<number>>();
  for (const [path, owned] of owners) {
    const inode = tree.byPath.get(path)?.inode;
    if (inode === undefined || inode.size === 0) continue;
    const known = byInode.get(inode) ?? new Set<number>();
    for (const { package: owner } of owned) known.add(indices.get(owner) ?? -1);
    byInode.set(inode, known);
  }
  return [...byInode].map(([{ size }, known]) => ({ owners: [...known], size }));
}

function sizeOf(gone: ReadonlySet<number>, sizes: OwnedSizes): number {
  let sum = 0;
  for (const { owners, size } of sizes) if (owners.every((owner) => gone.has(owner))) sum += size;
  return sum;
}
