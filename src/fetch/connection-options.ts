/** A repository's options about connections, as the addon takes them. */
import { accessSync, constants } from "node:fs";
import { messageOf, RpmociError } from "../errors.js";
import type { TlsOptions, TransferOptions } from "../model/transport.js";
import type { TransferRequest, TransferTls } from "../native/binding.js";

export type ConnectionOptions = Omit<TransferRequest, "url" | "headers" | "maxBytes">;

/**
 * Throws an `RpmociError` of kind `manifest` for a PEM file that cannot be read. Proxies that are not in the options come
 * from the variables that libcurl looks at, and from `HTTP_PROXY`.
 */
export function connectionOptions(
  url: URL,
  options: TransferOptions,
  environment: NodeJS.ProcessEnv = process.env,
): ConnectionOptions {
  const { SSL_CERT_FILE: ca = "" } = environment;
  return {
    proxy: proxyFor(url, options, environment),
    proxyAuthentication: options.proxyAuthentication,
    noProxy: environment.no_proxy ?? environment.NO_PROXY ?? "",
    tls: tlsOf("", options, ca),
    proxyTls: tlsOf("proxy_", options.proxyTls, ca),
    verifyStatus: options.sslverifystatus,
    ipVersion: options.ipVersion ?? 0,
    timeout: Math.ceil(options.timeout * 1000),
    // A server that is silent has no rate at all.
    minRate: Math.max(1, Math.ceil(options.minrate)),
  };
}

/** Empty for none. */
export function proxyFor(
  { protocol }: URL,
  { proxy }: TransferOptions,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  if (proxy !== undefined) return proxy;
  const scheme = protocol === "https:" ? "https" : "http";
  const names = [`${scheme}_proxy`, `${scheme.toUpperCase()}_PROXY`, "all_proxy", "ALL_PROXY"];
  return names.map((name) => environment[name]).find((value) => value !== undefined) ?? "";
}

function tlsOf(prefix: string, options: TlsOptions, ca: string): TransferTls {
  return {
    verify: options.sslverify,
    ca: pem(`${prefix}sslcacert`, options.sslcacert) || ca,
    certificate: pem(`${prefix}sslclientcert`, options.sslclientcert),
    key: pem(`${prefix}sslclientkey`, options.sslclientkey),
  };
}

function pem(option: string, path: string | undefined): string {
  if (path === undefined) return "";
  try {
    const plain = path.replace(/^file:\/\//, "");
    accessSync(plain, constants.R_OK);
    return plain;
  } catch (error) {
    throw new RpmociError(`Failed to read ${option} ${path}: ${messageOf(error)}`, {
      kind: "manifest",
      code: "TLS_FILE_UNREADABLE",
      cause: error,
    });
  }
}
