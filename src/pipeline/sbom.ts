/** `rpmoci sbom`: a bill of materials of an image that is in a layout, whoever made it. */
import { RpmociError } from "../errors.js";
import { type ImageName, referenceOf } from "../layout/image-reference.js";
import { openImage } from "../layout/open-image.js";
import { partForPlatform } from "../lockfile/parts.js";
import { readLockfile } from "../lockfile/read.js";
import type { SbomFormat } from "../model/attachment.js";
import { imageFacts, makeBill } from "./attachments.js";
import { contentsOfSource } from "./image-contents.js";
import { originsOf } from "./package-origins.js";

export interface SbomOptions {
  /** The tag may be left out where there is one image only. */
  readonly image: ImageName;
  /** Of an image of several platforms; this machine's by default. rpm's name, or the OCI image specification's. */
  readonly architecture?: string | undefined;
  readonly format: SbomFormat;
  /** Whether the packages' files are listed. */
  readonly files?: boolean;
  /** The lockfile that the image was built from: it tells packages' checksums, repositories and signers. */
  readonly lockfilePath?: string | undefined;
  /** Rejects with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Reads the rpm database out of the image's layers. For an image that `build` made without local RPMs, the lockfile makes
 * the bytes those that `build` attaches. Throws an `RpmociError`: of kind `usage` when there is no such image, of kind
 * `verify` when a layer is damaged, of kind `output` when the image cannot be read or has no rpm database, of kind
 * `lockfile` for a lockfile that cannot be read.
 */
export async function sbom(options: SbomOptions): Promise<Buffer> {
  const { image, architecture, format, files = false, lockfilePath, signal } = options;
  const source = await openImage(referenceOf(image), architecture);
  const lock = lockfilePath === undefined ? null : await readLockfile(lockfilePath);
  if (lockfilePath !== undefined && lock === null) {
    throw new RpmociError(`${lockfilePath} is missing`, { kind: "lockfile", code: "LOCKFILE_MISSING" });
  }
  const contents = await contentsOfSource(source, files, signal);
  const origins = lock === null ? [] : await originsOf(partForPlatform(lock, source.config), []);
  return makeBill(format, imageFacts(source.digest, source.config), contents, origins);
}
