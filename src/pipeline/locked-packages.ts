/** What a lockfile says about trust and architecture, seen together with the manifest. */
import { checksumOf } from "../fetch/store.js";
import type { Lockfile, RepositoryKeys } from "../model/lockfile.js";
import type { RequiredKeys } from "../verify/verify.js";
import type { Repositories } from "./repositories.js";

export function sha256Of(path: string): Promise<string> {
  return checksumOf(path, "sha256");
}

/**
 * The keys that packages must be signed with. Signatures are checked when the lockfile or the manifest asks for it; the
 * locked keys are taken, and fetched only when the lockfile has none (as those of older versions of the original).
 * `requireSigned` is the manifest's.
 */
export async function requiredKeys(
  lock: Lockfile,
  repositories: Repositories,
  requireSigned: boolean,
): Promise<RequiredKeys> {
  const used = lock.packages.map(({ repositoryId }) => repositoryId);
  const ids = new Set(requireSigned ? [...used, ...lock.repositoryKeys.keys(), ...repositories.repositoryIds] : used);
  const keys = new Map<string, RepositoryKeys>();
  for (const id of ids) {
    const locked = lock.repositoryKeys.get(id);
    const gpgcheck = (locked?.gpgcheck ?? false) || repositories.gpgcheckOf(id);
    if (!gpgcheck || (locked !== undefined && locked.keys.length > 0)) {
      keys.set(id, { gpgcheck, keys: locked?.keys ?? [] });
    } else {
      keys.set(id, { gpgcheck, keys: (await repositories.keysOf(id)).keys });
    }
  }
  const local = { gpgcheck: requireSigned, keys: [...new Set([...keys.values()].flatMap((entry) => entry.keys))] };
  return { ofRepository: (id) => keys.get(id) ?? { gpgcheck: true, keys: [] }, ofLocalPackages: local };
}
