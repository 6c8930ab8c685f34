/** Which keys a repository's packages may be signed with from one lockfile to the next. */
import { RpmociError } from "../errors.js";
import type { KeyChange } from "../events.js";
import { lockArchitecture } from "../lockfile/parts.js";
import type { LockedPart, Lockfile } from "../model/lockfile.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";

/** In the order of the repositories; nothing for those that had no keys before. */
export async function keyChanges(previous: Lockfile | null, next: Lockfile): Promise<readonly KeyChange[]> {
  const earlier = new Map(
    [previous ?? [], previous?.others ?? []].flat().map((part) => [lockArchitecture(part), part]),
  );
  const changes = await Promise.all(
    [next, ...next.others].map((part) => partChanges(earlier.get(lockArchitecture(part)) ?? previous, part)),
  );
  // Keys are nearly always those of all architectures.
  const distinct = new Map(changes.flat().map((change) => [JSON.stringify(change), change]));
  return [...distinct.values()];
}

async function partChanges(previous: LockedPart | null, next: LockedPart): Promise<readonly KeyChange[]> {
  const changes = [...next.repositoryKeys].map(async ([repositoryId, { keys }]): Promise<readonly KeyChange[]> => {
    const before = previous?.repositoryKeys.get(repositoryId)?.keys ?? [];
    if (before.length === 0) return [];
    const gone = await fingerprintsOf(before.filter((key) => !keys.includes(key)));
    const come = await fingerprintsOf(keys.filter((key) => !before.includes(key)));
    const change = (kind: KeyChange["kind"], fingerprints: readonly string[]): readonly KeyChange[] =>
      fingerprints.map((fingerprint) => ({ kind, repositoryId, fingerprint }));
    const both = (fingerprint: string): boolean => gone.includes(fingerprint);
    return [
      ...change(
        "trusted",
        come.filter((fingerprint) => !both(fingerprint)),
      ),
      ...change("renewed", come.filter(both)),
      ...change(
        "dropped",
        gone.filter((fingerprint) => !come.includes(fingerprint)),
      ),
    ];
  });
  return (await Promise.all(changes)).flat();
}

/** None for texts without a key that can be used: nothing is trusted by them. */
async function fingerprintsOf(keys: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    keys.map((key) =>
      nativeCall(binding().keyFingerprints([key])).catch((error: unknown) => {
        if (error instanceof RpmociError && error.code === "KEY_UNREADABLE") return [];
        throw error;
      }),
    ),
  );
  return [...new Set(found.flat())];
}
