/** The real dnf's answers. */
import { join } from "node:path";
import { projectRoot } from "./project.js";
import { runSuccessfully } from "./run.js";

/**
 * For each list of specifications the sorted NEVRAs that dnf would install into an empty root without weak dependencies,
 * or null where it refuses. `repositories` are folders by id.
 */
export async function dnfInstalls(
  repositories: Readonly<Record<string, string>>,
  jobs: readonly (readonly string[])[],
): Promise<readonly (readonly string[] | null)[]> {
  const script = join(projectRoot, "tests/support/dnf-install.py");
  const input = JSON.stringify({ repositories, arch: "x86_64", jobs });
  // The language of the names of groups that dnf knows depends on it.
  return JSON.parse(await runSuccessfully("/usr/bin/python3", [script], { input, env: { LC_ALL: "C.UTF-8" } }));
}
