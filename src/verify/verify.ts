/** Nothing reaches the root but what passes here: digests, signatures, and that a file is the package it claims to be. */
import { basename } from "node:path";
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import type { LockedPackage, RepositoryKeys } from "../model/lockfile.js";
import { compareNevra, formatNevra, withoutZeroEpoch } from "../model/nevra.js";
import type { FetchedPackage, VerifiedPackage } from "../model/package.js";
import type { PackageHeader, Verification } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";

/** The keys that packages must be signed with, where `gpgcheck` says that they must. */
export interface RequiredKeys {
  readonly ofRepository: (repositoryId: string) => RepositoryKeys;
  readonly ofLocalPackages: RepositoryKeys;
}

export interface VerifyRequest {
  readonly packages: readonly FetchedPackage[];
  /** Names that local RPMs may have; undefined when nothing is locked about them. */
  readonly localNames: ReadonlySet<string> | undefined;
  readonly keys: RequiredKeys;
  /** Of a file, in lower-case hexadecimal digits; asked for where the lockfile has one beside a weaker checksum. */
  readonly sha256Of: (path: string) => Promise<string>;
}

/**
 * Verifies packages that must be signed against the keys that may have signed them; of all others the digests only. Returns them sorted. Throws an `RpmociError` of kind `verify` that lists every package at fault.
 */
export async function verifyPackages(request: VerifyRequest, emit: Emit): Promise<readonly VerifiedPackage[]> {
  const { length } = request.packages;
  emit({ type: "verify-started", packages: length });
  const faults: string[] = [];
  let done = 0;
  for (const { keys, group } of batches(request)) {
    const verifications = await nativeCall(
      binding().verifyPackages(
        group.map(({ path }) => path),
        // As one text: a key of a kind that this librpm does not know is no fault of those beside it.
        keys === null || keys.length === 0 ? [] : [keys.join("\n")],
      ),
    );
    for (const [index, verification] of verifications.entries()) {
      const locked = group[index]?.locked ?? null;
      const fault =
        faultOf(verification, keys !== null, locked === null) ?? (keys && otherSigner(verification, locked));
      if (fault !== null) faults.push(`${nameOf(group[index])} ${fault}`);
    }
    done += group.length;
    emit({ type: "verify-progress", done, packages: length });
  }
  for (const fetched of request.packages) {
    const expected = fetched.locked?.sha256;
    if (expected === undefined) continue;
    const actual = await request.sha256Of(fetched.path);
    if (actual !== expected) {
      faults.push(`${nameOf(fetched)} has the wrong checksum: expected sha256:${expected}, got sha256:${actual}`);
    }
  }
  if (faults.length > 0) throw refused(faults);
  const headers = await nativeCall(
    binding().readPackages(
      request.packages.map(({ path }) => path),
      [],
    ),
  );
  const verified = request.packages.map((fetched, index) => {
    const header = headers[index];
    if (header === undefined) throw new Error("the addon returned too few headers");
    const mismatch = mismatchOf(fetched, header, request.localNames);
    if (mismatch !== null) faults.push(mismatch);
    return { path: fetched.path, name: header.name, evr: header.evr, arch: header.arch } as VerifiedPackage;
  });
  if (faults.length > 0) throw refused(faults);
  return verified.sort(compareNevra);
}

interface Batch {
  readonly keys: readonly string[] | null;
  readonly group: readonly FetchedPackage[];
}

/** What takes a fraction of a second, and keeps all cores busy: the next batch waits for the last package of the one before. */
const BATCH = { bytes: 64 << 20, packages: 32 } as const;

/** The packages in portions, so that progress can be told; the largest first, which keeps all cores busy to the end. */
function batches(request: VerifyRequest): readonly Batch[] {
  return [...groupByKeys(request)].flatMap(([keys, packages]) => {
    const sorted = [...packages].sort((a, b) => (b.locked?.size ?? 0) - (a.locked?.size ?? 0));
    const groups: FetchedPackage[][] = [];
    let group: FetchedPackage[] = [];
    let bytes = 0;
    for (const fetched of sorted) {
      if (group.length === 0) groups.push(group);
      group.push(fetched);
      bytes += fetched.locked?.size ?? 0;
      if (bytes >= BATCH.bytes && group.length >= BATCH.packages) [group, bytes] = [[], 0];
    }
    return groups.map((members) => ({ keys, group: members }));
  });
}

/** Packages by the keys that must have signed them; null for those whose signature does not matter. */
function groupByKeys({ packages, keys: required }: VerifyRequest): Map<readonly string[] | null, FetchedPackage[]> {
  const groups = new Map<readonly string[] | null, FetchedPackage[]>();
  for (const fetched of packages) {
    const { locked } = fetched;
    const { gpgcheck, keys: all } =
      locked === null ? required.ofLocalPackages : required.ofRepository(locked.repositoryId);
    const keys = gpgcheck ? all : null;
    const group = groups.get(keys);
    if (group === undefined) groups.set(keys, [fetched]);
    else group.push(fetched);
  }
  return groups;
}

function faultOf({ verdict, keyId, details }: Verification, signatureRequired: boolean, local: boolean): string | null {
  const because = details.length === 0 ? "" : ` (${details.join("; ")})`;
  const owner = local ? "the repositories'" : "its repository's";
  switch (verdict) {
    case "good":
      return null;
    case "bad-digest":
      return `is damaged: a digest in it is wrong${because}`;
    case "unreadable":
      return `is not a readable RPM file${because}`;
    case "unsigned":
      return signatureRequired ? "is not signed" : null;
    case "unknown-key":
      return signatureRequired ? `is signed with a key that is not among ${owner} keys: ${keyId}` : null;
    case "bad-signature":
      return signatureRequired ? `has a bad signature${because}` : null;
  }
}

/** A package whose lockfile says who signed it must be signed by that key, not by another one that is trusted, too. */
function otherSigner({ signers }: Verification, locked: LockedPackage | null): string | null {
  const expected = locked?.signedBy;
  if (expected === undefined || signers.includes(expected)) return null;
  return `is signed with the key ${signers.join(" and ")}, and the lockfile says with ${expected}`;
}

function mismatchOf(
  { locked, path }: FetchedPackage,
  header: PackageHeader,
  localNames: ReadonlySet<string> | undefined,
): string | null {
  if (locked === null) {
    if (localNames === undefined || localNames.has(header.name)) return null;
    return `${path} is the package ${header.name}, which the lockfile does not list`;
  }
  const { name, evr, arch = header.arch } = locked;
  if (name === header.name && withoutZeroEpoch(evr) === withoutZeroEpoch(header.evr) && arch === header.arch)
    return null;
  return `${formatNevra(locked)} is really the package ${formatNevra(header)}`;
}

function nameOf(fetched: FetchedPackage | undefined): string {
  if (fetched === undefined) return "a package";
  return `package ${fetched.locked === null ? basename(fetched.path) : formatNevra(fetched.locked)}`;
}

function refused(faults: readonly string[]): RpmociError {
  const [first = "a package was refused", ...rest] = faults;
  return new RpmociError(first, {
    kind: "verify",
    code: "PACKAGE_REFUSED",
    hint: "check gpgkeys and the repository's gpgkey; keys are pinned in the lockfile, rpmoci update takes new ones",
    details: rest,
  });
}
