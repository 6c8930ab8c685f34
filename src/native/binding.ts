/**
 * The types of the addon: plain data in, plain data out. The functions of `native/bindings/` implement them and assume
 * valid arguments; whoever calls them has validated. Paths are absolute. A rejected promise carries an `Error` whose
 * `code` is one of the upper-case identifiers named below and whose message names the thing at fault.
 */

export interface Versions {
  readonly libsolv: string;
  readonly librpm: string;
  readonly libdeflate: string;
  readonly zstd: string;
  readonly sqlite: string;
}

export type ChecksumAlgorithm = "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512";

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Lower-case hexadecimal digits. */
  readonly value: string;
}

/** What a metadata file must unpack to, as far as repomd.xml says. */
export interface OpenContents {
  /** The file's name inside the repository, for messages. */
  readonly location: string;
  /** Bytes. */
  readonly openSize: number | undefined;
  readonly openChecksum: Checksum | undefined;
}

/** A repository whose metadata files have been downloaded and verified. */
export interface RepositoryFiles {
  readonly id: string;
  /** dnf's meaning: the lower number wins; 99 is the default. */
  readonly priority: number;
  /** dnf's meaning: the lower number is preferred between equal packages; 1000 is the default. */
  readonly cost: number;
  readonly repomd: string;
  readonly primary: string;
  readonly primaryContents?: OpenContents;
  /** Null when there is none, or when it comes later. */
  readonly filelists: string | null;
  /** The repository has filelists, which `Pool.addFilelists` gives when an answer depends on them. */
  readonly filelistsOnDemand?: boolean;
  readonly filelistsContents?: OpenContents | undefined;
  /** Package specifications; when not empty, all other packages of the repository are hidden. */
  readonly includePackages: readonly string[];
  /** Package specifications that are hidden. */
  readonly excludePackages: readonly string[];
  /** Whether module streams hide none of its packages; false if absent. */
  readonly moduleHotfixes?: boolean;
}

/** A module that a build requires in one of some streams; in any, when there are none. */
export interface ModuleRequirement {
  readonly module: string;
  /** Texts that begin with `-` are streams that must not be active. */
  readonly streams: readonly string[];
}

/** One build of a module stream. */
export interface ModuleBuild {
  readonly name: string;
  readonly stream: string;
  /** Decimal digits without leading zeros. */
  readonly version: string;
  readonly context: string;
  /** Empty if unknown. */
  readonly arch: string;
  /** Whether the context alone tells builds with different requirements apart. */
  readonly staticContext: boolean;
  readonly requires: readonly ModuleRequirement[];
  /** NEVRAs of its packages, with their epochs. */
  readonly artifacts: readonly string[];
  /** Names of packages that have left the module. */
  readonly demodularized: readonly string[];
  readonly profiles: readonly { readonly name: string; readonly packages: readonly string[] }[];
}

export interface ModuleRequest {
  readonly arch: string;
  readonly repositories: readonly { readonly repositoryId: string; readonly builds: readonly ModuleBuild[] }[];
  readonly defaults: readonly { readonly module: string; readonly stream: string }[];
  /** `name:stream:version:context::arch/profile`, from which all but the name may be left out. */
  readonly specs: readonly string[];
  /** `platform:el9` and the like; null to take what the packages that provide `system-release` say. */
  readonly platformId: string | null;
}

export interface RefusedModule {
  readonly spec: string;
  /**
   * `invalid`: of no known form; `unknown`: no such module or stream; `ambiguous`: several streams, none the default;
   * `taken`: another stream of it is enabled; `profile`: no such profile; `inactive`: none of its builds is active.
   */
  readonly reason: "invalid" | "unknown" | "ambiguous" | "taken" | "profile" | "inactive";
  /** Names like it, its streams, the stream that is enabled, or its profiles. */
  readonly alternatives: readonly string[];
}

/** A package that a profile installs: of the stream's artifacts, of a repository with hotfixes, or else any. */
export interface ProfilePackage {
  readonly spec: string;
  readonly name: string;
  readonly artifacts: readonly string[];
}

export interface ModuleProblem {
  /** One sentence a rule, the most telling first. */
  readonly messages: readonly string[];
}

export interface ModuleReport {
  readonly platformId: string | null;
  /**
   * `defaults`: some default streams cannot be active; `latest`: the latest build of a stream cannot; `conflict`: enabled
   * streams cannot, and those that conflict are not; `broken`: no module is active.
   */
  readonly status: "good" | "defaults" | "latest" | "conflict" | "broken";
  /** Why the status is not `good`. */
  readonly problems: readonly ModuleProblem[];
  readonly refused: readonly RefusedModule[];
  readonly profilePackages: readonly ProfilePackage[];
  /** `name:stream:version:context:arch` of all active builds, sorted. */
  readonly active: readonly string[];
}

