/** Finds an image in a layout by what people call it. */
import { resolve } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import {
  ANNOTATION_REF_NAME,
  type Descriptor,
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
} from "../model/descriptor.js";
import { inspectLayout, readIndex } from "./index-file.js";
import { IMAGE_CONFIG, IMAGE_INDEX, IMAGE_MANIFEST } from "./media-types.js";
import { readVerified } from "./read-verified.js";

export interface FoundImage {
  /** Of the layout; absolute. */
  readonly directory: string;
  /** Of the image manifest. */
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
}

/**
 * The image with a tag or a digest, or the only one. Of an index of several platforms, an image must be named by its
 * digest. Throws an `RpmociError`: of kind `usage` when there is no such image, or more than one, of kind `output` for
 * what cannot be read.
 */
export async function findImage(path: string, reference: string | undefined): Promise<FoundImage> {
  const directory = resolve(path);
  if ((await inspectLayout(directory)) === "absent") {
    throw new RpmociError(`There is no OCI image layout in ${directory}`, { kind: "output", code: "LAYOUT_INVALID" });
  }
  const { manifests } = await readIndex(directory);
  try {
    const images = await imagesAmong(directory, manifests, reference);
    const [descriptor, other] = images;
    if (descriptor === undefined || other !== undefined) throw notOne(directory, reference, images);
    const manifest = await readJson<ImageManifest>(directory, descriptor);
    return { directory, descriptor, manifest, config: await readJson<ImageConfig>(directory, manifest.config) };
  } catch (error) {
    if (error instanceof RpmociError) throw error;
    throw new RpmociError(`Failed to read an image of ${directory}: ${messageOf(error)}`, {
      kind: "output",
      code: "LAYOUT_INVALID",
      hint: "rpmoci layout validate checks all of a layout",
      cause: error,
    });
  }
}

/** Image manifests of images; those of artifacts are none. */
async function imagesAmong(
  directory: string,
  entries: readonly Descriptor[],
  reference: string | undefined,
): Promise<readonly Descriptor[]> {
  const found = new Map<string, Descriptor>();
  const visit = async (entry: Descriptor, isNamed: boolean): Promise<void> => {
    const isWanted = isNamed || entry.digest === reference || entry.annotations?.[ANNOTATION_REF_NAME] === reference;
    if (IMAGE_INDEX.test(entry.mediaType)) {
      const index = await readJson<ImageIndex>(directory, entry).catch((error) => {
        // What nobody asked for may be damaged.
        if (isWanted || reference === undefined) throw error;
        return null;
      });
      for (const nested of index?.manifests ?? []) await visit(nested, isWanted);
    } else if (isWanted && IMAGE_MANIFEST.test(entry.mediaType)) {
      const { config } = await readJson<ImageManifest>(directory, entry);
      if (IMAGE_CONFIG.test(config.mediaType)) {
        found.set(entry.digest, entry);
      }
    }
  };
  for (const entry of entries) await visit(entry, reference === undefined);
  return [...found.values()];
}

function notOne(directory: string, reference: string | undefined, images: readonly Descriptor[]): RpmociError {
  const tags = images.map(({ digest, annotations }) => annotations?.[ANNOTATION_REF_NAME] ?? digest);
  const name = reference === undefined ? "" : ` ${reference}`;
  return images.length === 0
    ? new RpmociError(`There is no image${name} in ${directory}`, { kind: "usage", code: "IMAGE_NOT_FOUND" })
    : new RpmociError(`There is more than one image${name} in ${directory}`, {
        kind: "usage",
        code: "IMAGE_AMBIGUOUS",
        hint: `name one of them after the layout, as in LAYOUT:TAG: ${tags.join(", ")}`,
      });
}

async function readJson<T>(directory: string, { digest }: Descriptor): Promise<T> {
  return JSON.parse((await readVerified(directory, digest)).toString());
}
