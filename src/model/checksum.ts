/** Checksums of files, as repository metadata and lockfiles name them. */
import type { Checksum, ChecksumAlgorithm } from "../native/binding.js";

export type { Checksum, ChecksumAlgorithm };

/** The digits that a checksum of each algorithm has. */
const HEX_LENGTH: Record<ChecksumAlgorithm, number> = {
  md5: 32,
  sha1: 40,
  sha224: 56,
  sha256: 64,
  sha384: 96,
  sha512: 128,
};

/** Whether `value` is a lower-case hexadecimal checksum of the right length for `algorithm`. */
export function isChecksumValue(algorithm: ChecksumAlgorithm, value: string): boolean {
  return value.length === HEX_LENGTH[algorithm] && /^[0-9a-f]+$/.test(value);
}

/** The algorithm that a repository's metadata means; createrepo writes `sha` for SHA-1. Null for an unknown one. */
export function checksumAlgorithm(name: string): ChecksumAlgorithm | null {
  const lower = name.toLowerCase();
  if (lower === "sha") return "sha1";
  return Object.hasOwn(HEX_LENGTH, lower) ? (lower as ChecksumAlgorithm) : null;
}

export function formatChecksum(checksum: Checksum): string {
  return `${checksum.algorithm}:${checksum.value}`;
}
