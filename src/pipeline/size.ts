/** `rpmoci size`: what takes the space of an image. */
import { type Removal, removalOf, type SizeGrouping, type SizeReport, sizeReport } from "../inspect/size.js";
import { type InspectOptions, readContents } from "./image-contents.js";

export interface SizeOptions extends InspectOptions {
  /** `package` by default. */
  readonly by?: SizeGrouping;
  /** Directories of a path that count when sizes are by directory; 2 by default. */
  readonly depth?: number;
}

/** Throws an `RpmociError`, of kind `usage` when there is no such image, of kind `verify` when it is damaged. */
export async function imageSize(options: SizeOptions): Promise<SizeReport> {
  const { by = "package", depth = 2 } = options;
  return sizeReport(await readContents(options), by, depth);
}

export interface RemovalOptions extends InspectOptions {
  /** Names of packages, NEVRAs, or globs of these. */
  readonly without: readonly string[];
}

/** What an image would save without some packages. Throws as `imageSize`, and of kind `usage` for an unknown package. */
export async function imageWithout(options: RemovalOptions): Promise<Removal> {
  return removalOf(await readContents(options), options.without);
}
