/** SLSA provenance 1.0 in an in-toto statement (https://slsa.dev/spec/v1.0/provenance). */
import type { Digest } from "../model/descriptor.js";
import { compareText } from "../model/nevra.js";
import type { ImageFacts, PackageOrigin } from "./facts.js";
import { type Distribution, parseOsRelease } from "./os-release.js";
import { imageUrl, packageUrl } from "./package-url.js";

export const PREDICATE_TYPE = "https://slsa.dev/provenance/v1";

/** How an image follows from its parameters: the package URL of the file that describes these. */
const BUILD_TYPE = "pkg:npm/rpmoci#docs/provenance-v1.md";

/** Nobody in particular: the tool itself, on a machine that is not known. */
const BUILDER = "pkg:npm/rpmoci";

export interface ProvenanceBase {
  /** As the manifest has it. */
  readonly image: string;
  /** `HOST/NAME:TAG` and the like where others can find it. */
  readonly publicName: string | undefined;
  /** Of the image manifest. */
  readonly digest: Digest;
}

/** What whoever ran the build chose. */
export interface BuildParameters {
  /** SHA-256 in hexadecimal digits, of the files. */
  readonly manifestDigest: string;
  readonly lockfileDigest: string;
  /** As the manifest has them. */
  readonly repositories: readonly { readonly id: string; readonly url?: string }[];
  readonly packages: readonly string[];
  readonly exclude: readonly string[];
  /** Images that others are built on, one for each architecture at most. */
  readonly bases: readonly ProvenanceBase[];
  /** Given on the command line. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface ProvenanceRequest {
  readonly image: ImageFacts;
  readonly osRelease: string | null;
  readonly parameters: BuildParameters;
  /** Of all packages that were installed, be they excluded later. */
  readonly origins: readonly PackageOrigin[];
  readonly toolVersion: string;
  /** The URI of the platform that ran the build; undefined where nobody vouches for it. */
  readonly builderId: string | undefined;
}

/** Equal requests give equal bytes. */
export function provenanceStatement(request: ProvenanceRequest): Buffer {
  const { image, osRelease, parameters, origins, toolVersion, builderId = BUILDER } = request;
  const distribution = parseOsRelease(osRelease);
  const { manifestDigest, lockfileDigest, repositories, packages, exclude, bases, labels } = parameters;
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: image.title ?? "image", digest: { sha256: image.digest.slice("sha256:".length) } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          manifest: { digest: { sha256: manifestDigest } },
          lockfile: { digest: { sha256: lockfileDigest } },
          repositories,
          packages,
          ...(exclude.length === 0 ? {} : { exclude }),
          ...(bases[0] === undefined ? {} : { base: bases[0].image }),
          labels: Object.fromEntries(Object.entries(labels).sort(([a], [b]) => compareText(a, b))),
          created: image.created,
        },
        resolvedDependencies: [
          ...bases.map(baseDependency),
          ...origins.map((origin) => dependencyOf(origin, distribution)),
        ],
      },
      runDetails: { builder: { id: builderId, version: { rpmoci: toolVersion } } },
    },
  };
  return Buffer.from(`${JSON.stringify(statement, null, 2)}\n`);
}

function baseDependency({ image, publicName, digest }: ProvenanceBase): Readonly<Record<string, unknown>> {
  return {
    name: image,
    ...(publicName === undefined ? {} : { uri: imageUrl(publicName, digest) }),
    digest: { sha256: digest.slice("sha256:".length) },
  };
}

function dependencyOf(origin: PackageOrigin, distribution: Distribution | null): Readonly<Record<string, unknown>> {
  const { name, evr, arch = "", repositoryId, location, checksums, sourceRpm = "", signedBy } = origin;
  const [, epoch = "0", version = evr] = /^(\d+):(.*)$/.exec(evr) ?? [];
  return {
    name: `${name}-${evr}${arch === "" ? "" : `.${arch}`}`,
    uri: packageUrl({ name, epoch: Number(epoch), version, arch, sourceRpm }, distribution),
    digest: Object.fromEntries(checksums.map(({ algorithm, value }) => [algorithm, value])),
    annotations: {
      ...(repositoryId === null ? {} : { repository: repositoryId }),
      ...(location === undefined ? {} : { location }),
      ...(signedBy === undefined ? {} : { signedBy }),
    },
  };
}