export interface PoolOptions {
  /** rpm's name of the architecture to install for, for example `x86_64`. */
  readonly arch: string;
  /** RPM files that are not in a repository. They form the repository `@commandline`. */
  readonly localPackages: readonly string[];
  /** What is installed already, as the repository `@base`; nothing when absent. */
  readonly installed?: RootDatabase | undefined;
  /** A folder to keep parsed metadata in, which several processes may use; nothing is kept without it. */
  readonly cacheDirectory?: string;
}

/** A package that a comps group lists. */
export interface GroupPackage {
  /** The specification of the group, for messages. */
  readonly spec: string;
  readonly name: string;
  /** The capability that must be installed for it to be installed; null when it needs none. */
  readonly condition: string | null;
  readonly baseArchitectureOnly: boolean;
}

/** A package of an earlier resolution. */
export interface EarlierPackage {
  readonly name: string;
  /** Without an epoch of 0. */
  readonly evr: string;
  /** Undefined when it is not known. */
  readonly arch: string | undefined;
  readonly repositoryId: string;
  readonly checksum: Checksum;
}

export interface SolveJob {
  /** What dnf takes on its command line: names, globs, NEVRA forms, capabilities, file paths. All must be satisfied. */
  readonly specs: readonly string[];
  /** RPM dependencies that the result must satisfy, for example `libc.so.6(GLIBC_2.34)(64bit)` or `(a or b)`. */
  readonly requirements: readonly string[];
  /** Paths out of `PoolOptions.localPackages` that must be installed. */
  readonly localPackages: readonly string[];
  /** As `specs`, but what no repository has is left out. */
  readonly groupPackages?: readonly GroupPackage[];
  /**
   * Stays, but for what is renewed, as far as it can and is needed. When nothing of it stays, everything is resolved
   * afresh.
   */
  readonly kept?: readonly EarlierPackage[];
  /** Names of packages, and entries of `specs`, which get the best version that fits. */
  readonly renewed?: readonly string[];
  /** From `Pool.selectModules`; none if absent. */
  readonly profilePackages?: readonly ProfilePackage[];
  readonly installWeakDependencies: boolean;
}

export interface Solvable {
  readonly name: string;
  /** `[epoch:]version-release`; the epoch only when it is not 0. */
  readonly evr: string;
  readonly arch: string;
  /** `@commandline` for local packages. */
  readonly repositoryId: string;
  /** Relative to the repository's base (or to `baseUrl`), as the metadata has it; the path of a local package. */
  readonly location: string;
  /** `xml:base` of the location, when the metadata has one. */
  readonly baseUrl: string | null;
  /** Null for local packages. */
  readonly checksum: Checksum | null;
  /** Bytes. */
  readonly downloadSize: number;
  /** Bytes. */
  readonly installedSize: number;
  /** The source package's file name, for example `bash-5.2-1.src.rpm`; empty if unknown. */
  readonly sourceRpm: string;
  /** Seconds since the epoch; 0 if unknown. */
  readonly buildTime: number;
}

/** Names one package of a pool. */
export interface PackageReference {
  readonly name: string;
  /** `[epoch:]version-release`; the epoch only when it is not 0. */
  readonly evr: string;
  readonly arch: string;
  /** `@commandline` for local packages. */
  readonly repositoryId: string;
}

/** A package that would do, but for one thing. */
export interface HiddenPackage {
  readonly package: PackageReference;
  /**
   * `excluded`: excludepkgs of its repository names it; `not-included`: includepkgs does not; `module`: it belongs to a
   * module stream that is not active, or an active one has packages of its name; `architecture`: it is for one that
   * cannot be installed; `version`: it has another version.
   */
  readonly reason: "excluded" | "not-included" | "module" | "architecture" | "version";
  /** What it provides instead of what was required, for example `libfoo = 1.5-1`. */
  readonly offers: string | null;
}

/** What was asked for: a specification, a requirement of a package that is not there, or the path of a local package. */
export interface PackageRequest {
  readonly kind: "spec" | "requirement" | "local-package";
  readonly text: string;
}

export interface ChainLink {
  readonly package: PackageReference;
  /** The requirement of the package before that this one meets; null for the first. */
  readonly dependency: string | null;
}

/** The shortest way from a request to a package. */
export interface RequirementChain {
  readonly request: PackageRequest;
  /** At least one; the last is the package in question. */
  readonly links: readonly ChainLink[];
}

