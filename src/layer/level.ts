/** How hard layers are compressed when the manifest does not say. */
import type { LayersSection } from "../model/layer-plan.js";

/**
 * The fastest of each: the next level costs a third of the time more and saves a few percent, as
 * `bench/compressors` shows.
 */
const DEFAULT_LEVEL = 1;

export function levelOf({ level }: Pick<LayersSection, "level">): number {
  return level ?? DEFAULT_LEVEL;
}
