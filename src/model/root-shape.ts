/** What a manifest changes in the root after its packages are installed. */

export interface UserAccount {
  readonly name: string;
  readonly uid: number;
  /** Of the primary group; undefined for that of the group with the user's name, which is made with the uid if need be. */
  readonly gid: number | undefined;
  /** Absolute. */
  readonly home: string;
  readonly shell: string;
  readonly gecos: string;
  /** Names of further groups. */
  readonly groups: readonly string[];
}

export interface GroupAccount {
  readonly name: string;
  readonly gid: number;
  /** Names of users. */
  readonly members: readonly string[];
}

export interface AccountsSection {
  readonly users: readonly UserAccount[];
  readonly groups: readonly GroupAccount[];
  /** `user`, `user:group`, each a name or an id. */
  readonly runAs: string | undefined;
}

/** A file beside the manifest, to be read. */
export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  /** The absolute path of the directory that it must be in, whatever symlinks lead there. */
  readonly context: string;
}

/** An id, or a name that the image has. */
export type Owner = number | string;

export interface Ownership {
  /** Undefined leaves what is there as it is, and is root for what is new. */
  readonly uid: Owner | undefined;
  readonly gid: Owner | undefined;
  /** Permission bits with set-id and sticky ones; undefined as for the owners. */
  readonly mode: number | undefined;
}

/** An entry of `[[paths]]`; `path` is absolute. */
export type PathEntry = { readonly path: string } & (
  | ({ readonly type: "directory" } & Ownership)
  /** Exactly one of `content` and `source` is there. */
  | ({ readonly type: "file"; readonly content?: string; readonly source?: SourceFile } & Ownership)
  | { readonly type: "symlink"; readonly target: string }
  | { readonly type: "hardlink"; readonly target: string }
  | ({ readonly type: "permissions"; readonly recursive: boolean } & Ownership)
  /** As `parseCapabilities` takes them. */
  | { readonly type: "capabilities"; readonly capabilities: string }
  | { readonly type: "remove" }
);

/** What files beside the manifest hold, looked at once: they may change while a build runs. */
export interface SourceContents {
  /** Path → SHA-256 in hexadecimal digits. */
  readonly digests: ReadonlyMap<string, string>;
  /** Of `[certificates]`, in PEM, each once. */
  readonly certificates: readonly string[];
}
