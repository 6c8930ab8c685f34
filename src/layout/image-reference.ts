/** What users call an image. */
import { existsSync } from "node:fs";
import type { Digest } from "../model/descriptor.js";

export interface ImageReference {
  /** The directory of an OCI image layout, or an archive of one (oci-archive). */
  readonly path: string;
  readonly tag?: string | undefined;
  /** Of the image manifest, or of an index of several platforms. */
  readonly digest?: Digest | undefined;
}

/** `DIR[:TAG]`, `FILE[:TAG]`, `DIR@DIGEST` or `FILE@DIGEST`, or the same in its parts. */
export type ImageName = string | ImageReference;

const DIGEST = /^(.+?)[:@](sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/**
 * The parts of a name, which may also stand behind `oci:` or `oci-archive:`. Paths and tags may have colons in them: the
 * longest path counts that is there.
 */
export function parseImageReference(text: string): ImageReference {
  if (existsSync(text)) return { path: text };
  const name = text.replace(/^oci(-archive)?:/, "");
  if (existsSync(name)) return { path: name };
  const [, image, digest] = DIGEST.exec(name) ?? [];
  if (image !== undefined) return { path: image, digest: digest as Digest };
  for (let colon = name.lastIndexOf(":"); colon > 0; colon = name.lastIndexOf(":", colon - 1)) {
    const path = name.slice(0, colon);
    if (existsSync(path) && colon < name.length - 1) return { path, tag: name.slice(colon + 1) };
  }
  const [, path, tag] = /^(.+):([^/]+)$/.exec(name) ?? [];
  return path === undefined ? { path: name } : { path, tag };
}

export function referenceOf(image: ImageName): ImageReference {
  return typeof image === "string" ? parseImageReference(image) : image;
}

/** As users write it. */
export function formatReference({ path, tag, digest }: ImageReference): string {
  return `${path}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}
