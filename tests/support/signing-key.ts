/** OpenPGP keys for tests. They are made once and then come from `build/fixtures-cache`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSigningKey, type KeyOptions, type SigningKey } from "../../scripts/packaging/signing-key.js";
import { cachedFolder } from "./cached-folder.js";

export { type SigningKey, signDetached, signPackages } from "../../scripts/packaging/signing-key.js";

/**
 * The key of that name: the same for everybody who asks for it with the same options. An expired one signs with the time
 * at which it was valid.
 */
export async function testKey(name: string, options: Omit<KeyOptions, "userId"> = {}): Promise<SigningKey> {
  const { algorithm = "rsa3072", expired = false } = options;
  const folder = await cachedFolder(`keys/${name}-${algorithm}${expired ? "-expired" : ""}`, async (work) => {
    const key = await createSigningKey({ userId: `${name} <${name}@rpmoci.invalid>`, algorithm, expired });
    writeFileSync(join(work, "key.json"), JSON.stringify(key));
  });
  return JSON.parse(readFileSync(join(folder, "key.json"), "utf8")) as SigningKey;
}

/** Writes the public key into a folder, and returns the file's path. */
export function writePublicKey(key: SigningKey, folder: string): string {
  const path = join(folder, `RPM-GPG-KEY-${key.fingerprint.slice(-8)}.asc`);
  writeFileSync(path, key.public);
  return path;
}
