/** `[certificates]`: authorities that the image trusts, beside those of its packages. */
import { X509Certificate } from "node:crypto";
import { lstat, readdir, readFile, stat, symlink } from "node:fs/promises";
import { RpmociError } from "../errors.js";
import { changing, type FileOwner, replaceFile } from "./change.js";
import type { Root } from "./root.js";
import { subjectHash } from "./subject-hash.js";

/** Of Fedora and its kin, of openSUSE, and as in Debian. Many are symlinks to others. */
const BUNDLES = [
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/email-ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/objsign-ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/openssl/ca-bundle.trust.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/tls/cert.pem",
  "/var/lib/ca-certificates/ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/etc/ssl/certs/ca-bundle.crt",
  "/etc/ssl/certs/ca-certificates.crt",
] as const;

/** Where OpenSSL finds certificates by the hash of their subject. */
const HASHED_DIRECTORIES = [
  "/etc/pki/ca-trust/extracted/pem/directory-hash",
  "/etc/pki/tls/certs",
  "/var/lib/ca-certificates/openssl",
  "/var/lib/ca-certificates/pem",
  "/etc/ssl/certs",
] as const;

const HASHED_NAME = /^[0-9a-f]{8}\.\d+$/;

/** What the distribution's own program makes the above from, when it is run in a container; with the extension it asks for. */
const ANCHORS = [
  ["/etc/pki/ca-trust/source/anchors", ".pem"],
  ["/etc/pki/trust/anchors", ".pem"],
  ["/usr/local/share/ca-certificates", ".crt"],
] as const;

const OWNER: FileOwner = { mode: 0o644, uid: 0, gid: 0 };

/**
 * Adds certificates, in PEM, to every bundle and directory of the image's trust store that is there; one that a bundle has
 * is not added to it. Throws an `RpmociError` of kind `manifest` when there is no trust store.
 */
export async function addCertificates(root: Root, certificates: readonly string[]): Promise<void> {
  if (certificates.length === 0) return;
  const parsed = certificates.map((pem) => new X509Certificate(pem));
  await changing("certificates: cannot change the image's trust store", async () => {
    const bundles = await existing(root, BUNDLES, "file");
    const directories = await hashedDirectories(root);
    if (bundles.length + directories.length === 0) {
      throw new RpmociError("certificates: the image has no trust store", {
        kind: "manifest",
        code: "MANIFEST_TRUST_STORE_MISSING",
        hint: "add ca-certificates to contents.packages",
      });
    }
    for (const bundle of bundles) await append(root, bundle, parsed);
    for (const directory of directories) await addHashed(root, directory, parsed);
    for (const [anchors, extension] of ANCHORS) {
      for (const directory of await existing(root, [anchors], "directory")) {
        for (const certificate of parsed) {
          const path = `${directory}/${nameOf(certificate)}${extension}`;
          await replaceFile(root, path, Buffer.from(certificate.toString()), OWNER);
        }
      }
    }
  });
}

/** Where those of `paths` that are there lead, each once. */
async function existing(root: Root, paths: readonly string[], type: "file" | "directory"): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const path of paths) {
    const resolved = await root.resolve(path, "follow");
    const status = await lstat(root.host(resolved)).catch(() => null);
    if (type === "file" ? status?.isFile() : status?.isDirectory()) found.add(resolved);
  }
  return [...found];
}

async function hashedDirectories(root: Root): Promise<readonly string[]> {
  const found: string[] = [];
  for (const directory of await existing(root, HASHED_DIRECTORIES, "directory")) {
    const names = await readdir(root.host(directory), "latin1");
    if (names.some((name) => HASHED_NAME.test(name))) found.push(directory);
  }
  return found;
}

async function append(root: Root, bundle: string, certificates: readonly X509Certificate[]): Promise<void> {
  const host = root.host(bundle);
  const { mode, uid, gid } = await stat(host);
  const before = await readFile(host, "latin1");
  const missing = certificates.filter((certificate) => !holds(before, certificate));
  if (missing.length === 0) return;
  const end = before === "" || before.endsWith("\n") ? "" : "\n";
  const text = `${before}${end}${missing.map((certificate) => certificate.toString()).join("")}`;
  await replaceFile(root, bundle, Buffer.from(text, "latin1"), { mode: mode & 0o7777, uid, gid });
}

/** The names of equal hashes are numbered, and none is left out. */
async function addHashed(root: Root, directory: string, certificates: readonly X509Certificate[]): Promise<void> {
  for (const certificate of certificates) {
    const hash = subjectHash(certificate.raw);
    for (let number = 0; ; number += 1) {
      const link = `${directory}/${hash}.${number}`;
      const present = await readLink(root, link);
      if (present === null) {
        const name = `${nameOf(certificate)}.pem`;
        await replaceFile(root, `${directory}/${name}`, Buffer.from(certificate.toString()), OWNER);
        await symlink(name, root.host(link));
      } else if (!holds(present, certificate)) continue;
      break;
    }
  }
}

/** What the file holds that a symlink leads to, if it leads to one; null when there is no symlink. */
async function readLink(root: Root, link: string): Promise<string | null> {
  if ((await lstat(root.host(link)).catch(() => null)) === null) return null;
  return readFile(root.host(await root.resolve(link, "follow")), "latin1").catch(() => "");
}

function holds(pem: string, { raw }: X509Certificate): boolean {
  return pem.replace(/\s+/g, "").includes(raw.toString("base64"));
}

/** Of a file, without an extension. */
function nameOf({ fingerprint256 }: X509Certificate): string {
  return `rpmoci-${fingerprint256.replaceAll(":", "").slice(0, 16).toLowerCase()}`;
}
