/** base-passwd holds the users and groups that every root has. */
import type { Draft, FileOptions } from "./draft.js";

/** useradd changes them, and nobody's users are thrown away by an update. */
const account: FileOptions = { marks: ["config(noreplace)"], unverified: ["filedigest", "size", "mtime"] };

export function adjustBasePasswd(draft: Draft): void {
  const passwd = draft.text("/usr/share/base-passwd/passwd.master");
  const group = draft.text("/usr/share/base-passwd/group.master");
  draft.file("/etc/passwd", shadowed(passwd), account);
  draft.file("/etc/group", shadowed(group), account);
  // Not of the group shadow: rpm could not look it up before this very package is installed.
  const secret: FileOptions = { ...account, mode: 0o600 };
  draft.file(
    "/etc/shadow",
    names(passwd)
      .map((name) => `${name}:*::0:99999:7:::\n`)
      .join(""),
    secret,
  );
  draft.file(
    "/etc/gshadow",
    names(group)
      .map((name) => `${name}:*::\n`)
      .join(""),
    secret,
  );
  // It has to come before everything else; its program is linked against libraries that need it first.
  draft.relations.splice(
    0,
    draft.relations.length,
    ...draft.relations.map((relation) =>
      relation.kind === "Requires(pre)" ? { ...relation, kind: "Requires" as const } : relation,
    ),
  );
}

/** The masters have no `x` that refers to the shadow files. */
function shadowed(accounts: string): string {
  return accounts.replace(/^([^:\n]+):\*:/gm, "$1:x:");
}

function names(accounts: string): string[] {
  return [...accounts.matchAll(/^([^:\n]+):/gm)].map((match) => match[1] as string);
}