/** One rule that has a part in a problem. */
export interface ProblemRule {
  /**
   * - `not-a-dependency`: the request's text is not one.
   * - `nothing-provides`: nothing provides `dependency`, which `package`, or else `request`, requires.
   * - `not-installable`: `package` is hidden, or for another architecture.
   * - `inferior-architecture`: `package` can only be installed beside the same version for the base architecture.
   * - `conflicts`: `package` conflicts with `dependency`, which `other`, or it itself, provides.
   * - `obsoletes`: `package` obsoletes `dependency`, which `other` provides.
   * - `both-obsolete`: `package` and `other` obsolete `dependency`.
   * - `same-name`: of `package` and `other` only one can be installed.
   * - `requires`: no provider of `dependency`, which `package` requires, can be installed.
   * - `best`: `package` meets `request` best and cannot be installed; `other`, if not null, could be.
   * - `request`: nothing that meets `request` can be installed.
   * - `other`: what `dependency` says.
   */
  readonly kind:
    | "not-a-dependency"
    | "nothing-provides"
    | "not-installable"
    | "inferior-architecture"
    | "conflicts"
    | "obsoletes"
    | "both-obsolete"
    | "same-name"
    | "requires"
    | "best"
    | "request"
    | "other";
  readonly package: PackageReference | null;
  readonly other: PackageReference | null;
  readonly dependency: string | null;
  readonly request: PackageRequest | null;
  /** How `package` comes to be asked for; null when nothing asks for it. */
  readonly packageChain: RequirementChain | null;
  readonly otherChain: RequirementChain | null;
  /** Packages that would provide `dependency`, or what hides `package`. */
  readonly hidden: readonly HiddenPackage[];
  /** Names that resemble a `dependency` that nothing provides. */
  readonly similar: readonly string[];
}

export interface Problem {
  /** In the order of the kinds above, the most telling first; without repeats. */
  readonly rules: readonly ProblemRule[];
}

export interface UnmatchedSpec {
  readonly spec: string;
  /** Packages that would match, at most five for a reason, the best first. */
  readonly hidden: readonly HiddenPackage[];
  /** Names that resemble it when nothing would match: at most three, the closest first. */
  readonly similar: readonly string[];
}

/** An entry of a lockfile. */
export interface LockedEntry {
  readonly name: string;
  /** Empty for a local package, whose version is not locked. */
  readonly evr: string;
  /** Empty when the lockfile does not say. */
  readonly arch: string;
  readonly repositoryId: string;
  /** Stand for those of a package that the pool does not have. */
  readonly requirements: readonly string[];
}

export interface LockedDependency {
  /** `supplements`: the other packages do, in reverse. */
  readonly kind: "requires" | "recommends" | "supplements";
  readonly text: string;
  /** Indices of the locked packages that meet it. */
  readonly packages: readonly number[];
}

export interface LockedSet {
  /** In the order of the entries. */
  readonly packages: readonly {
    /** Null when the pool does not have it. */
    readonly package: PackageReference | null;
    /** Those that other locked packages meet, by kind and text. */
    readonly dependencies: readonly LockedDependency[];
  }[];
  /** In the order of the specifications. */
  readonly matches: readonly {
    readonly spec: string;
    /** Indices of locked packages. */
    readonly packages: readonly number[];
    /** Names of locked packages that resemble a specification that matches none. */
    readonly similar: readonly string[];
  }[];
}

export type SolveResult =
  | {
      readonly kind: "solved";
      readonly installs: readonly Solvable[];
      /** Packages that are installed and are updated or obsoleted; in the same order. */
      readonly removals: readonly PackageReference[];
      /** Names out of `SolveJob.groupPackages` that no repository has, sorted. */
      readonly missingGroupPackages: readonly string[];
    }
  | { readonly kind: "unmatched"; readonly specs: readonly UnmatchedSpec[] }
  | { readonly kind: "unsolvable"; readonly problems: readonly Problem[] }
  /** It depends on a path that only filelists have: add those of all repositories, and solve again. */
  | { readonly kind: "needs-filelists" };

/**
 * Loaded repositories. Calls are serialised on the pool; every method rejects with `POOL_CLOSED` after `close()`.
 * A pool that is forgotten is freed by the garbage collector.
 */
export interface Pool {
  /** The same job gives the same result; `installs` are sorted by name, EVR, architecture. */
  solve(job: SolveJob): Promise<SolveResult>;
  /** Packages that match one specification, best first; null when filelists are needed to tell, as for `solve`. */
  query(spec: string): Promise<readonly Solvable[] | null>;
  /** Gives paths of filelists by repository id. They are read when needed; then calls may reject as `openPool` does. */
  addFilelists(files: readonly { readonly id: string; readonly path: string }[]): Promise<void>;
  /**
   * How the packages of a lockfile depend on each other, and which of them each specification means; null when filelists
   * are needed to tell.
   */
  examineLockedSet(entries: readonly LockedEntry[], specs: readonly string[]): Promise<LockedSet | null>;
  /**
   * Activates module streams and hides the packages of all others, and those that active ones shadow, as dnf does. It
   * holds for all later calls on the pool; what an earlier one hid is visible again. The order of repositories and builds
   * does not matter.
   */
  selectModules(request: ModuleRequest): Promise<ModuleReport>;
  /** Idempotent, and does not wait: a running call ends as usual, those that wait reject. */
  close(): void;
}

