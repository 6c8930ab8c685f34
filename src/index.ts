/**
 * The embedding API: everything that the command line does. Functions take plain options, report what happens to
 * `emit` as typed events, and throw `RpmociError`s, or the reason of a `signal` that was aborted; they never print, and
 * never end the process.
 */

export { parseDestination } from "./destination/parse.js";
export { type ErrorKind, RpmociError, type RpmociErrorOptions } from "./errors.js";
export type { Emit, KeyChange, PackageChange, RpmociEvent } from "./events.js";
export type { ExplainedChain, ExplainedLink } from "./explain/chains.js";
export type { GraphEdge, GraphPackage } from "./explain/graph.js";
export type { TreeNode, TreeRoot } from "./explain/tree.js";
export { type MissingIds, missingSubordinateIds } from "./host/subordinate-ids.js";
export { namespaceArguments } from "./host/user-namespace.js";
export type { FileAspect, FileDeviation } from "./inspect/check-files.js";
export type { AspectDifference, ConfigurationDifference, FileDifference, LayerSums } from "./inspect/compare-images.js";
export type { PackageDifference } from "./inspect/compare-packages.js";
export type { ListedFile } from "./inspect/files.js";
export type { Removal, SizeGrouping, SizeReport, SizeRow } from "./inspect/size.js";
export { type InterchangeFormat, interchangeFormats } from "./interchange/format-names.js";
export { tagImage } from "./layout/copy-image.js";
export { collectGarbage, type Garbage, type GarbageOptions } from "./layout/garbage.js";
export { type ImageName, type ImageReference, parseImageReference } from "./layout/image-reference.js";
export { type LayoutProblem, type LayoutProblemCode, validateLayout } from "./layout/validate.js";
export { lockfileChanges } from "./lockfile/difference.js";
export { parseLockfile, readLockfile } from "./lockfile/read.js";
export { formatLockfile } from "./lockfile/write.js";
export { distributionNames } from "./manifest/distribution-names.js";
export { loadManifest, lockfilePathOf, parseManifest } from "./manifest/load.js";
export { architectureNames, hostArchitecture } from "./model/architecture.js";
export { SBOM_FORMATS, type SbomFormat } from "./model/attachment.js";
export type { Checksum, ChecksumAlgorithm } from "./model/checksum.js";
export type { Annotations, Digest } from "./model/descriptor.js";
export type { Destination, Repository } from "./model/destination.js";
export type { LocatedChain, LocatedRequest, LocatedRule, ResolutionProblem } from "./model/explanation.js";
export type { Finding } from "./model/finding.js";
export type { LockedLocalPackage, LockedPackage, Lockfile, RepositoryKeys } from "./model/lockfile.js";
export type { ImageSection, Manifest, ManifestOrigins, RepositoryReference } from "./model/manifest.js";
export type { AccountsSection, GroupAccount, PathEntry, SourceFile, UserAccount } from "./model/root-shape.js";
export { similarNames } from "./native/similar-names.js";
export { type OutputFile, writeOutput } from "./output-file.js";
export type { AttachmentOptions } from "./pipeline/attachments.js";
export { type BuildOptions, type BuildResult, build, tagUnchanged } from "./pipeline/build.js";
export {
  type CacheEntry,
  type CacheOptions,
  type CachePruneOptions,
  cacheEntries,
  pruneCache,
  verifyCache,
} from "./pipeline/cache.js";
export {
  type AffectedPackage,
  type ApplicableAdvisory,
  type CheckOptions,
  type CheckResult,
  check,
} from "./pipeline/check.js";
export { type Difference, type DiffOptions, diff, type ImagesDifference } from "./pipeline/diff.js";
export { type DiagnoseOptions, diagnose } from "./pipeline/doctor.js";
export { explainError } from "./pipeline/error-help.js";
export { type ExportOptions, exportLockfile } from "./pipeline/export.js";
export { type FilesOptions, imageFiles } from "./pipeline/files.js";
export { type ImportOptions, type ImportResult, importLockfile } from "./pipeline/import.js";
export { type InitOptions, type InitResult, init } from "./pipeline/init.js";
export { type LayerPlanOptions, type LayerReport, layerPlan } from "./pipeline/layer-plan.js";
export type { LockOptions } from "./pipeline/lock.js";
export type { CommonOptions } from "./pipeline/options.js";
export { checkDestinations, checkReachable, type PushOptions, type PushResult, push } from "./pipeline/push.js";
export type { InspectOptions } from "./pipeline/read-contents.js";
export {
  openResolver,
  type RepositoryDefinition,
  type Resolution,
  type ResolvedPackage,
  type ResolveOptions,
  type Resolver,
  type ResolverOptions,
} from "./pipeline/resolver.js";
export { type SbomOptions, sbom } from "./pipeline/sbom.js";
export { manifestSchema } from "./pipeline/schema.js";
export { imageSize, imageWithout, type RemovalOptions, type SizeOptions } from "./pipeline/size.js";
export { withTemporaryLayout } from "./pipeline/temporary-layout.js";
export { type Tree, type TreeOptions, tree } from "./pipeline/tree.js";
export { type UpdateOptions, type UpdateResult, update } from "./pipeline/update.js";
export { type VendorOptions, type VendorResult, vendor } from "./pipeline/vendor.js";
export { type ImageVerification, type VerifyImageOptions, verifyImage } from "./pipeline/verify-image.js";
export { type PackageReasons, type WhyOptions, why } from "./pipeline/why.js";
export { describeRequest } from "./resolve/explain.js";
export { ResolutionError } from "./resolve/resolution-error.js";
export { version } from "./version.js";
