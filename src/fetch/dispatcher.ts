/** undici dispatchers by what a repository's options say about connections. */
import { readFileSync } from "node:fs";
import { messageOf, RpmociError } from "../errors.js";
import type { TlsOptions, TransferOptions } from "../model/transport.js";
import type { Dispatcher } from "./http-client.js";
import { minimumRate } from "./minimum-rate.js";

const MAX_REDIRECTIONS = 10;

/** Keeps connections alive for as long as it is not closed; one for all downloads of a build. */
export class DispatcherPool {
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();

  /** A dispatcher that follows redirects (without credentials to another origin) and retries what may pass. */
  dispatcherFor(options: TransferOptions): Promise<Dispatcher> {
    const { credentials: _, headers: __, ...connection } = options;
    const key = JSON.stringify(connection);
    const dispatcher = this.#dispatchers.get(key) ?? create(options);
    this.#dispatchers.set(key, dispatcher);
    return dispatcher;
  }

  async close(): Promise<void> {
    const dispatchers = await Promise.allSettled(this.#dispatchers.values());
    await Promise.all(
      dispatchers.map((result) => (result.status === "fulfilled" ? result.value.destroy() : undefined)),
    );
    this.#dispatchers.clear();
  }
}

async function create(options: TransferOptions): Promise<Dispatcher> {
  // Loaded here: a build whose packages are all in the cache needs it for nothing, and it takes a while.
  const client = await import("./http-client.js");
  const { errors, interceptors } = client;
  return connect(options, client).compose(
    minimumRate(options, () => new errors.BodyTimeoutError()),
    interceptors.retry({
      maxRetries: options.retries,
      minTimeout: 250,
      maxTimeout: 10_000,
      statusCodes: [408, 429, 500, 502, 503, 504],
    }),
    interceptors.redirect({ maxRedirections: MAX_REDIRECTIONS }),
  );
}

function connect(options: TransferOptions, client: typeof import("./http-client.js")): Dispatcher {
  const { Agent, EnvHttpProxyAgent, ProxyAgent } = client;
  const tls = { ...tlsOf("", options), ...(options.ipVersion === undefined ? {} : { family: options.ipVersion }) };
  const limits = {
    connections: 8,
    headersTimeout: options.timeout * 1000,
    bodyTimeout: options.timeout * 1000,
    connect: { ...tls, timeout: options.timeout * 1000 },
  };
  if (options.proxy !== undefined) {
    const proxyTls = tlsOf("proxy_", options.proxyTls);
    return new ProxyAgent({ ...limits, uri: options.proxy, requestTls: tls, proxyTls });
  }
  const environment = process.env;
  const proxied = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"].some((name) => environment[name]);
  return proxied ? new EnvHttpProxyAgent({ ...limits, requestTls: tls }) : new Agent(limits);
}

type PemFiles = Partial<Record<"ca" | "cert" | "key", Buffer>>;

function tlsOf(prefix: string, options: TlsOptions): { rejectUnauthorized: boolean } & PemFiles {
  return {
    rejectUnauthorized: options.sslverify,
    ...pem("ca", `${prefix}sslcacert`, options.sslcacert),
    ...pem("cert", `${prefix}sslclientcert`, options.sslclientcert),
    ...pem("key", `${prefix}sslclientkey`, options.sslclientkey),
  };
}

function pem(name: keyof PemFiles, option: string, path: string | undefined): PemFiles {
  if (path === undefined) return {};
  try {
    return { [name]: readFileSync(path.replace(/^file:\/\//, "")) };
  } catch (error) {
    throw new RpmociError(`Failed to read ${option} ${path}: ${messageOf(error)}`, {
      kind: "manifest",
      code: "TLS_FILE_UNREADABLE",
      cause: error,
    });
  }
}
