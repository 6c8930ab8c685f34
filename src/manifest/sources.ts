/** The files beside the manifest whose contents become part of the image. */
import { createHash, X509Certificate } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { messageOf, RpmociError } from "../errors.js";
import type { Manifest } from "../model/manifest.js";
import type { SourceContents, SourceFile } from "../model/root-shape.js";

const LARGEST_CERTIFICATES = 4 * 2 ** 20;

/**
 * Reads all of them. Throws an `RpmociError` of kind `manifest` for one that cannot be read, is no regular file, or is
 * outside of its manifest's directory, and for certificates that are none, or that end before `created`, seconds since the
 * epoch.
 */
export async function readSources(
  manifest: Pick<Manifest, "paths" | "certificates">,
  created: number,
): Promise<SourceContents> {
  const digests = new Map<string, string>();
  for (const entry of manifest.paths) {
    if (entry.type !== "file" || entry.source === undefined || digests.has(entry.source.path)) continue;
    digests.set(entry.source.path, await digestOf(entry.source, `paths: ${entry.path}`));
  }
  const certificates: string[] = [];
  for (const file of manifest.certificates) certificates.push(...(await certificatesOf(file, created)));
  return { digests, certificates: [...new Set(certificates)] };
}

async function certificatesOf(file: SourceFile, created: number): Promise<readonly string[]> {
  const text = await readable(file, "certificates", async (path) => {
    if ((await stat(path)).size > LARGEST_CERTIFICATES) throw new Error("it is too large for certificates");
    return readFile(path, "latin1");
  });
  const fault = (reason: string, hint?: string, code = "MANIFEST_CERTIFICATE_INVALID"): RpmociError =>
    new RpmociError(`certificates: ${file.path}: ${reason}`, { kind: "manifest", code, hint });
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw fault("there is a private key in it");
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw fault("there is no certificate in PEM in it", PEM_HINT);
  return blocks.map((block, index) => {
    const name = blocks.length === 1 ? "the certificate" : `certificate ${index + 1}`;
    const certificate = parseCertificate(block);
    if (certificate === null) throw fault(`${name} cannot be read`);
    const end = Date.parse(certificate.validTo);
    if (end < created * 1000) {
      const when = `${new Date(end).toISOString().slice(0, 10)}, before the image's creation time`;
      const subject = certificate.subject.replaceAll("\n", ", ");
      throw fault(`${name} (${subject}) expired on ${when}`, undefined, "MANIFEST_CERTIFICATE_EXPIRED");
    }
    return certificate.toString();
  });
}

const PEM_HINT = "openssl x509 -inform DER -in FILE converts a binary one";

function parseCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

async function digestOf(source: SourceFile, what: string): Promise<string> {
  const hash = createHash("sha256");
  await readable(source, what, (path) => pipeline(createReadStream(path), hash));
  return hash.digest("hex");
}

async function readable<T>(
  { path, context }: SourceFile,
  what: string,
  read: (path: string) => Promise<T>,
): Promise<T> {
  try {
    const [real, directory] = await Promise.all([realpath(path), realpath(context)]);
    if (!real.startsWith(directory.endsWith(sep) ? directory : `${directory}${sep}`)) {
      throw new Error(`it leads out of ${context}, the manifest's directory`);
    }
    if (!(await stat(real)).isFile()) throw new Error("it is not a regular file");
    return await read(real);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const reason = missing ? "there is no such file" : messageOf(error);
    throw new RpmociError(`${what}: cannot use the file ${path}: ${reason}`, {
      kind: "manifest",
      code: "MANIFEST_SOURCE_UNREADABLE",
      cause: error,
    });
  }
}
