/** Algorithms of digests (OCI image specification, "Registered algorithms"). */

export const ALGORITHMS = ["sha256", "sha512"] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

/** Undefined for one that is not registered, which nobody has to know. */
export function algorithmOf(digest: string | undefined): Algorithm | undefined {
  return ALGORITHMS.find((algorithm) => digest?.startsWith(`${algorithm}:`));
}
