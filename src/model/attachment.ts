/** The documents about an image that this tool makes. */

export const ATTACHMENTS = {
  spdx: { mediaType: "application/spdx+json", suffix: ".spdx.json", name: "SPDX bill of materials" },
  cyclonedx: { mediaType: "application/vnd.cyclonedx+json", suffix: ".cdx.json", name: "CycloneDX bill of materials" },
  provenance: { mediaType: "application/vnd.in-toto+json", suffix: ".intoto.json", name: "provenance" },
} as const;

export type AttachmentKind = keyof typeof ATTACHMENTS;

/** A format of bills of materials. */
export type SbomFormat = Exclude<AttachmentKind, "provenance">;

export const SBOM_FORMATS: readonly SbomFormat[] = ["spdx", "cyclonedx"];