export interface PackageHeader {
  readonly name: string;
  readonly evr: string;
  readonly epoch: number | null;
  readonly version: string;
  readonly release: string;
  readonly arch: string;
  readonly sourceRpm: string;
  readonly vendor: string;
  readonly license: string;
  readonly summary: string;
  /** Bytes of the installed files. */
  readonly installedSize: number;
  /** Dependencies in rpm's textual form (`name`, `name >= evr`), those on `rpmlib(…)` included, sorted, without repeats. */
  readonly requires: readonly string[];
  /** In the same form and order. */
  readonly provides: readonly string[];
  /** True when the header carries a signature of any kind. */
  readonly signed: boolean;
  /** Paths of those directories and symlinks out of `probePaths` that the package owns. */
  readonly ownedProbePaths: readonly string[];
}

export interface Verification {
  readonly path: string;
  /**
   * `good`: digests are right, at least one signature is by a given key, which was not revoked and had not expired when
   * it signed, and none is bad.
   */
  readonly verdict: "good" | "unsigned" | "unknown-key" | "bad-signature" | "bad-digest" | "unreadable";
  /** The key that signed it: its fingerprint or id in lower-case hexadecimal digits; null when there is none. */
  readonly keyId: string | null;
  /** Fingerprints of those of the given keys, subkeys included, that signatures of the package name. */
  readonly signers: readonly string[];
  /** librpm's own words for each element that it checked, for the error message. */
  readonly details: readonly string[];
}

export interface DetachedVerification {
  /**
   * `good`: at least one signature is right and by a given key, and none by a given key is wrong, has expired by now, or
   * was made after the key's expiry or by a revoked key. `unreadable`: no signature of a binary document that librpm can
   * check, or a damaged file.
   */
  readonly verdict: "good" | "unknown-key" | "bad-signature" | "unreadable";
  /** The key that the verdict is about: its id in 16 lower-case hexadecimal digits; null when there is none. */
  readonly keyId: string | null;
  /** A line for each signature, for the error message. */
  readonly details: readonly string[];
}

export interface InstalledPackage {
  readonly name: string;
  readonly evr: string;
  readonly arch: string;
  /** Seconds since the epoch. */
  readonly installTime: number;
  readonly sourceRpm: string;
}

/** All that the rpm database tells about a package and its part in the root. */
export interface InventoryPackage {
  readonly name: string;
  readonly epoch: number | null;
  readonly version: string;
  readonly release: string;
  /** Empty for what has none, such as an imported key. */
  readonly arch: string;
  readonly license: string;
  readonly vendor: string;
  readonly url: string;
  readonly summary: string;
  readonly sourceRpm: string;
  readonly headerDigest: Checksum | null;
  /** Of the payload as it is in the package file. */
  readonly payloadDigest: Checksum | null;
  /** Ids of the keys that its signatures say made them: 16 lower-case hexadecimal digits each. */
  readonly signers: readonly string[];
  /** Indices of the other packages that meet its requirements, sorted. */
  readonly dependencies: readonly number[];
  /**
   * Paths of its regular files, without %ghost and what was left out, such as documentation; what is no UTF-8 in them is
   * replaced. Sorted by bytes. Empty unless files were asked for.
   */
  readonly files: readonly string[];
}

export interface RootDatabase {
  /** The root directory on this machine. */
  readonly root: string;
  /** The database's path inside the root, for example `/usr/lib/sysimage/rpm`. */
  readonly dbPath: string;
}

/** All that the rpm database has about one file of a package. */
export interface InstalledFile {
  /** Each byte is a character. */
  readonly path: string;
  readonly user: string;
  readonly group: string;
  /** Each byte is a character; empty for all but symlinks. */
  readonly linkTarget: string;
  /** The text of cap_to_text(3); empty when there are none. */
  readonly capabilities: string;
  /** Lower-case hexadecimal digits; empty for what has none. */
  readonly digest: string;
  /** OpenPGP's number of the algorithm: 8 for SHA-256. */
  readonly digestAlgorithm: number;
  readonly size: number;
  /** As stat(2) has it. */
  readonly mode: number;
  /** rpm's `rpmfileAttrs`. */
  readonly flags: number;
  /** rpm's `rpmVerifyFlags`: what is to be verified. */
  readonly verifyFlags: number;
  /** rpm's `rpmfileState`: 0 for what was installed. */
  readonly state: number;
}

export interface ChangelogEntry {
  /** Seconds since the epoch. */
  readonly time: number;
  /** Often with the version that it is about. */
  readonly author: string;
  readonly text: string;
}

export interface DescribedPackage {
  readonly name: string;
  readonly evr: string;
  readonly arch: string;
  readonly sourceRpm: string;
  /** In the order of the package: the latest first. */
  readonly changelog: readonly ChangelogEntry[];
  readonly files: readonly InstalledFile[];
  /** Indices of the installed packages that meet a requirement of it which it does not meet itself, sorted. */
  readonly needs: readonly number[];
}

/** Unpacks one stream. Opaque. */
export type ZstdDecoder = object & { readonly "rpmoci zstd decoder": never };

