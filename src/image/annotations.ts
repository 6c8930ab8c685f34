/** Annotations of an image (OCI image specification, "Annotations"). */
import { ANNOTATION_CREATED, type Annotations } from "../model/descriptor.js";
import { compareText } from "../model/nevra.js";
import { timeText } from "./config.js";

/**
 * Sorted by key; of the same key in several of `sources`, the last counts. The time of creation, seconds since the epoch,
 * is filled in. Undefined when no source is there: images that nobody asks annotations for keep their digests.
 */
export function imageAnnotations(
  sources: readonly (Annotations | undefined)[],
  created: number,
): Annotations | undefined {
  if (sources.every((source) => source === undefined)) return undefined;
  const all: Annotations = Object.assign({ [ANNOTATION_CREATED]: timeText(created) }, ...sources);
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => compareText(a, b)));
}
