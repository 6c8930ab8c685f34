/** Certificates of authorities that nobody trusts, made by openssl once. */
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cachedFolder } from "./cached-folder.js";
import { runSuccessfully } from "./run.js";

export interface CertificateRequest {
  /** As openssl's `-subj` takes it, in UTF-8. */
  readonly subject: string;
  /** The first and the last second, as in `20240101000000Z`. */
  readonly from?: string;
  readonly until?: string;
}

const FIELDS = ["countryName", "organizationName", "organizationalUnitName", "commonName", "emailAddress"];

const CONFIGURATION = `[ca]
default_ca = c
[c]
database = index
rand_serial = yes
new_certs_dir = .
default_md = sha256
policy = p
unique_subject = no
preserve = yes
[p]
${FIELDS.map((field) => `${field} = optional\n`).join("")}[x]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
`;

/** Writes `name`.pem and `name`.key into the folder, and returns the certificate in PEM. */
export async function makeCertificate(folder: string, name: string, request: CertificateRequest): Promise<string> {
  const { subject, from = "20000101000000Z", until = "20990101000000Z" } = request;
  const key = createHash("sha256")
    .update(JSON.stringify([CONFIGURATION, subject, from, until]))
    .digest("hex")
    .slice(0, 32);
  const cached = await cachedFolder(`certificates/${key}`, async (cwd) => {
    const openssl = (...args: readonly string[]) => runSuccessfully("openssl", args, { cwd });
    writeFileSync(join(cwd, "index"), "");
    writeFileSync(join(cwd, "ca.cnf"), CONFIGURATION);
    const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-keyout", "key"];
    await openssl("req", ...fresh, "-utf8", "-multivalue-rdn", "-subj", subject, "-out", "csr");
    const sign = [
      "-batch",
      "-utf8",
      "-notext",
      "-config",
      "ca.cnf",
      "-extensions",
      "x",
      "-selfsign",
      "-keyfile",
      "key",
    ];
    await openssl("ca", ...sign, "-in", "csr", "-out", "pem", "-startdate", from, "-enddate", until);
  });
  for (const kind of ["pem", "key"]) copyFileSync(join(cached, kind), join(folder, `${name}.${kind}`));
  return readFileSync(join(folder, `${name}.pem`), "utf8");
}
