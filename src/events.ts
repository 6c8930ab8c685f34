/** What happens while the library works, as typed events. Reporters turn them into text; the stages never print. */

/** `arch` is that of the image in a lockfile for several; it is absent when all of them change so. */
export type PackageChange = (
  | { readonly kind: "added"; readonly name: string; readonly evr: string }
  | { readonly kind: "updated"; readonly name: string; readonly from: string; readonly to: string }
  | { readonly kind: "removed"; readonly name: string; readonly evr: string }
) & { readonly arch?: string };

export interface KeyChange {
  /** `renewed`: the same key with other contents, such as a later expiry or another subkey. */
  readonly kind: "trusted" | "renewed" | "dropped";
  readonly repositoryId: string;
  /** Lower-case hexadecimal digits. */
  readonly fingerprint: string;
}

export type RpmociEvent =
  | { readonly type: "lockfile-outdated"; readonly path: string }
  | { readonly type: "lockfile-written"; readonly path: string }
  /** A dry run found other checksums, keys or specifications for the same packages. */
  | { readonly type: "lockfile-differs"; readonly path: string }
  | { readonly type: "lockfile-change"; readonly change: PackageChange }
  /** A repository that had keys in the lockfile has others now. */
  | { readonly type: "key-change"; readonly change: KeyChange }
  /** What follows is for one architecture of several; `index` counts from 1. */
  | { readonly type: "architecture-started"; readonly arch: string; readonly index: number; readonly total: number }
  | { readonly type: "metadata-started"; readonly repositoryId: string }
  /** It was fetched `age` seconds ago and has not expired, so that the repository was not asked. */
  | { readonly type: "metadata-reused"; readonly repositoryId: string; readonly age: number }
  | { readonly type: "resolve-started"; readonly specs: number }
  | { readonly type: "resolve-finished"; readonly packages: number }
  | { readonly type: "download-started"; readonly files: number; readonly bytes: number | undefined }
  /** `bytes` are those of the packages that are here, as far as the lockfile tells their sizes. */
  | { readonly type: "download-progress"; readonly done: number; readonly files: number; readonly bytes: number }
  /** One file is fetched, of a package or of metadata; files that the cache has are not. `id` is its own in this run. */
  | {
      readonly type: "transfer-started";
      readonly id: number;
      readonly what: string;
      readonly bytes: number | undefined;
    }
  | { readonly type: "transfer-progress"; readonly id: number; readonly received: number }
  | { readonly type: "transfer-finished"; readonly id: number; readonly succeeded: boolean }
  /** What the cache lacks of a base image is fetched from its registry. */
  | { readonly type: "base-pulled"; readonly image: string; readonly blobs: number; readonly bytes: number }
  | { readonly type: "base-unpacking"; readonly image: string; readonly layers: number }
  /** Another image is locked as the base; by digests of image manifests. */
  | { readonly type: "base-change"; readonly image: string; readonly from: string | null; readonly to: string | null }
  | { readonly type: "verify-started"; readonly packages: number }
  | { readonly type: "verify-progress"; readonly done: number; readonly packages: number }
  /** There is no dnf, and nobody asked for an engine. */
  | { readonly type: "engine-chosen"; readonly engine: "rpm" }
  /** How scriptlets of an architecture that this machine does not have are run. */
  | {
      readonly type: "emulation-chosen";
      /** rpm's name. */
      readonly arch: string;
      /**
       * `compatible`: by the processor itself; `system`: by what the system has in binfmt_misc; `namespace`: by what was
       * registered for this transaction alone; `none`: they are not run, and what they do is done without.
       */
      readonly emulation: "compatible" | "system" | "namespace" | "none";
      /** Its path; null where there is none, or none can be seen. */
      readonly interpreter: string | null;
      /** Without emulation: how many are done by rpmoci itself. */
      readonly scriptlets: number | null;
      /** librpm installs the packages, though dnf was to, as only it can do without running scriptlets. */
      readonly insteadOfDnf: boolean;
    }
  | { readonly type: "install-started"; readonly packages: number }
  /** One line that the package manager or a scriptlet printed. */
  | { readonly type: "install-output"; readonly line: string }
  /** By its NEVRA; `index` counts from 1. dnf tells of a package when it has been installed. */
  | {
      readonly type: "package-installing";
      readonly package: string;
      readonly index: number;
      readonly total: number;
    }
  /** `phase` is rpm's name, such as `%post`; null where dnf does not tell. */
  | { readonly type: "scriptlet-started"; readonly package: string; readonly phase: string | null }
  /** dnf 4 does not tell of it. */
  | {
      readonly type: "scriptlet-finished";
      readonly package: string;
      readonly phase: string | null;
      readonly seconds: number;
    }
  | { readonly type: "install-finished" }
  | { readonly type: "package-excluded"; readonly package: string }
  | { readonly type: "layer-started" }
  /** Layers that an earlier build made, and need not be made again. */
  | { readonly type: "layers-reused"; readonly reused: number; readonly layers: number }
  | { readonly type: "layer-progress"; readonly bytes: number; readonly total: number }
  | { readonly type: "image-started" }
  | {
      readonly type: "image-written";
      /** Null for one that is there only until the image has gone elsewhere. */
      readonly layout: string | null;
      readonly tag: string;
      readonly digest: string;
      readonly seconds: number;
    }
  /** An earlier build made the image of the same inputs. */
  | { readonly type: "image-unchanged"; readonly layout: string; readonly tag: string; readonly digest: string }
  /** An image goes somewhere: `bytes` are those of its blobs, of which there may be some already. */
  | { readonly type: "copy-started"; readonly destination: string; readonly blobs: number; readonly bytes: number }
  | { readonly type: "copy-progress"; readonly bytes: number; readonly total: number }
  | {
      readonly type: "copy-finished";
      readonly destination: string;
      readonly digest: string;
      readonly seconds: number;
    }
  /** Documents about the image that were not attached to it before. */
  | { readonly type: "documents-attached"; readonly documents: readonly string[] }
  | { readonly type: "vendored"; readonly packages: number; readonly directory: string }
  | { readonly type: "warning"; readonly message: string }
  /** Details for whoever looks for the cause of something. */
  | { readonly type: "debug"; readonly message: string };

/** Handed to every stage; must return quickly and not throw. */
export type Emit = (event: RpmociEvent) => void;
