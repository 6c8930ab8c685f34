/** Package URLs of RPMs (purl specification, type `rpm`), with the qualifiers that scanners read. */
import { PackageURL } from "packageurl-js";
import type { Distribution } from "./os-release.js";

export interface PackageUrlParts {
  readonly name: string;
  readonly epoch: number | null;
  /** `version-release`. */
  readonly version: string;
  readonly arch: string;
  /** The file name of the source package. */
  readonly sourceRpm: string;
}

/** Red Hat's own package URLs have its name rather than that of the distribution. */
const NAMESPACES: Readonly<Record<string, string>> = { rhel: "redhat" };

export function packageUrl(
  { name, epoch, version, arch, sourceRpm }: PackageUrlParts,
  distribution: Distribution | null,
): string {
  const { id, versionId } = distribution ?? { id: "", versionId: "" };
  const qualifiers = {
    arch,
    distro: id === "" || versionId === "" ? id : `${id}-${versionId}`,
    epoch: epoch ? String(epoch) : "",
    upstream: sourceRpm,
  };
  const present = Object.fromEntries(Object.entries(qualifiers).filter(([, value]) => value !== ""));
  return new PackageURL("rpm", NAMESPACES[id] ?? (id || undefined), name, version, present, undefined).toString();
}

/** Of an image in a registry (type `oci`), by its name there, `HOST/NAME` with a tag or a digest behind. */
export function imageUrl(publicName: string, digest: string): string {
  const [, repository = publicName, tag] = /^([^@]+?)(?::([^/:@]+))?(?:@.*)?$/.exec(publicName) ?? [];
  const name = repository.slice(repository.lastIndexOf("/") + 1);
  const qualifiers = { repository_url: repository, ...(tag === undefined ? {} : { tag }) };
  return new PackageURL("oci", undefined, name, digest, qualifiers, undefined).toString();
}
