/** A certificate for servers on this machine, by a CA that nobody trusts. */
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
}

/** Made by openssl once, valid for ten years, for `localhost` and `127.0.0.1`. */
export async function testTlsIdentity(): Promise<TlsIdentity> {
  const folder = await cachedFolder("tls/localhost", async (cwd) => {
    const openssl = (...args: string[]): Promise<Buffer> => runCommand("openssl", args, { cwd });
    const fresh = ["-newkey", "rsa:2048", "-noenc"];
    const ca = ["-x509", "-days", "3650", "-subj", "/CN=rpmoci test CA", "-keyout", "ca.key", "-out", "ca.pem"];
    await openssl("req", ...fresh, ...ca);
    await openssl("req", ...fresh, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr");
    writeFileSync(join(cwd, "names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"];
    await openssl("x509", "-req", "-in", "server.csr", "-days", "3650", ...signer, "-out", "server.pem");
    for (const name of ["ca.key", "server.csr", "names"]) rmSync(join(cwd, name));
  });
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  return { key: read("server.key"), cert: read("server.pem"), caFile: join(folder, "ca.pem") };
}
