/** Moves the contents of a Debian package to where a distribution with a merged /usr has them. */
import { dirname, posix } from "node:path";
import type { Entry } from "../packaging/recipe.js";
import type { TarMember } from "./tar.js";

const merged = /^\/(?:s?bin|lib|lib32|lib64|libx32)(?=\/|$)/;

/** `/bin/sh` → `/usr/bin/sh`. */
export function mergedPath(path: string): string {
  return merged.test(path) ? `/usr${path}` : path;
}

/**
 * The archive's members as entries below a merged /usr, sorted by path, each path once. The root directory is left out.
 * A symlink that came to lie on what it points to is left out as well.
 */
export function mergedEntries(members: readonly TarMember[]): Entry[] {
  const entries = new Map<string, Entry>();
  for (const member of members) {
    if (member.name === "") continue;
    const entry = mergedEntry(member);
    const existing = entries.get(entry.path);
    if (existing !== undefined && (entry.type === "symlink" || entry.type === "directory")) continue;
    if (entry.type === "symlink" && posix.resolve(dirname(entry.path), entry.target) === entry.path) continue;
    entries.set(entry.path, entry);
  }
  return [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function mergedEntry(member: TarMember): Entry {
  const original = `/${member.name}`;
  const path = mergedPath(original);
  const { user, group, mtime, mode } = member;
  const base = { path, user, group, mtime };
  switch (member.type) {
    case "file":
      return { ...base, type: "file", mode, content: member.content };
    case "directory":
      return { ...base, type: "directory", mode };
    case "hardlink":
      return { ...base, type: "hardlink", target: mergedPath(`/${member.target.replace(/^\.?\/+/, "")}`) };
    case "symlink":
      return { ...base, type: "symlink", target: mergedTarget(original, path, member.target) };
  }
}

/** A relative target is only recomputed for a link that moved: all others still arrive, by way of the links in `/`. */
function mergedTarget(original: string, path: string, target: string): string {
  if (target.startsWith("/")) return mergedPath(target);
  if (path === original) return target;
  return posix.relative(dirname(path), mergedPath(posix.resolve(dirname(original), target)));
}
