/** The real dnf's answers, for those who do not care which repository a package is from. */
import { askDnf } from "./dnf-oracle.js";

/**
 * For each list of specifications the sorted NEVRAs that dnf would install into an empty root without weak dependencies,
 * or null where it refuses. `repositories` are folders by id.
 */
export async function dnfInstalls(
  repositories: Readonly<Record<string, string>>,
  jobs: readonly (readonly string[])[],
): Promise<readonly (readonly string[] | null)[]> {
  const described = Object.entries(repositories).map(([id, folder]) => ({ id, folder }));
  const outcomes = await askDnf(
    described,
    jobs.map((specs) => ({ specs, weak: false })),
  );
  return outcomes.map((outcome) =>
    typeof outcome === "string" ? null : outcome.map((line) => line.split(" ")[0] ?? "").sort(),
  );
}
