/** What bills of materials and provenance are made of. */
import type { Digest } from "../model/descriptor.js";
import type { FileDigests } from "../model/file-digests.js";
import type { Checksum, InventoryPackage } from "../native/binding.js";

export interface ImageFacts {
  /** Of the image manifest. */
  readonly digest: Digest;
  /** What people call it; undefined when it does not say. */
  readonly title: string | undefined;
  /** RFC 3339, in UTC and without fractions of a second. */
  readonly created: string;
}

/** What is known of the RPM file that a package was installed from. */
export interface PackageOrigin {
  readonly name: string;
  /** `[epoch:]version-release`, without an epoch of 0. */
  readonly evr: string;
  /** Undefined in old lockfiles. */
  readonly arch: string | undefined;
  /** Null for a local RPM. */
  readonly repositoryId: string | null;
  /** Relative to the repository's base URL. */
  readonly location: string | undefined;
  /** Of the file, the strongest last. */
  readonly checksums: readonly Checksum[];
  readonly sourceRpm: string | undefined;
  /** The fingerprint of the key that signed it. */
  readonly signedBy: string | undefined;
}

/** What is in an image, and where it is from. */
export interface Contents {
  readonly image: ImageFacts;
  /** The text of os-release; null when the image has none. */
  readonly osRelease: string | null;
  readonly packages: readonly InventoryPackage[];
  /** By the paths of packages' files; empty when files are not listed. */
  readonly files: ReadonlyMap<string, FileDigests>;
  /** Of some of the packages; empty when no lockfile is known. */
  readonly origins: readonly PackageOrigin[];
  /** The version of this tool. */
  readonly toolVersion: string;
}
