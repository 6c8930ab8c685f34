/** `oci-layout` and `index.json` of an OCI image layout. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { messageOf, RpmociError } from "../errors.js";
import { ANNOTATION_REF_NAME, type Descriptor, type ImageIndex, MEDIA_TYPE } from "../model/descriptor.js";
import { LARGEST_INDEX, readDocument } from "./document.js";

export const INDEX_FILE = "index.json";
export const LAYOUT_FILE = "oci-layout";
export const LAYOUT_TEXT = '{"imageLayoutVersion":"1.0.0"}';

/** What this tool changes nothing of is kept as it was, whatever other tools wrote. */
export const indexSchema = v.looseObject({
  schemaVersion: v.literal(2),
  // umoci writes null into a new layout.
  manifests: v.pipe(
    v.nullable(v.array(v.looseObject({ mediaType: v.string(), digest: v.string(), size: v.number() }))),
    v.transform((manifests) => manifests ?? []),
  ),
});

/**
 * Whether `directory` is a layout (`present`), or may become one (`absent`: missing or empty). Throws an `RpmociError`
 * of kind `output` when something else is there, or when its index cannot be read.
 */
export async function inspectLayout(directory: string): Promise<"present" | "absent"> {
  let names: readonly string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "absent";
    throw fault(directory, messageOf(error), error);
  }
  if (names.includes(LAYOUT_FILE)) {
    await readIndex(directory);
    return "present";
  }
  // Hidden files are what this tool leaves when it is killed, or a version control system's. Killed at the very end of
  // its first image, it leaves all but `oci-layout`.
  if (names.every((name) => name.startsWith(".") || name === "blobs" || name === INDEX_FILE)) {
    await readIndex(directory);
    return "absent";
  }
  throw fault(directory, "the directory is neither empty nor an OCI image layout", undefined);
}

/** The index; an empty one when there is none yet. */
export async function readIndex(directory: string): Promise<ImageIndex> {
  const path = join(directory, INDEX_FILE);
  let text: string;
  try {
    text = (await readDocument(path, LARGEST_INDEX)).toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [] };
    }
    throw fault(directory, messageOf(error), error);
  }
  try {
    return v.parse(indexSchema, JSON.parse(text)) as unknown as ImageIndex;
  } catch (error) {
    throw fault(directory, `${path} is not a valid image index: ${messageOf(error)}`, error);
  }
}

/** `index` with `descriptor` under `tag`; another image of that tag is left without it. */
export function withTag(index: ImageIndex, descriptor: Descriptor, tag: string): ImageIndex {
  const others = index.manifests.filter((entry) => entry.annotations?.[ANNOTATION_REF_NAME] !== tag);
  const tagged = { ...descriptor, annotations: { ...descriptor.annotations, [ANNOTATION_REF_NAME]: tag } };
  return { ...index, manifests: [...others, tagged] };
}

function fault(directory: string, reason: string, cause: unknown): RpmociError {
  return new RpmociError(`Failed to use ${directory} as an OCI image layout: ${reason}`, {
    kind: "output",
    code: "LAYOUT_INVALID",
    cause,
  });
}
