/**
 * The embedding API: everything that the command line does. Functions take plain options, report what happens to
 * `emit` as typed events, and throw `RpmociError`s, or the reason of a `signal` that was aborted; they never print, and
 * never end the process.
 */

export { type ErrorKind, RpmociError, type RpmociErrorOptions } from "./errors.js";
export type { Emit, KeyChange, PackageChange, RpmociEvent } from "./events.js";
export type { ExplainedChain, ExplainedLink } from "./explain/chains.js";
export type { GraphEdge, GraphPackage } from "./explain/graph.js";
export type { TreeNode, TreeRoot } from "./explain/tree.js";
export { collectGarbage, type Garbage, type GarbageOptions } from "./layout/garbage.js";
export { type LayoutProblem, type LayoutProblemCode, validateLayout } from "./layout/validate.js";
export { lockfileChanges } from "./lockfile/difference.js";
export { parseLockfile, readLockfile } from "./lockfile/read.js";
export { formatLockfile } from "./lockfile/write.js";
export { loadManifest, lockfilePathOf, parseManifest } from "./manifest/load.js";
export { hostArchitecture } from "./model/architecture.js";
export type { Checksum, ChecksumAlgorithm } from "./model/checksum.js";
export type { Annotations, Digest } from "./model/descriptor.js";
export type { LocatedChain, LocatedRequest, LocatedRule, ResolutionProblem } from "./model/explanation.js";
export type { LockedLocalPackage, LockedPackage, Lockfile, RepositoryKeys } from "./model/lockfile.js";
export type { ImageSection, Manifest, ManifestOrigins, RepositoryReference } from "./model/manifest.js";
export type { AccountsSection, GroupAccount, PathEntry, SourceFile, UserAccount } from "./model/root-shape.js";
export { type BuildOptions, type BuildResult, build, tagUnchanged } from "./pipeline/build.js";
export {
  type CacheEntry,
  type CacheOptions,
  type CachePruneOptions,
  cacheEntries,
  pruneCache,
  verifyCache,
} from "./pipeline/cache.js";
export { type LayerPlanOptions, type LayerReport, layerPlan } from "./pipeline/layer-plan.js";
export type { LockOptions } from "./pipeline/lock.js";
export type { CommonOptions } from "./pipeline/options.js";
export {
  openResolver,
  type RepositoryDefinition,
  type Resolution,
  type ResolvedPackage,
  type ResolveOptions,
  type Resolver,
  type ResolverOptions,
} from "./pipeline/resolver.js";
export { type Tree, type TreeOptions, tree } from "./pipeline/tree.js";
export { type UpdateOptions, type UpdateResult, update } from "./pipeline/update.js";
export { type VendorOptions, type VendorResult, vendor } from "./pipeline/vendor.js";
export { type PackageReasons, type WhyOptions, why } from "./pipeline/why.js";
export { describeRequest } from "./resolve/explain.js";
export { ResolutionError } from "./resolve/resolution-error.js";
export { version } from "./version.js";
