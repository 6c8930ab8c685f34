/** The lockfile (`rpmoci.lock`): every package of an image, pinned. */
import type { Checksum } from "./checksum.js";
import type { Digest } from "./descriptor.js";
import type { LayerPlan, LayersSection } from "./layer-plan.js";

/** A plan with what it was made for: another request begins a new one. */
export interface LockedLayerPlan extends LayerPlan, Pick<LayersSection, "strategy" | "max" | "groups"> {}

export interface LockedPackage {
  readonly name: string;
  readonly evr: string;
  /** Absent in lockfiles before 0.4.2 of the original. */
  readonly arch: string | undefined;
  readonly repositoryId: string;
  readonly checksum: Checksum;
  /** Relative to the repository's base URL; absent in the original's lockfiles, as all that follows. */
  readonly location: string | undefined;
  /** Bytes of the RPM file. */
  readonly size: number | undefined;
  readonly sourceRpm: string | undefined;
  /** Seconds since the epoch. */
  readonly buildTime: number | undefined;
  /** The fingerprint of the repository's key, or of its subkey, that signed it, as the package said when it was locked. */
  readonly signedBy: string | undefined;
  /** Of the RPM file, where `checksum` is of a weak algorithm. */
  readonly sha256: string | undefined;
}

export interface LockedLocalPackage {
  readonly name: string;
  readonly requires: readonly string[];
}

export interface RepositoryKeys {
  readonly gpgcheck: boolean;
  /** ASCII-armoured OpenPGP keys. */
  readonly keys: readonly string[];
}

/** The image that another one is built on. */
export interface LockedBase {
  /** As the manifest has it. */
  readonly image: string;
  /** Of the image manifest for the part's architecture. */
  readonly digest: Digest;
  /** Of the image index that it came from; undefined when it came from none. */
  readonly index: Digest | undefined;
}

/** What is locked for one architecture. */
export interface LockedPart {
  /** rpm's name; undefined in lockfiles that were made for the machine that made them. */
  readonly arch: string | undefined;
  /** Sorted by name, EVR, architecture. */
  readonly packages: readonly LockedPackage[];
  /** Sorted by name. */
  readonly localPackages: readonly LockedLocalPackage[];
  readonly repositoryKeys: ReadonlyMap<string, RepositoryKeys>;
  /** Null for an image of one layer. */
  readonly layerPlan: LockedLayerPlan | null;
  /** Absent without a base image; `packages` are what is installed on top of it. */
  readonly base?: LockedBase | undefined;
}

/** Of its first architecture, the part that the original reads, and of others. */
export interface Lockfile extends LockedPart {
  readonly packageSpecs: readonly string[];
  /** The manifest's `gpgkeys`, without the names and passwords that URLs may have. */
  readonly globalKeySpecs: readonly string[];
  /** The manifest's module streams and platform; absent in the original's lockfiles. */
  readonly modules: readonly string[];
  readonly modulePlatformId: string | undefined;
  /** In the order in which they were asked for; none has the architecture of the first. */
  readonly others: readonly (LockedPart & { readonly arch: string })[];
}
