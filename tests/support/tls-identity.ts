/** Certificates for servers on this machine and for their clients, by a CA that nobody trusts. */
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../scripts/packaging/command.js";
import { cachedFolder } from "./cached-folder.js";

export interface TlsIdentity {
  /** PEM. */
  readonly key: string;
  /** PEM. */
  readonly cert: string;
  /** The file of the CA's certificate. */
  readonly caFile: string;
  /** Files of a client's certificate and key. */
  readonly clientCertFile: string;
  readonly clientKeyFile: string;
}

const THIS_MACHINE = ["DNS:localhost", "IP:127.0.0.1"];

/** Made by openssl once, valid for ten years, for these names (X509V3_CONFIG(5), "Subject Alternative Name"). */
export async function testTlsIdentity(names: readonly string[] = THIS_MACHINE): Promise<TlsIdentity> {
  const alternatives = `subjectAltName=${names.join(",")}\n`;
  const key = createHash("sha256").update(alternatives).digest("hex").slice(0, 16);
  const folder = await cachedFolder(`tls/servers-and-client-${key}`, async (cwd) => {
    const openssl = (...args: string[]): Promise<Buffer> => runCommand("openssl", args, { cwd });
    const fresh = ["-newkey", "rsa:2048", "-noenc"];
    const ca = ["-x509", "-days", "3650", "-subj", "/CN=rpmoci test CA", "-keyout", "ca.key", "-out", "ca.pem"];
    await openssl("req", ...fresh, ...ca);
    writeFileSync(join(cwd, "names"), alternatives);
    const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650", "-extfile", "names"];
    for (const name of ["server", "client"]) {
      await openssl("req", ...fresh, "-subj", "/CN=localhost", "-keyout", `${name}.key`, "-out", `${name}.csr`);
      await openssl("x509", "-req", "-in", `${name}.csr`, ...signer, "-out", `${name}.pem`);
    }
    for (const name of ["ca.key", "server.csr", "client.csr", "names"]) rmSync(join(cwd, name));
  });
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const [caFile, clientCertFile, clientKeyFile] = ["ca.pem", "client.pem", "client.key"].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  return { key: read("server.key"), cert: read("server.pem"), caFile, clientCertFile, clientKeyFile };
}
