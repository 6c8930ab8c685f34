/** A bill of materials before it has a format. */
import type { FileDigests } from "../model/file-digests.js";
import type { Checksum, InventoryPackage } from "../native/binding.js";
import type { Contents, ImageFacts, PackageOrigin } from "./facts.js";
import { evrOf } from "./identifiers.js";
import { type Licence, parseLicence } from "./licence.js";
import { type Distribution, parseOsRelease } from "./os-release.js";
import { packageUrl } from "./package-url.js";

export interface BillPackage {
  readonly facts: InventoryPackage;
  /** `[epoch:]version-release`, without an epoch of 0. */
  readonly evr: string;
  readonly purl: string;
  readonly licence: Licence | null;
  readonly origin: PackageOrigin | null;
  /** Regular files, sorted by path. */
  readonly files: readonly BillFile[];
}

export interface BillFile extends FileDigests {
  readonly path: string;
}

export interface Bill {
  readonly image: ImageFacts;
  readonly distribution: Distribution | null;
  /** In the order of the rpm database's packages, which is that of their names. */
  readonly packages: readonly BillPackage[];
  readonly toolVersion: string;
}

export function billOf({ image, osRelease, packages, files, origins, toolVersion }: Contents): Bill {
  const distribution = parseOsRelease(osRelease);
  const describe = (facts: InventoryPackage): BillPackage => {
    const evr = evrOf(facts);
    const { name, epoch, arch, sourceRpm } = facts;
    const version = `${facts.version}-${facts.release}`;
    return {
      facts,
      evr,
      purl: packageUrl({ name, epoch, version, arch, sourceRpm }, distribution),
      licence: parseLicence(facts.license),
      files: facts.files.flatMap((path) => {
        const digests = files.get(path);
        return digests === undefined ? [] : [{ path, ...digests }];
      }),
      origin:
        origins.find((o) => o.name === name && o.evr === evr && (o.arch === undefined || o.arch === arch)) ?? null,
    };
  };
  return { image, distribution, packages: packages.map(describe), toolVersion };
}

/** Of the image manifest. */
export function checksumOf({ digest }: ImageFacts): Checksum {
  const [algorithm, value = ""] = digest.split(":");
  return { algorithm: algorithm === "sha512" ? "sha512" : "sha256", value };
}

/** What has no place of its own in a format: name and value of each, in the same order for all packages. */
export function particularsOf({ facts, origin }: BillPackage): readonly (readonly [string, string])[] {
  const { sourceRpm, headerDigest, payloadDigest, signers } = facts;
  const origins: readonly (readonly [string, string | undefined])[] = [
    ["repository", origin === null ? undefined : (origin.repositoryId ?? "local file")],
    ["location", origin?.location],
    ["source-rpm", sourceRpm],
    // The one is known in full from the lockfile, of the other the package tells a part.
    ...(origin?.signedBy === undefined
      ? signers.map((id) => ["signature-key-id", id] as const)
      : [["signed-by", origin.signedBy] as const]),
    ["header-digest", headerDigest === null ? undefined : `${headerDigest.algorithm}:${headerDigest.value}`],
    ["payload-digest", payloadDigest === null ? undefined : `${payloadDigest.algorithm}:${payloadDigest.value}`],
  ];
  return origins.flatMap(([name, value]) => (value === undefined || value === "" ? [] : [[name, value] as const]));
}
