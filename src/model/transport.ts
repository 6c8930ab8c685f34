/** How stages ask for bytes from elsewhere; `fetch/` implements it, `pipeline/` hands it to whoever needs it. */
import type { ProxyAuthentication } from "../native/binding.js";
import type { Checksum } from "./checksum.js";

export type { ProxyAuthentication };

export interface TlsOptions {
  readonly sslverify: boolean;
  /** Paths of PEM files. */
  readonly sslcacert: string | undefined;
  readonly sslclientcert: string | undefined;
  readonly sslclientkey: string | undefined;
}

/** What a repository's options say about connections to it. */
export interface TransferOptions extends TlsOptions {
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** The server must prove by OCSP stapling (RFC 6066, 8) that its certificate has not been revoked. */
  readonly sslverifystatus: boolean;
  readonly proxy: string | undefined;
  readonly proxyAuthentication: ProxyAuthentication;
  /** How the connection to a proxy that speaks TLS is secured; as for the repository itself. */
  readonly proxyTls: TlsOptions;
  /** The only version of IP that may be used; undefined for both. */
  readonly ipVersion: 4 | 6 | undefined;
  /** Headers of every request, `name` and value; they may hold secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Seconds without a byte after which a connection is given up. */
  readonly timeout: number;
  /** Bytes a second, on average over `timeout`; a connection that brings fewer is given up. */
  readonly minrate: number;
  /** Attempts after the first. */
  readonly retries: number;
}

const DEFAULT_TLS: TlsOptions = {
  sslverify: true,
  sslcacert: undefined,
  sslclientcert: undefined,
  sslclientkey: undefined,
};

export const DEFAULT_TRANSFER: TransferOptions = {
  ...DEFAULT_TLS,
  credentials: undefined,
  sslverifystatus: false,
  proxy: undefined,
  proxyAuthentication: "basic",
  proxyTls: DEFAULT_TLS,
  ipVersion: undefined,
  headers: {},
  timeout: 30,
  minrate: 1000,
  retries: 3,
};

export interface FileRequest {
  /** `http:`, `https:` or `file:` URLs of the same file, tried in turn; asked for only when the cache has no such file. */
  readonly urls: () => Promise<readonly string[]>;
  /** The URLs may be tried in any order, so that the work is shared among mirrors and the fastest does most. */
  readonly anyOrder?: boolean;
  readonly checksum: Checksum;
  /** Bytes, when they are known. */
  readonly size?: number | undefined;
  /** What the file is, for messages: `package bash-5.2-1.x86_64`. */
  readonly what: string;
  readonly transfer: TransferOptions;
}

export interface Transport {
  /** The bytes of a small file that nothing vouches for (repomd.xml, a key). Throws an `RpmociError` of kind `fetch`. */
  readBytes(urls: readonly string[], what: string, transfer: TransferOptions): Promise<Buffer>;
  /**
   * The path of a file with exactly these contents, out of the cache or downloaded into it. Bytes are hashed while they
   * arrive and get their name only when they are right. Throws an `RpmociError` of kind `fetch`, or of kind `verify`
   * when some source offered other bytes.
   */
  fetchFile(request: FileRequest): Promise<string>;
}