export interface ZstdStep {
  /** 128 KiB at most. */
  readonly output: Buffer;
  /** Where in the chunk to go on. */
  readonly position: number;
  /** There is more to be had of what was read. */
  readonly more: boolean;
  /** Everything so far is whole frames. */
  readonly whole: boolean;
}

/** By which a long task is called off. Opaque. */
export type Cancellation = object & { readonly "rpmoci cancellation": never };
/** What calls tasks of one addon off. */
export interface Cancelling {
  newCancellation(): Cancellation;
  /** The task rejects with `CANCELLED` within milliseconds, unless it ends before. */
  cancel(cancellation: Cancellation): void;
}
/** What packages own. Opaque. */
export type Ownership = object & { readonly "rpmoci ownership": never };
/** A root directory that was read. Opaque. */
export type RootTree = object & { readonly "rpmoci tree": never };
/** How a root differs from the base image that it began as. Opaque. */
export type BaseChangesHandle = object & { readonly "rpmoci base changes": never };
/** A root that was read, with the layers that were listed of it. Opaque. */
export type ListingsHandle = object & { readonly "rpmoci listings": never };

/** A file, directory or link of an image, in a root that it is unpacked to. */
export interface RestoredEntry {
  /** Relative to the root; empty for the root itself. */
  readonly path: Uint8Array;
  /** With the type, as stat(2) has it. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since the epoch, and what is beyond them in nanoseconds. */
  readonly mtime: number;
  readonly nanoseconds: number;
  /** Of a device; 0 for others. */
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Of these, `security.capability` and `user.*` are set. */
  readonly xattrs: readonly { readonly name: Uint8Array; readonly value: Uint8Array }[];
}

export interface CompareRequest {
  /** The root when it held the base image and nothing else. */
  readonly base: RootTree;
  readonly tree: RootTree;
  /** Paths, relative to the root, that count as unchanged whatever became of them. */
  readonly untouched: readonly Uint8Array[];
  /** As in `ListRequest`. */
  readonly maxMtime: number;
  readonly buildStart: number;
}

export interface BaseChanges {
  readonly handle: BaseChangesHandle;
  /** Paths of files that were written anew, and have not changed unless their contents have. */
  readonly undecided: readonly Uint8Array[];
}

export interface ListRequest {
  readonly tree: RootTree;
  /** Layers have only what has changed, and none need be there; all of the tree when absent. To be used once. */
  readonly changes?: BaseChangesHandle | undefined;
  /** Those of `BaseChanges.undecided` whose contents are the base's. */
  readonly sameContents?: readonly Uint8Array[];
  /** Null when files have no owners: there is one layer then, without a key. */
  readonly ownership: Ownership | null;
  /** Names of packages whose files make a layer, a list for each layer but the last, which takes all other files. */
  readonly groups: readonly (readonly string[])[];
  /** Seconds: no entry's modification time is later. */
  readonly maxMtime: number;
  /** Seconds: what was modified at this time or later was made by the build and gets `maxMtime`. */
  readonly buildStart: number;
  /** Does not change the result. */
  readonly threads: number;
  readonly cancellation: Cancellation;
}

export interface ListedLayer {
  /** Index in `groups`; their number for the last layer. */
  readonly group: number;
  /** 64 hexadecimal digits: equal keys mean equal archives. Empty without `ownership` and `changes`. */
  readonly key: string;
  readonly entries: number;
  /** Bytes of the archive. */
  readonly tarSize: number;
}

export interface Listings {
  readonly handle: ListingsHandle;
  /** In the order of `groups`; without the empty ones, but, unless there are `changes`, with the last. */
  readonly layers: readonly ListedLayer[];
  /** Paths of sockets, which a tar cannot hold, in the order of the tree; invalid UTF-8 is replaced. */
  readonly skippedSockets: readonly string[];
}

export interface WriteRequest {
  readonly listings: ListingsHandle;
  readonly outputs: readonly {
    /** Index in `Listings.layers`. */
    readonly layer: number;
    /** The file to write the blob to; it is created, or truncated. */
    readonly path: string;
  }[];
  readonly compression: "gzip" | "zstd" | "none";
  /** 1 to 9 for gzip, 1 to 19 for zstd; ignored for none. */
  readonly level: number;
  /** Does not change the bytes. */
  readonly threads: number;
  readonly cancellation: Cancellation;
}

export interface LayerBlob {
  /** `sha256:…` of the archive. */
  readonly diffId: string;
  /** `sha256:…` of what was written. */
  readonly digest: string;
  /** Bytes that were written. */
  readonly size: number;
}

/** All paths are absolute, and stay what they are. */
export interface SandboxRequest {
  /** A directory of the caller's, to write to. */
  readonly scratch: string;
  /** The root directory that is installed into, inside `scratch`; made if it is not there. */
  readonly root: string;
  /** Further files and directories that are read. */
  readonly readable: readonly string[];
  /** Names in /dev; empty files of these names stay in the root's /dev. */
  readonly devices: readonly string[];
}

