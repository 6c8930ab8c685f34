/** The package manifest (`rpmoci.toml`) with its defaults filled in. */
import type { LayersSection } from "./layer-plan.js";
import type { PolicySection } from "./policy.js";
import type { AccountsSection, PathEntry, SourceFile } from "./root-shape.js";

export type RepositoryReference =
  /** The id of a repository that is configured on this system. */
  | { readonly kind: "system"; readonly id: string }
  | {
      readonly kind: "url";
      readonly id: string;
      /** May hold dnf variables. */
      readonly url: string;
      /** dnf repository options by name. */
      readonly options: Readonly<Record<string, string>>;
    };

export interface ImageSection {
  /** `accounts.run_as` where `image.user` is not set. */
  readonly user: string | undefined;
  readonly workingdir: string | undefined;
  readonly stopsignal: string | undefined;
  readonly author: string | undefined;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly envs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined without a table of that name: the image has none then, not even those that are filled in. */
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** In which files, by their absolute paths, the manifest or those that it includes say something. */
export interface ManifestOrigins {
  /** Of each of `packages`, and its index in that file's own list. */
  readonly packages: readonly { readonly file: string; readonly index: number }[];
  /** The manifest itself where nobody says it. */
  readonly osRelease: string;
}

export interface Manifest {
  /** Absolute path of the file. */
  readonly path: string;
  /** Absolute path of the lockfile that belongs to it. */
  readonly lockfilePath: string;
  /** rpm's names of the architectures that the image is for; undefined for this machine's. */
  readonly archs: readonly string[] | undefined;
  /** Which of them this is looked at for: of local RPMs, those for others are no part of it then. */
  readonly arch: string | undefined;
  readonly repositories: readonly RepositoryReference[];
  /** All package specifications, as written; relative paths are from the manifest's directory, whoever wrote them. */
  readonly packages: readonly string[];
  /** Module streams to enable, `name:stream` or `name:stream/profile`, as written. */
  readonly modules: readonly string[];
  /** `platform:el9` and the like; undefined to find it out. */
  readonly modulePlatformId: string | undefined;
  readonly gpgkeys: readonly string[];
  /** The value of `$releasever`; undefined for the system's own. */
  readonly releasever: string | undefined;
  readonly docs: boolean;
  /** Languages whose files are installed, such as `de` or `pt_BR`; undefined for all. */
  readonly langs: readonly string[] | undefined;
  readonly osRelease: boolean;
  /** What this image is built on, as written; relative paths are from the manifest's directory, whoever wrote them. */
  readonly baseImage: string | undefined;
  readonly exclude: readonly string[];
  /** Absolute globs of what is removed from the root in the end. */
  readonly removeFiles: readonly string[];
  /** Every package must be signed, whatever options of repositories say; local RPMs by a key of some repository. */
  readonly requireSigned: boolean;
  readonly image: ImageSection;
  readonly layers: LayersSection;
  readonly policy: PolicySection;
  readonly accounts: AccountsSection;
  readonly paths: readonly PathEntry[];
  /** Files of certificates in PEM that the image trusts beside those of its packages. */
  readonly certificates: readonly SourceFile[];
  readonly origins: ManifestOrigins;
}

/** The manifest as it is for one architecture among those that were asked for; undefined: for this machine's only. */
export function manifestFor(manifest: Manifest, arch: string | undefined): Manifest {
  return { ...manifest, arch };
}

/** A specification that names RPM files on this machine rather than packages of a repository. */
export function isLocalSpec(spec: string): boolean {
  return spec.endsWith(".rpm");
}

/** Whether a base image, as it is written, is one of a registry rather than one on this machine. */
export function isRegistryImage(image: string): boolean {
  return image.startsWith("registry:") || image.startsWith("docker://");
}

/** The file that `os_release` asks for. */
export const OS_RELEASE = "/etc/os-release";

/** A specification of comps groups or environments: `@group`, `@^environment`. */
export function isGroupSpec(spec: string): boolean {
  return spec.startsWith("@") && !isLocalSpec(spec);
}
