/** Annotations of an image (OCI image specification, "Annotations"). */
import {
  ANNOTATION_BASE_DIGEST,
  ANNOTATION_BASE_NAME,
  ANNOTATION_CREATED,
  type Annotations,
  type Digest,
} from "../model/descriptor.js";
import { compareText } from "../model/nevra.js";
import { timeText } from "./config.js";

export interface BaseReference {
  /** Where others can find it; undefined for an image on this machine. */
  readonly name: string | undefined;
  /** Of the image manifest. */
  readonly digest: Digest;
}

function ofBase(base: BaseReference | null): Annotations {
  if (base === null) return {};
  const { name, digest } = base;
  return { [ANNOTATION_BASE_DIGEST]: digest, ...(name === undefined ? {} : { [ANNOTATION_BASE_NAME]: name }) };
}

/**
 * Sorted by key; of the same key in several of `sources`, the last counts. The time of creation, seconds since the epoch,
 * is filled in, and so is the base image. Undefined when no source is there: images that nobody asks annotations for keep their digests.
 */
export function imageAnnotations(
  sources: readonly (Annotations | undefined)[],
  created: number,
  base: BaseReference | null = null,
): Annotations | undefined {
  if (sources.every((source) => source === undefined)) return undefined;
  const all: Annotations = Object.assign({ [ANNOTATION_CREATED]: timeText(created), ...ofBase(base) }, ...sources);
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => compareText(a, b)));
}
