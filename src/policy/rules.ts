/** What of an image violates its policy. */
import { matchesGlob } from "../model/glob.js";
import type { Lockfile } from "../model/lockfile.js";
import { formatNevra } from "../model/nevra.js";
import type { PolicySection } from "../model/policy.js";
import type { PackageHeader } from "../native/binding.js";
import { isAllowed } from "./licence.js";

export interface Violation {
  /** `policy.forbidden: …` */
  readonly message: string;
  /** The package at fault; null for the image as a whole. */
  readonly packageName: string | null;
}

/**
 * By what the lockfile tells. `fresh`: it was made a moment ago, and has the signer of each package that has one; of an
 * older one, the verification of packages finds out.
 */
export function violationsOfLock(policy: PolicySection, lock: Lockfile, fresh: boolean): readonly Violation[] {
  const locked = lock.packages.map((entry) => ({ name: entry.name, label: formatNevra(entry) }));
  const local = lock.localPackages.map(({ name }) => ({ name, label: `the local package ${name}` }));
  const forbidden = [...locked, ...local].flatMap(({ name, label }): readonly Violation[] => {
    const pattern = policy.forbidden.find((candidate) => matchesGlob(candidate, name));
    if (pattern === undefined) return [];
    return [{ message: `policy.forbidden: "${pattern}" forbids ${label}`, packageName: name }];
  });
  return [...forbidden, ...(policy.requireSignatures && fresh ? unsigned(lock) : [])];
}

/** By what a base image has. */
export function violationsOfBase(
  { forbidden }: PolicySection,
  packages: readonly { readonly name: string; readonly evr: string; readonly arch: string }[],
): readonly Violation[] {
  return packages.flatMap((entry): readonly Violation[] => {
    const pattern = forbidden.find((candidate) => matchesGlob(candidate, entry.name));
    if (pattern === undefined) return [];
    const message = `policy.forbidden: "${pattern}" forbids ${formatNevra(entry)}, which is in the base image`;
    return [{ message, packageName: null }];
  });
}

function unsigned(lock: Lockfile): readonly Violation[] {
  return lock.packages
    .filter(({ signedBy }) => signedBy === undefined)
    .map((entry) => ({
      message: `policy.require_signatures: ${formatNevra(entry)} is not signed with a key of repository "${entry.repositoryId}"`,
      packageName: entry.name,
    }));
}

/** Whether `violationsOfPackages` can find anything. */
export function needsHeaders({ allowedLicenses, maxPackageSize, maxInstalledSize }: PolicySection): boolean {
  return allowedLicenses !== undefined || maxPackageSize !== undefined || maxInstalledSize !== undefined;
}

export type PackageFacts = Pick<PackageHeader, "name" | "evr" | "arch" | "license" | "installedSize">;

/** By what the packages themselves tell. */
export function violationsOfPackages(policy: PolicySection, packages: readonly PackageFacts[]): readonly Violation[] {
  const { allowedLicenses, maxPackageSize, maxInstalledSize } = policy;
  const found: Violation[] = [];
  for (const facts of packages) {
    const { name, license, installedSize } = facts;
    if (allowedLicenses !== undefined && !isAllowed(license, allowedLicenses)) {
      const message = `policy.allowed_licenses: none allows "${license}", the licence of ${formatNevra(facts)}`;
      found.push({ message, packageName: name });
    }
    if (maxPackageSize !== undefined && installedSize > maxPackageSize) {
      const sizes = `${size(installedSize)} when installed, more than ${size(maxPackageSize)}`;
      found.push({ message: `policy.max_package_size: ${formatNevra(facts)} has ${sizes}`, packageName: name });
    }
  }
  const total = packages.reduce((sum, { installedSize }) => sum + installedSize, 0);
  if (maxInstalledSize !== undefined && total > maxInstalledSize) {
    const largest = [...packages].sort((a, b) => b.installedSize - a.installedSize).slice(0, 3);
    const names = largest.map((facts) => `${formatNevra(facts)} (${size(facts.installedSize)})`).join(", ");
    const message = `policy.max_installed_size: all packages have ${size(total)} when installed, more than ${size(maxInstalledSize)}; the largest are ${names}`;
    found.push({ message, packageName: null });
  }
  return found;
}

export function violationsOfImage({ maxImageSize }: PolicySection, bytes: number): readonly Violation[] {
  if (maxImageSize === undefined || bytes <= maxImageSize) return [];
  const message = `policy.max_image_size: the image's layers have ${size(bytes)}, more than ${size(maxImageSize)}`;
  return [{ message, packageName: null }];
}

function size(bytes: number): string {
  return bytes < 1e5 ? `${bytes} bytes` : `${(bytes / 1e6).toFixed(1)} MB`;
}
