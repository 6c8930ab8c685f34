/** How hard layers are compressed when the manifest does not say. */
import type { LayersSection } from "../model/layer-plan.js";

/** The fastest of each: the next costs about half as much time more, and saves a few percent. */
const DEFAULT_LEVEL = 1;

export function levelOf({ level }: Pick<LayersSection, "level">): number {
  return level ?? DEFAULT_LEVEL;
}
