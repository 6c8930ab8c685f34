/** What the environment says about connections. */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { Check, type Finding } from "../model/finding.js";
import { withoutCredentials } from "../model/url.js";

const PROXIES = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/** As libcurl takes them. */
const PROXY_SCHEMES = new Set(["http:", "https:", "socks4:", "socks4a:", "socks5:", "socks5h:"]);

export function checkProxies(environment: NodeJS.ProcessEnv): Finding {
  const check = new Check("proxies");
  const set = PROXIES.flatMap((name) => {
    const value = environment[name];
    return value === undefined || value === "" ? [] : [{ name, value }];
  });
  const wrong = set.find(({ value }) => !isProxy(value));
  if (wrong !== undefined) {
    return check.failure(`${wrong.name} is not a proxy's address`, "set it to an address such as http://proxy:3128");
  }
  const exceptions = environment.no_proxy ?? environment.NO_PROXY ?? "";
  if (set.length === 0) return check.ok("no proxy is set");
  const words = set.map(({ name, value }) => `${name}=${withoutCredentials(value)}`);
  return check.ok([...words, ...(exceptions === "" ? [] : [`none for ${exceptions}`])].join(", "));
}

function isProxy(text: string): boolean {
  const url = text.includes("://") ? text : `http://${text}`;
  return URL.canParse(url) && PROXY_SCHEMES.has(new URL(url).protocol);
}

/** Where distributions keep the certificates of their CAs, in one file. */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
];

export async function checkCertificates({ SSL_CERT_FILE }: NodeJS.ProcessEnv): Promise<Finding> {
  const check = new Check("certificates");
  if (SSL_CERT_FILE !== undefined && SSL_CERT_FILE !== "") {
    if (await isReadable(SSL_CERT_FILE)) return check.ok(`CAs are those of ${SSL_CERT_FILE} (SSL_CERT_FILE)`);
    return check.failure(`SSL_CERT_FILE: ${SSL_CERT_FILE} cannot be read`, "name a file that can be, or unset it");
  }
  for (const bundle of BUNDLES) if (await isReadable(bundle)) return check.ok(`CAs are those of ${bundle}`);
  return check.warning("no CAs were found: repositories by https cannot be had", "install ca-certificates");
}

async function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
