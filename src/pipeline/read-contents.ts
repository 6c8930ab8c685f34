/** Reads an image that a user names. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Emit } from "../events.js";
import { describeContents, type ImageContents, isNeeded } from "../inspect/contents.js";
import { type ImageName, referenceOf } from "../layout/image-reference.js";
import { openImage } from "../layout/open-image.js";
import { readTree } from "../layout/read-tree.js";
import { withWorkDirectory } from "./work-directory.js";

export interface InspectOptions {
  /** The tag may be left out where there is one image only. */
  readonly image: ImageName;
  /** Of an image of several platforms; this machine's by default. rpm's name, or the OCI image specification's. */
  readonly architecture?: string | undefined;
  /** Hears of what is out of the ordinary; must not throw. */
  readonly emit?: Emit;
  /** Rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** Throws an `RpmociError`, of kind `usage` when there is no such image, of kind `verify` when it is damaged. */
export async function readContents({ image, architecture, emit, signal }: InspectOptions): Promise<ImageContents> {
  const source = await openImage(referenceOf(image), architecture);
  return withWorkDirectory(async (scratch) => {
    const directory = join(scratch, "files");
    await mkdir(directory);
    const tree = await readTree(source, { directory, isWanted: isNeeded, signal });
    const contents = await describeContents(source, tree, scratch);
    if (contents.packages.length === 0) {
      emit?.({ type: "warning", message: `the image ${source.name} has no rpm database` });
    }
    return contents;
  });
}
