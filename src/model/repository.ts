/** Repositories: what is configured, and the metadata that was fetched for it. */
import type { RepositoryFiles } from "../native/binding.js";
import type { ModuleMetadata } from "./modules.js";
import type { TransferOptions } from "./transport.js";

/** A repository with its variables expanded and every option either honoured or refused. */
export interface RepositoryConfig {
  readonly id: string;
  /** Base URLs without a trailing slash, the preferred first; may be empty when there is a `mirrorSource`. */
  readonly baseUrls: readonly string[];
  /** The list that names further mirrors. */
  readonly mirrorSource: { readonly kind: "metalink" | "mirrorlist"; readonly url: string } | null;
  readonly priority: number;
  readonly cost: number;
  /** Whether packages must be signed. */
  readonly gpgcheck: boolean;
  /** Whether the metadata must be signed. */
  readonly repoGpgcheck: boolean;
  /** URLs of the keys, the manifest's `gpgkeys` among them. */
  readonly gpgkeys: readonly string[];
  readonly includePackages: readonly string[];
  readonly excludePackages: readonly string[];
  /** Whether module streams hide none of its packages. */
  readonly moduleHotfixes: boolean;
  readonly skipIfUnavailable: boolean;
  /** Seconds for which its metadata need not be asked for again; null for ever. */
  readonly metadataExpire: number | null;
  /** When the file that defines it was changed last, in milliseconds since the epoch; 0 for one of the manifest. */
  readonly definedAt: number;
  readonly transfer: TransferOptions;
}

export interface RepositoryMetadata {
  readonly config: RepositoryConfig;
  /** Mirrors that answered or may answer, the preferred first. */
  readonly baseUrls: readonly string[];
  readonly files: RepositoryFiles;
  /** It is from an earlier run and has not expired. */
  readonly kept: boolean;
  /** Fetches the complete lists of files; null when the repository has none. */
  readonly fetchFilelists: (() => Promise<string>) | null;
  /** Fetches the comps data, whose path it returns; null when the repository has none. */
  readonly fetchGroups: (() => Promise<string>) | null;
  /** Fetches the advisories, whose path it returns; null when the repository has none. */
  readonly fetchAdvisories: (() => Promise<string>) | null;
  /** Null for a repository without modules. */
  readonly modules: ModuleMetadata | null;
}
