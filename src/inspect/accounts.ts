/** Packages name owners, archives number them; an image's own /etc/passwd and /etc/group say which is which. */
import type { Inode } from "../model/image-tree.js";
import type { InstalledFile } from "../native/binding.js";
import type { ImageContents } from "./contents.js";

export interface ExpectedOwner {
  /** `user:group`, of those that are verified. */
  readonly names: string;
  readonly actualNames: string;
  /** Null for what nothing explains. */
  readonly explanation: string | null;
}

export class Accounts {
  readonly #users: ReadonlyMap<string, number>;
  readonly #groups: ReadonlyMap<string, number>;

  constructor({ users, groups }: ImageContents["accounts"]) {
    this.#users = idsIn(users);
    this.#groups = idsIn(groups);
  }

  expected(
    { user, group }: Pick<InstalledFile, "user" | "group">,
    { uid, gid }: Inode,
    verified: { readonly user: boolean; readonly group: boolean },
  ): ExpectedOwner {
    const parts = [
      ...(verified.user ? [ownerOf(user, uid, this.#users)] : []),
      ...(verified.group ? [ownerOf(group, gid, this.#groups)] : []),
    ];
    const wrong = parts.filter(({ name, actual }) => name !== actual);
    return {
      names: parts.map(({ name }) => name).join(":"),
      actualNames: parts.map(({ actual }) => actual).join(":"),
      // What rpm does with names that it cannot look up.
      explanation: wrong.every(({ unknown, id }) => unknown && id === 0) ? "the image does not know the name" : null,
    };
  }
}

interface Owner {
  readonly name: string;
  readonly actual: string;
  readonly unknown: boolean;
  readonly id: number;
}

function ownerOf(name: string, id: number, ids: ReadonlyMap<string, number>): Owner {
  const expected = name === "root" ? 0 : ids.get(name);
  const actual = expected === id ? name : ([...ids].find(([, known]) => known === id)?.[0] ?? String(id));
  return {
    name,
    actual: actual === name && expected !== id ? String(id) : actual,
    unknown: expected === undefined,
    id,
  };
}

/** Of lines as passwd(5) and group(5) have them; the first of a name counts. */
function idsIn(text: string): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [name = "", , id = ""] = line.split(":");
    if (/^\d+$/.test(id) && !ids.has(name)) ids.set(name, Number(id));
  }
  return ids;
}
