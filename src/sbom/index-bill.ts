/** A bill of materials of an image index: the images for each architecture, each of which has a bill of its own. */
import { PackageURL } from "packageurl-js";
import type { Platform } from "../model/architecture.js";
import type { ImageFacts } from "./facts.js";

export interface IndexBill {
  /** Of the index; title and time are those of its images. */
  readonly image: ImageFacts;
  readonly images: readonly { readonly facts: ImageFacts; readonly platform: Platform }[];
  /** The version of this tool. */
  readonly toolVersion: string;
}

/** purl specification, type `oci`. */
export function imageUrl({ digest, title }: ImageFacts, platform: Platform): string {
  const name = (title ?? "image").toLowerCase().replace(/[^a-z0-9._-]+/g, "-");
  return new PackageURL("oci", undefined, name, digest, { arch: platform.architecture }, undefined).toString();
}
