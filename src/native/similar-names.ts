import { binding } from "./load.js";

/** At most three of `names` that resemble a name that nothing has, the closest first; none where the addon is missing. */
export function similarNames(name: string, names: readonly string[]): readonly string[] {
  try {
    return binding().similarNames(name, names);
  } catch {
    return [];
  }
}