export interface InstallationRequest extends RootDatabase {
  /** Paths of RPM files. */
  readonly packages: readonly string[];
  /** An empty directory of the same mount as the root, for what is unpacked ahead. */
  readonly unpacked: string;
  /** How many processes unpack ahead; 0 leaves it to librpm. */
  readonly unpackers: number;
  readonly docs: boolean;
  /** The root has packages, which give way to those that have their names or obsolete them; false when absent. */
  readonly upgrade?: boolean;
  /** Packages may be of an architecture that this machine does not have. */
  readonly foreign: boolean;
  /** librpm's macros, by name, as literal texts. */
  readonly macros: Readonly<Record<string, string>>;
}

/** A scriptlet or trigger. */
export interface PackageScriptlet {
  /** NEVRA of the package that has it. */
  readonly package: string;
  /** rpm's name, such as `%post`; triggers on files have those of triggers on packages. */
  readonly phase: string;
  readonly trigger: boolean;
  /** The interpreter with its arguments; `<lua>` for librpm's own. */
  readonly program: readonly string[];
  /** What the interpreter is given; empty when it is run without. */
  readonly body: string;
  /** librpm expands macros, or tags of the package, in the body. */
  readonly expanded: boolean;
}

/**
 * Does what a scriptlet would have done, by its phase and its package's NEVRA: synchronously, in the root directory of the
 * root. Nothing is done any more after an error, which becomes that of the transaction.
 */
export type PerformScriptlet = (phase: string, packageName: string) => void;

export interface InstallationResult {
  /** Scriptlets that failed without failing the transaction, as in `%post of bash-5.2-1.x86_64`. */
  readonly failedScriptlets: readonly string[];
  /** librpm's own. */
  readonly warnings: readonly string[];
}

export interface EraseResult {
  /** NEVRAs that were removed. */
  readonly erased: readonly string[];
  /** Scriptlet output and librpm's warnings. */
  readonly log: string;
}

export interface Binding extends Cancelling {
  versions(): Versions;
  /** Orders two EVRs as rpm does. */
  compareEvr(a: string, b: string): -1 | 0 | 1;
  /** At most three of `names` that resemble the name in a specification, the closest first. */
  similarNames(spec: string, names: readonly string[]): readonly string[];
  /**
   * The contents of a metadata file, decompressed by what its first bytes say. Rejects with `METADATA_UNREADABLE`, also
   * for more than `limit` bytes.
   */
  readMetadata(path: string, limit: number): Promise<Uint8Array>;

  /**
   * Rejects with `REPOSITORY_UNREADABLE` for metadata that cannot be parsed, or unpacks to something else than it should,
   * `RPM_UNREADABLE` for a local package.
   */
  openPool(repositories: readonly RepositoryFiles[], options: PoolOptions): Promise<Pool>;

  /** Headers without any verification of signatures, in the order of `paths`. Rejects with `RPM_UNREADABLE`. */
  readPackages(paths: readonly string[], probePaths: readonly string[]): Promise<readonly PackageHeader[]>;
  /**
   * Checks digests and signatures of header and payload against ASCII-armoured OpenPGP keys (each text may hold
   * several), in the order of `paths`. Rejects with `KEY_UNREADABLE` (naming the index of the key) only.
   */
  verifyPackages(paths: readonly string[], keys: readonly string[]): Promise<readonly Verification[]>;

  /**
   * Fingerprints of those of `keys`, subkeys included, that RPM files claim to be signed with, in the order of `paths`.
   * Only the lead and the signature header of a file need be there; nothing is verified, and what cannot be read has no
   * signers. `keys` and rejections are as for `verifyPackages`.
   */
  claimedSigners(paths: readonly string[], keys: readonly string[]): Promise<readonly (readonly string[])[]>;

  /**
   * Checks `data` against a file of detached OpenPGP signatures: binary, or in ASCII armour, one or several. `keys` are
   * as for `verifyPackages`. Rejects with `KEY_UNREADABLE` (naming the index of the key) only.
   */
  verifyDetached(data: Uint8Array, signature: Uint8Array, keys: readonly string[]): Promise<DetachedVerification>;

  /**
   * Fingerprints of the primary keys in `keys`, which are as for `verifyPackages`: lower-case hexadecimal digits, in
   * their order. Keys that this librpm cannot use are left out. Rejects with `KEY_UNREADABLE` for a text without any
   * other.
   */
  keyFingerprints(keys: readonly string[]): Promise<readonly string[]>;

