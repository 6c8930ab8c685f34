/** The shape of `rpmoci.lock`. Unknown keys are ignored, so that lockfiles of other versions can be read. */
import * as v from "valibot";
import { ARCHITECTURE_NAME } from "../model/architecture.js";
import { isChecksumValue } from "../model/checksum.js";

const texts = v.array(v.string());

const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(0));

const checksum = v.pipe(
  v.object({
    algorithm: v.picklist(["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]),
    checksum: v.pipe(v.string(), v.toLowerCase()),
  }),
  v.check(({ algorithm, checksum }) => isChecksumValue(algorithm, checksum), "is not a checksum of its algorithm"),
);

/** What becomes a file name or a part of a URL must not lead elsewhere; a package elsewhere is locked without it. */
export function staysInside(location: string): boolean {
  return !location.split("/").includes("..") && !location.startsWith("/");
}

const location = v.pipe(v.string(), v.check(staysInside, "leads outside the repository"));

const sha256 = v.pipe(
  v.string(),
  v.check((value) => isChecksumValue("sha256", value), "is not a SHA-256 checksum"),
);

/** Of a key of version 4, or 6. */
const fingerprint = v.pipe(v.string(), v.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, "is not the fingerprint of a key"));

const packageGroup = v.object({ name: v.string(), packages: texts });

const arch = v.pipe(v.string(), v.regex(ARCHITECTURE_NAME, "is not the name of an architecture"));

const digest = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, "is not a digest"));

const part = v.object({
  base: v.optional(v.object({ image: v.string(), digest, index: v.optional(digest) })),
  packages: v.array(
    v.object({
      name: v.string(),
      evr: v.string(),
      arch: v.optional(v.string()),
      repoid: v.string(),
      checksum,
      location: v.optional(location),
      size: v.optional(wholeNumber),
      source_rpm: v.optional(v.string()),
      build_time: v.optional(wholeNumber),
      signed_by: v.optional(fingerprint),
      sha256: v.optional(sha256),
    }),
  ),
  local_packages: v.optional(v.array(v.object({ name: v.string(), requires: texts })), []),
  repo_gpg_config: v.optional(v.record(v.string(), v.object({ gpgcheck: v.boolean(), keys: texts })), {}),
  layer_plan: v.optional(
    v.object({
      strategy: v.picklist(["package", "source", "size"]),
      max: wholeNumber,
      groups: v.optional(v.array(packageGroup), []),
      layers: v.optional(v.array(packageGroup), []),
    }),
  ),
});

export type LockedPartDocument = v.InferOutput<typeof part>;

export const lockfileSchema = v.pipe(
  v.object({
    ...part.entries,
    arch: v.optional(arch),
    pkg_specs: texts,
    global_key_specs: v.optional(texts, []),
    modules: v.optional(texts, []),
    module_platform_id: v.optional(v.string()),
    architectures: v.optional(v.array(v.object({ ...part.entries, arch })), []),
  }),
  v.check(({ arch: first, architectures }) => {
    const names = [first, ...architectures.map((entry) => entry.arch)];
    return architectures.length === 0 || (first !== undefined && new Set(names).size === names.length);
  }, "must name each architecture once"),
);
