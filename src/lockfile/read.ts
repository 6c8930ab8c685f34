/** Reads lockfiles: ours, and those of every version of the original. */
import { readFile } from "node:fs/promises";
import { parse as parseToml } from "smol-toml";
import * as v from "valibot";
import { messageOf, RpmociError } from "../errors.js";
import type { Digest } from "../model/descriptor.js";
import type { LockedBase, LockedPart, Lockfile } from "../model/lockfile.js";
import { compareNevra, compareText } from "../model/nevra.js";
import { type LockedPartDocument, lockfileSchema } from "./schema.js";

/**
 * The lockfile at `path`, or null when there is none. Throws an `RpmociError` of kind `lockfile` for one that cannot be
 * read or parsed.
 */
export async function readLockfile(path: string): Promise<Lockfile | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw invalid(path, messageOf(error), error);
  }
  return parseLockfile(text, path);
}

/** As `readLockfile`, of a text; `path` is used in messages. */
export function parseLockfile(text: string, path: string): Lockfile {
  let document: unknown;
  try {
    document = parseToml(text);
  } catch (error) {
    throw invalid(path, messageOf(error).split("\n")[0] ?? "", error);
  }
  const result = v.safeParse(lockfileSchema, document);
  if (!result.success) {
    const [issue] = result.issues;
    throw invalid(path, `${v.getDotPath(issue) ?? "the file"}: ${issue.message}`, undefined);
  }
  const lock = result.output;
  return {
    packageSpecs: lock.pkg_specs,
    globalKeySpecs: lock.global_key_specs,
    modules: lock.modules,
    modulePlatformId: lock.module_platform_id,
    arch: lock.arch,
    ...partOf(lock),
    others: lock.architectures.map((entry) => ({ arch: entry.arch, ...partOf(entry) })),
  };
}

function partOf(part: LockedPartDocument): Omit<LockedPart, "arch"> {
  return {
    packages: part.packages
      .map((entry) => ({
        name: entry.name,
        evr: entry.evr,
        arch: entry.arch,
        repositoryId: entry.repoid,
        checksum: { algorithm: entry.checksum.algorithm, value: entry.checksum.checksum },
        location: entry.location,
        size: entry.size,
        sourceRpm: entry.source_rpm,
        buildTime: entry.build_time,
        signedBy: entry.signed_by,
        sha256: entry.sha256,
      }))
      .sort(compareNevra),
    localPackages: part.local_packages.toSorted((a, b) => compareText(a.name, b.name)),
    repositoryKeys: new Map(Object.entries(part.repo_gpg_config)),
    layerPlan: part.layer_plan ?? null,
    ...(part.base === undefined ? {} : { base: lockedBase(part.base) }),
  };
}

function lockedBase({ image, digest, index }: NonNullable<LockedPartDocument["base"]>): LockedBase {
  return { image, digest: digest as Digest, index: index as Digest | undefined };
}

function invalid(path: string, reason: string, cause: unknown): RpmociError {
  return new RpmociError(`failed to parse existing lock file ${path}: ${reason}`, {
    kind: "lockfile",
    code: "LOCKFILE_INVALID",
    hint: "run rpmoci update to write a new one",
    cause,
  });
}
