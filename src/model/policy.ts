/** What an image must and must not be: the manifest's `[policy]`. */

export interface PolicySection {
  /** Names of packages, or globs of them. */
  readonly forbidden: readonly string[];
  /** Licences of packages, or globs of them; undefined for all. */
  readonly allowedLicenses: readonly string[] | undefined;
  /** Bytes of a package's installed files. */
  readonly maxPackageSize: number | undefined;
  /** Bytes of all packages' installed files. */
  readonly maxInstalledSize: number | undefined;
  /** Bytes of the image's layers as they are stored. */
  readonly maxImageSize: number | undefined;
  /** Every package must be signed; sets `requireSigned` of the manifest, too. */
  readonly requireSignatures: boolean;
}
