/** What a lockfile says of packages beyond what their repositories say: who signed them, and a checksum that is strong. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import pMap from "p-map";
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { checksumOf } from "../fetch/store.js";
import type { HttpTransport } from "../fetch/transport.js";
import type { LockedPackage, Lockfile, RepositoryKeys } from "../model/lockfile.js";
import { formatNevra } from "../model/nevra.js";
import type { TransferOptions } from "../model/transport.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { signatureEnd, startOfPackage } from "./package-start.js";
import { withWorkDirectory } from "./work-directory.js";

export interface ProofSources {
  readonly transport: HttpTransport;
  transferOf(repositoryId: string): TransferOptions;
  readonly emit: Emit;
}

/** A package that is to be locked, and where it can be had. */
export interface Candidate {
  readonly locked: LockedPackage;
  readonly urls: readonly string[];
}

type Proofs = Pick<LockedPackage, "signedBy" | "sha256">;

const PARALLEL_READS = 8;

/** What collides can be made by whoever makes the package. */
const WEAK: ReadonlySet<string> = new Set(["md5", "sha1"]);

/**
 * The packages with their proofs. Those that the previous lockfile has with the same checksum and keys keep theirs; of
 * others the beginning is read where signatures are required, and all of it where its checksum is a weak one. Who signed
 * a package is what it says itself, until a build verifies it; where it cannot be read nothing is recorded. Throws an
 * `RpmociError` of kind `fetch` for a package with a weak checksum that cannot be had.
 */
export async function withProofs(
  candidates: readonly Candidate[],
  keys: ReadonlyMap<string, RepositoryKeys>,
  previous: Lockfile | null,
  sources: ProofSources,
): Promise<readonly LockedPackage[]> {
  const known = new Map(previous?.packages.map((locked) => [identityOf(locked), locked]));
  const sameKeys = (id: string): boolean =>
    JSON.stringify(keys.get(id)) === JSON.stringify(previous?.repositoryKeys.get(id));
  const proofs = new Map<Candidate, Proofs>();
  const signed: Candidate[] = [];
  for (const candidate of candidates) {
    const { locked } = candidate;
    const { signedBy, sha256 } = known.get(identityOf(locked)) ?? {};
    const keep = sameKeys(locked.repositoryId) ? signedBy : undefined;
    proofs.set(candidate, { signedBy: keep, sha256 });
    if (keep === undefined && keys.get(locked.repositoryId)?.gpgcheck === true) signed.push(candidate);
  }
  for (const [candidate, signedBy] of await readSigners(signed, keys, sources)) {
    proofs.set(candidate, { sha256: undefined, ...proofs.get(candidate), signedBy });
  }
  return pMap(
    candidates,
    async (candidate) => {
      const { signedBy, sha256 } = proofs.get(candidate) ?? {};
      const own = sha256 ?? (await ownChecksum(candidate, sources));
      return { ...candidate.locked, signedBy, sha256: own };
    },
    { concurrency: PARALLEL_READS },
  );
}

function identityOf({ name, repositoryId, checksum }: LockedPackage): string {
  return JSON.stringify([name, repositoryId, checksum]);
}

/** Those that name a key of their repository. */
async function readSigners(
  candidates: readonly Candidate[],
  keys: ReadonlyMap<string, RepositoryKeys>,
  sources: ProofSources,
): Promise<ReadonlyMap<Candidate, string>> {
  const signers = new Map<Candidate, string>();
  if (candidates.length === 0) return signers;
  await withWorkDirectory(async (scratch) => {
    const starts = await pMap(
      candidates,
      async (candidate, index) => {
        const start = await readStart(candidate, sources);
        const path = join(scratch, `${index}.rpm`);
        if (start !== null) await writeFile(path, start);
        return { candidate, path: start === null ? null : path };
      },
      { concurrency: PARALLEL_READS },
    );
    for (const [id, { keys: texts }] of keys) {
      const group = starts.filter(({ candidate, path }) => path !== null && candidate.locked.repositoryId === id);
      const claimed = await claimedSigners(
        group.map(({ path }) => path ?? ""),
        texts,
      );
      const unsigned: string[] = [];
      for (const [index, { candidate }] of group.entries()) {
        const [signer] = claimed[index] ?? [];
        if (signer === undefined) unsigned.push(formatNevra(candidate.locked));
        else signers.set(candidate, signer);
      }
      if (unsigned.length > 0) sources.emit({ type: "warning", message: refusal(id, unsigned) });
    }
  });
  return signers;
}

function refusal(repositoryId: string, packages: readonly string[]): string {
  const [first = ""] = packages;
  const subject = packages.length === 1 ? `${first} is` : `${packages.length} packages, ${first} among them, are`;
  return `${subject} not signed with a key of repository "${repositoryId}": a build will refuse that`;
}

/** Nothing is trusted by keys that this librpm cannot use. */
async function claimedSigners(
  paths: readonly string[],
  keys: readonly string[],
): Promise<readonly (readonly string[])[]> {
  if (paths.length === 0 || keys.length === 0) return [];
  try {
    return await nativeCall(binding().claimedSigners(paths, [keys.join("\n")]));
  } catch (error) {
    if (error instanceof RpmociError && error.code === "KEY_UNREADABLE") return [];
    throw error;
  }
}

/** The lead and the signature header; null when they cannot be had. */
async function readStart({ locked, urls }: Candidate, { transport, transferOf, emit }: ProofSources) {
  const what = `the signature of package ${formatNevra(locked)} from repository "${locked.repositoryId}"`;
  const transfer = { ...transferOf(locked.repositoryId), retries: 0 };
  const read = (count: number): Promise<Buffer> => transport.readStart(urls, count, what, transfer);
  try {
    return await startOfPackage(transport.pathOf(locked.checksum), read, signatureEnd);
  } catch (error) {
    if (!(error instanceof RpmociError && error.kind === "fetch")) throw error;
    emit({ type: "debug", message: error.message });
    return null;
  }
}

async function ownChecksum(
  { locked, urls }: Candidate,
  { transport, transferOf }: ProofSources,
): Promise<string | undefined> {
  const { checksum, size, repositoryId } = locked;
  if (!WEAK.has(checksum.algorithm)) return undefined;
  const what = `package ${formatNevra(locked)} from repository "${repositoryId}"`;
  const path = await transport.fetchFile({
    urls: async () => urls,
    anyOrder: true,
    checksum,
    size,
    what,
    transfer: transferOf(repositoryId),
  });
  return checksumOf(path, "sha256");
}