  /** Sorted by name, EVR, architecture. Rejects with `RPMDB_UNREADABLE`. */
  readRpmdb(database: RootDatabase): Promise<readonly InstalledPackage[]>;
  /** In the order of `readRpmdb`, and rejects as it does. */
  readInventory(database: RootDatabase, withFiles: boolean): Promise<readonly InventoryPackage[]>;
  /** In the same order. Rejects with `RPMDB_UNREADABLE`. */
  describeInstalled(database: RootDatabase): Promise<readonly DescribedPackage[]>;
  /** Of RPM files, without any verification. Rejects with `RPM_UNREADABLE`. */
  readChangelogs(paths: readonly string[]): Promise<readonly (readonly ChangelogEntry[])[]>;
  /** Paths (bytes) that installed packages own, other than as %ghost, at or below one of `prefixes`. Sorted. */
  ownedPaths(database: RootDatabase, prefixes: readonly string[]): Promise<readonly Uint8Array[]>;
  /**
   * Rewrites the sqlite database so that its bytes depend only on the installed headers: packages in the order of
   * NEVRA, `installTime` (seconds) as their install time and transaction id, no free pages, no journal file left.
   * Packages that were there `earlier`, at the time that they have, keep it. Rejects with `RPMDB_UNREADABLE`,
   * `RPMDB_WRITE`, or `RPMDB_UNSUPPORTED` for a database of another kind.
   */
  canonicalizeRpmdb(database: RootDatabase, installTime: number, earlier?: readonly InstalledPackage[]): Promise<void>;
  /** Makes an sqlite database of one of another kind, as `rpmdb --rebuilddb` does. Rejects with `RPMDB_UNREADABLE`. */
  convertRpmdb(database: RootDatabase): Promise<void>;
  /**
   * Installs RPM files, in this process and on this thread: it changes the process's root directory, so it must be called
   * from a child process only. Says on standard output what it does. Throws an error with the code `RPM_UNREADABLE` or
   * `RPM_INSTALL_FAILED`, whose message is a line for each reason. With `perform`, scriptlets are not run, but for those
   * in Lua: it is called in their places.
   */
  installPackagesSync(request: InstallationRequest, perform?: PerformScriptlet): InstallationResult;
  /**
   * `rpm --erase --nodeps` of packages by name, in this process and on this thread: it changes the process's root
   * directory, so it must be called from a child process only. `perform` as for an installation.
   */
  erasePackagesSync(database: RootDatabase, names: readonly string[], perform?: PerformScriptlet): EraseResult;
  /**
   * The scriptlets that run when RPM files are installed into an empty root, with the triggers that they set off, in the
   * order of the files. Nothing is verified. Rejects with `RPM_UNREADABLE`.
   */
  scriptletsOfInstallation(paths: readonly string[]): Promise<readonly PackageScriptlet[]>;
  /** Those that run when packages are removed, by their names. Rejects with `RPMDB_UNREADABLE`. */
  scriptletsOfErasure(database: RootDatabase, names: readonly string[]): Promise<readonly PackageScriptlet[]>;

  /**
   * Shuts this process, the first one of new mount, PID, IPC, UTS and network namespaces, in: it must be a child process,
   * and this its main thread. Throws an error with the code `SANDBOX`, whose message is the step that the kernel refused
   * and why; the process is of no use then.
   */
  enterSandboxSync(request: SandboxRequest): void;
  /**
   * From now on fsync(2), fdatasync(2), sync(2) and syncfs(2) do nothing and succeed, on this thread and in all processes
   * that it starts. False where that is not allowed.
   */
  ignoreSynchronizationSync(): boolean;
  /**
   * Registers an interpreter, in a line as the kernel's binfmt_misc takes it, for the user namespace of this process, which
   * must have one of its own, and mounts of its own. It is there as long as this process is. Throws an error with the code
   * `EMULATION`, whose message is the step that the kernel refused and why.
   */
  registerInterpreterSync(line: string): void;

  /**
   * Takes the lock (flock) of an open file, alone or shared with others that share it, unless somebody else's stands
   * against it, and says whether it is had now. It goes when the descriptor is closed. Throws for a file system without
   * locks.
   */
  tryLock(descriptor: number, shared: boolean): boolean;
  /**
   * Gives the file at `path`, which are its bytes, the extended attribute `security.capability`, as the kernel's
   * `vfs_cap_data` has it. Throws an error with the kernel's reason, also for a symlink.
   */
  setFileCapabilities(path: Uint8Array, value: Uint8Array): void;

