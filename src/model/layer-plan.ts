/** How an image is cut into layers. */

/** The manifest's `[layers]`, with its defaults. */
export interface LayersSection {
  readonly compression: "gzip" | "zstd" | "none";
  /** Undefined for the compression's default. */
  readonly level: number | undefined;
  readonly strategy: "single" | "package" | "source" | "size";
  /** The most layers that the image may have, the topmost one included. */
  readonly max: number;
  /** Packages that have a layer of their own. */
  readonly groups: readonly LayerGroup[];
}

export interface LayerGroup {
  readonly name: string;
  /** Names of packages, or globs of them. */
  readonly packages: readonly string[];
}

export interface PlannedLayer {
  readonly name: string;
  /** Names, sorted; all versions and architectures of a name go together. */
  readonly packages: readonly string[];
}

/**
 * The most stable layer first. What none of its packages owns, the rpm database, and what scriptlets changed go to one
 * more layer on top.
 */
export interface LayerPlan {
  readonly layers: readonly PlannedLayer[];
}
