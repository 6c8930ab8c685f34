/** Whose certificates a registry may show, and which one this client has (containers-certs.d(5)). */
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { messageOf, RpmociError } from "../errors.js";

export interface TlsMaterial {
  readonly ca: readonly string[];
  /** PEM. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** Where distributions keep the certificates that the system trusts. */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * The system's certificate authorities, or those of `SSL_CERT_FILE`, and what the first `certs.d` folder that there is for
 * the registry adds: `*.crt`, and a client's `*.cert` with its `*.key`. Throws an `RpmociError` of kind `environment` for a
 * file that cannot be read.
 */
export async function tlsMaterial(registry: string, environment: NodeJS.ProcessEnv): Promise<TlsMaterial> {
  const ca = await systemAuthorities(environment);
  for (const base of foldersOf(environment)) {
    const folder = join(base, registry);
    const names = (await readdir(folder).catch(() => null))?.sort();
    if (names === undefined) continue;
    const extra = await Promise.all(
      names.filter((name) => name.endsWith(".crt")).map((name) => readPem(join(folder, name))),
    );
    const certificate = names.find((name) => name.endsWith(".cert"));
    if (certificate === undefined) return { ca: [...ca, ...extra], cert: undefined, key: undefined };
    const [cert, key] = await Promise.all([
      readPem(join(folder, certificate)),
      readPem(join(folder, certificate.replace(/\.cert$/, ".key"))),
    ]);
    return { ca: [...ca, ...extra], cert, key };
  }
  return { ca, cert: undefined, key: undefined };
}

function foldersOf(environment: NodeJS.ProcessEnv): readonly string[] {
  const home = environment.HOME || homedir();
  return [join(home, ".config/containers/certs.d"), "/etc/containers/certs.d", "/etc/docker/certs.d"];
}

async function systemAuthorities({ SSL_CERT_FILE: chosen }: NodeJS.ProcessEnv): Promise<readonly string[]> {
  if (chosen) return [await readPem(chosen)];
  for (const path of BUNDLES) {
    const text = await readFile(path, "utf8").catch(() => null);
    if (text !== null) return [text];
  }
  return rootCertificates;
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new RpmociError(`Failed to read the certificate ${path}: ${messageOf(error)}`, {
      kind: "environment",
      code: "TLS_FILE_INVALID",
      cause: error,
    });
  }
}