  /** Rejects with `RPMDB_UNREADABLE`. */
  readOwnership(database: RootDatabase): Promise<Ownership>;
  /**
   * Reads what is below `root`, but not the contents of files, on as many threads. Rejects with `LAYER_READ`, the message
   * naming the path and the reason, and `CANCELLED`.
   */
  readTree(root: string, threads: number, cancellation: Cancellation): Promise<RootTree>;
  /**
   * Makes devices and FIFOs, and gives all entries, which are there but for these, their owners, modes, attributes and
   * times. Resolves to the paths of devices that this process may not make. Rejects with `BASE_UNPACK_FAILED`, the
   * message naming the path, and `CANCELLED`.
   */
  restoreEntries(
    root: string,
    entries: readonly RestoredEntry[],
    cancellation: Cancellation,
  ): Promise<readonly Uint8Array[]>;
  /** Says what has changed in a root since it held the base image and nothing else. */
  compareWithBase(request: CompareRequest): Promise<BaseChanges>;
  /**
   * Says which layers a tree makes. Of contents, only those of files that no package owns are read, for the keys. Rejects
   * with `LAYER_READ` and `CANCELLED`.
   */
  listLayers(request: ListRequest): Promise<Listings>;
  /**
   * Writes listed layers, in the order of `outputs`. `onProgress` gets the number of the archives' bytes written so far,
   * at most ten times a second. Rejects with `LAYER_READ`, also for a file that has changed since it was listed, with
   * `LAYER_WRITE`, and `CANCELLED`; files may then hold parts of blobs.
   */
  writeLayers(request: WriteRequest, onProgress: (bytes: number) => void): Promise<readonly LayerBlob[]>;
  /**
   * The digest, in lower-case hexadecimal digits, of what a file of zstd frames unpacks to. Rejects with `LAYER_READ`, also
   * for a file that is damaged or needs a window of more than 128 MiB.
   */
  digestZstdContents(path: string, algorithm: "sha256" | "sha512"): Promise<string>;

  newZstdDecoder(): ZstdDecoder;
  /**
   * Unpacks the next piece of a stream of zstd frames, from `position` of `chunk`, and takes no more than a millisecond.
   * Throws an error with the code `LAYER_READ` for what is none, or needs a window of more than 128 MiB.
   */
  decodeZstd(decoder: ZstdDecoder, chunk: Uint8Array, position: number): ZstdStep;
}

/** PEM files; an empty path stands for libcurl's own choice, or for none. */
export interface TransferTls {
  readonly verify: boolean;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** How a name and a password are given to a proxy; `any` asks it first. */
export type ProxyAuthentication = "none" | "basic" | "digest" | "digest_ie" | "ntlm" | "negotiate" | "any";

export interface TransferRequest {
  /** `http:` or `https:`, without credentials. */
  readonly url: string;
  /** `Name: value`. */
  readonly headers: readonly string[];
  /** A URL, which may have credentials; empty for none. The environment is not looked at. */
  readonly proxy: string;
  readonly proxyAuthentication: ProxyAuthentication;
  /** Hosts that are asked without the proxy, as the variable `no_proxy` has them. */
  readonly noProxy: string;
  readonly tls: TransferTls;
  readonly proxyTls: TransferTls;
  /** Of the server's certificate, by OCSP stapling. */
  readonly verifyStatus: boolean;
  /** 0 for both. */
  readonly ipVersion: 0 | 4 | 6;
  /** Milliseconds: to connect in, and to be below `minRate` for. */
  readonly timeout: number;
  /** Bytes a second, at least 1. */
  readonly minRate: number;
  /** The transfer ends when more than so many came. */
  readonly maxBytes: number;
}

/** Where a body goes. */
export interface TransferFile {
  /** It is made, or what it has is kept and only the rest asked for. */
  readonly path: string;
  readonly algorithm: ChecksumAlgorithm;
  /** What an earlier transfer of what the file has gave as its own; empty when that is unknown. */
  readonly validator: string;
}

export interface TransferFailure {
  /**
   * `PROXY` for a proxy that refuses, `LOCAL` for a file that could not be written; the others are about connections.
   */
  readonly code: "RESOLVE" | "CONNECT" | "TIMEOUT" | "BROKEN_OFF" | "TLS" | "OTHER" | "PROXY" | "LOCAL";
  readonly message: string;
}

export interface TransferResult {
  /** Of HTTP; 0 when no answer came. */
  readonly status: number;
  /** Absolute; empty when the answer is no redirection. */
  readonly redirectedTo: string;
  /** What tells this file from a later one of the same URL; empty when the server gives nothing of the kind. */
  readonly validator: string;
  /** Seconds that the server asks to be given; -1 when it does not say. */
  readonly retryAfter: number;
  /** There were more than `maxBytes`. */
  readonly tooLarge: boolean;
  /** Bytes that are there now. */
  readonly size: number;
  /** Of all of the file so far; empty without a file. */
  readonly checksum: string;
  /** Null with a file. */
  readonly body: Buffer | null;
  readonly failure: TransferFailure | null;
}

/** Connections that are kept alive. Opaque. */
export type Connections = object & { readonly "rpmoci connections": never };

/** The addon for transfers. */
export interface TransferBinding extends Cancelling {
  newConnections(): Connections;
  /** Ends those that are idle now, and the others as soon as they are. */
  closeConnections(connections: Connections): void;
  /**
   * One request over HTTP/1.1 (RFC 9110, 9112), by libcurl, on a thread of its own, of which there are eight. The bodies of
   * answers of 200 and 206 are kept, those of others are not; redirections are told, not followed. Whatever the network does
   * is a result. Rejects with `CANCELLED` only.
   */
  transfer(
    connections: Connections,
    request: TransferRequest,
    file: TransferFile | null,
    cancellation: Cancellation,
  ): Promise<TransferResult>;
}
