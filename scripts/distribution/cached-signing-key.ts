/** The key pair that signs the distribution's packages. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createSigningKey, type SigningKey } from "../packaging/signing-key.js";
import { writeAtomically } from "./work-directory.js";

/** The cache's, made when it is first needed. */
export async function cachedSigningKey(cache: string): Promise<SigningKey> {
  const file = join(cache, "signing-key.json");
  if (!existsSync(file)) {
    const key = await createSigningKey({ userId: "rpmoci demo <demo@rpmoci.invalid>" });
    writeAtomically(cache, file, JSON.stringify(key));
  }
  // Another run may have put its own there in between; the last one stays.
  return JSON.parse(readFileSync(file, "utf8")) as SigningKey;
}
