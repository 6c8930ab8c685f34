/** The signature of `repodata/repomd.xml`, which dnf's option `repo_gpgcheck` asks for. */
import { RpmociError } from "../errors.js";
import type { DetachedVerification } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";

/** Throws an `RpmociError` of kind `verify` that names the repository unless one of `keys` has signed these bytes. */
export async function verifyRepomd(
  repositoryId: string,
  bytes: Uint8Array,
  signature: Uint8Array,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) throw refused(repositoryId, "cannot be verified: repo_gpgcheck is on, but it has no gpgkey");
  const fault = await nativeCall(
    // In one text, so that a key which librpm cannot use is none, rather than the end.
    binding().verifyDetached(bytes, signature, [keys.join("")]),
  ).then(faultOf, (error: unknown) => {
    if (!(error instanceof RpmociError)) throw error;
    return `cannot be verified: none of its keys can be used (${error.message})`;
  });
  if (fault !== null) throw refused(repositoryId, fault);
}

function faultOf({ verdict, keyId, details }: DetachedVerification): string | null {
  const because = details.length === 0 ? "" : ` (${details.join("; ")})`;
  switch (verdict) {
    case "good":
      return null;
    case "bad-signature":
      return `has a bad signature${because}`;
    case "unknown-key":
      return `is signed with a key that is not among its keys: ${keyId}${because}`;
    case "unreadable":
      return `has no usable signature in repomd.xml.asc${because}`;
  }
}

function refused(repositoryId: string, fault: string): RpmociError {
  return new RpmociError(`the repomd.xml of repository "${repositoryId}" ${fault}`, {
    kind: "verify",
    code: "METADATA_REFUSED",
    hint: "check gpgkeys and the repository's gpgkey; a mirror that is being updated may be right a moment later",
  });
}
