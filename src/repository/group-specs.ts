/** What `@group` and `@^environment` mean: packages of comps groups. */
import { RpmociError } from "../errors.js";
import { isGlob, matchesGlob } from "../model/glob.js";
import { compareText } from "../model/nevra.js";
import type { GroupPackage } from "../native/binding.js";
import { binding } from "../native/load.js";
import type { Comps, CompsEnvironment, CompsGroup } from "./comps.js";

/** dnf's default of `group_package_types`. */
const INSTALLED_TYPES: ReadonlySet<string> = new Set(["mandatory", "default", "conditional"]);

export interface GroupMember extends GroupPackage {
  /** Ids of the groups that list it, sorted. */
  readonly groups: readonly string[];
}

export interface GroupExpansion {
  /** Sorted by name. */
  readonly members: readonly GroupMember[];
  /** Groups that an environment names and no repository has: `environment: group`. */
  readonly missing: readonly string[];
}

/**
 * The packages that dnf installs for the specifications: mandatory, default and conditional ones of each group, and of
 * an environment's groups but the optional. `@name` is a group or an environment, `@^name` an environment: an id or a
 * name, or else a pattern of ids and names that does not care about case. A name in another language counts when nothing
 * else matches, whatever the locale. Throws an `RpmociError` of kind `resolve` for one that matches nothing.
 */
export function expandGroupSpecs(specs: readonly string[], comps: Comps): GroupExpansion {
  const groups = new Map<string, RequestedGroup>();
  const missing = new Set<string>();
  for (const spec of specs) {
    const add = (group: CompsGroup): void => {
      if (!groups.has(group.id)) groups.set(group.id, { ...group, spec });
    };
    const found = find(spec, comps);
    for (const group of found.groups) add(group);
    for (const environment of found.environments) {
      for (const id of environment.groups) {
        const group = comps.groups.get(id);
        if (group === undefined) missing.add(`${environment.id}: ${id}`);
        else add(group);
      }
    }
  }
  return { members: membersOf([...groups.values()]), missing: [...missing].sort(compareText) };
}

interface RequestedGroup extends CompsGroup {
  /** The first specification that means it. */
  readonly spec: string;
}

interface Found {
  readonly groups: readonly CompsGroup[];
  readonly environments: readonly CompsEnvironment[];
}

function find(spec: string, comps: Comps): Found {
  const onlyEnvironments = spec.startsWith("@^");
  const pattern = spec.slice(onlyEnvironments ? 2 : 1);
  const groups = onlyEnvironments ? [] : matching(pattern, [...comps.groups.values()]);
  const environments = matching(pattern, [...comps.environments.values()]);
  if (groups.length + environments.length > 0) return { groups, environments };
  const known = [...(onlyEnvironments ? [] : comps.groups.values()), ...comps.environments.values()];
  const names = known.flatMap(({ id, name }) => (name === "" ? [id] : [id, name]));
  const similar = binding().similarNames(pattern, names);
  const sigil = spec.slice(0, onlyEnvironments ? 2 : 1);
  throw new RpmociError(`No ${onlyEnvironments ? "environment" : "group or environment"} matches '${spec}'`, {
    kind: "resolve",
    code: "GROUP_UNMATCHED",
    hint:
      similar.length > 0
        ? `did you mean ${similar.map((name) => `${sigil}${name}`).join(", ")}?`
        : known.length === 0
          ? "the manifest's repositories offer none"
          : undefined,
  });
}

function matching<T extends CompsGroup | CompsEnvironment>(pattern: string, items: readonly T[]): readonly T[] {
  const exact = items.filter(({ id, name }) => id === pattern || name === pattern);
  if (exact.length > 0) return exact;
  const matches = (text: string): boolean => matchesGlob(pattern, text, { ignoreCase: true });
  const found = items.filter(({ id, name }) => matches(id) || (name !== "" && matches(name)));
  if (found.length > 0) return found;
  return items.filter(({ translations }) =>
    translations.some((name) => name === pattern || (isGlob(pattern) && matches(name))),
  );
}

function membersOf(groups: readonly RequestedGroup[]): readonly GroupMember[] {
  const members = new Map<string, GroupPackage & { groups: Set<string> }>();
  for (const group of groups) {
    for (const { name, type, requires, baseArchitectureOnly } of group.packages) {
      if (!INSTALLED_TYPES.has(type) || name === "") continue;
      const key = JSON.stringify([name, requires, baseArchitectureOnly]);
      const condition = requires === "" ? null : requires;
      const known = members.get(key) ?? { spec: group.spec, name, condition, baseArchitectureOnly, groups: new Set() };
      known.groups.add(group.id);
      members.set(key, known);
    }
  }
  return [...members]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, member]) => ({ ...member, groups: [...member.groups].sort(compareText) }));
}
