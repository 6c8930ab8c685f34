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
