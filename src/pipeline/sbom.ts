/** `rpmoci sbom`: a bill of materials of an image that is in a layout, whoever made it. */
import { RpmociError } from "../errors.js";
import { findImage } from "../layout/find-image.js";
import { partForPlatform } from "../lockfile/parts.js";
import { readLockfile } from "../lockfile/read.js";
import type { SbomFormat } from "../model/attachment.js";
import { imageFacts, makeBill } from "./attachments.js";
import { contentsOfImage } from "./image-contents.js";
import { originsOf } from "./package-origins.js";

export interface SbomOptions {
  /** An OCI image layout. */
  readonly layout: string;
  /** A tag or a digest; may be left out where there is one image only. */
  readonly reference?: string | undefined;
  readonly format: SbomFormat;
  /** Whether the packages' files are listed. */
  readonly files?: boolean;
  /** The lockfile that the image was built from: it tells packages' checksums, repositories and signers. */
  readonly lockfilePath?: string | undefined;
}

/**
 * Reads the rpm database out of the image's layers. For an image that `build` made without local RPMs, the lockfile makes
 * the bytes those that `build` attaches. Throws an `RpmociError`: of kind `usage` when there is no such image, of kind
 * `verify` when a layer is damaged, of kind `output` when the image cannot be read or has no rpm database, of kind
 * `lockfile` for a lockfile that cannot be read.
 */
export async function sbom(options: SbomOptions): Promise<Buffer> {
  const { layout, reference, format, files = false, lockfilePath } = options;
  const { directory, descriptor, manifest, config } = await findImage(layout, reference);
  const lock = lockfilePath === undefined ? null : await readLockfile(lockfilePath);
  if (lockfilePath !== undefined && lock === null) {
    throw new RpmociError(`${lockfilePath} is missing`, { kind: "lockfile", code: "LOCKFILE_MISSING" });
  }
  // Go's tools write null for lists without entries.
  const contents = await contentsOfImage(directory, manifest.layers ?? [], files);
  const origins = lock === null ? [] : await originsOf(partForPlatform(lock, config), []);
  return makeBill(format, imageFacts(descriptor.digest, config), contents, origins);
}
