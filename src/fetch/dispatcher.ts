/** undici dispatchers by what a repository's options say about connections. */
import { readFileSync } from "node:fs";
import { Agent, type Dispatcher, EnvHttpProxyAgent, interceptors, ProxyAgent } from "undici";
import { messageOf, RpmociError } from "../errors.js";
import type { TransferOptions } from "../model/transport.js";

const MAX_REDIRECTIONS = 10;

/** Keeps connections alive for as long as it is not closed; one for all downloads of a build. */
export class DispatcherPool {
  readonly #dispatchers = new Map<string, Dispatcher>();

  /** A dispatcher that follows redirects (without credentials to another origin) and retries what may pass. */
  dispatcherFor(options: TransferOptions): Dispatcher {
    const { credentials: _, ...connection } = options;
    const key = JSON.stringify(connection);
    const known = this.#dispatchers.get(key);
    if (known !== undefined) return known;
    const dispatcher = create(options).compose(
      interceptors.retry({
        maxRetries: options.retries,
        minTimeout: 250,
        maxTimeout: 10_000,
        statusCodes: [408, 429, 500, 502, 503, 504],
      }),
      interceptors.redirect({ maxRedirections: MAX_REDIRECTIONS }),
    );
    this.#dispatchers.set(key, dispatcher);
    return dispatcher;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
    this.#dispatchers.clear();
  }
}

function create(options: TransferOptions): Dispatcher {
  const tls = {
    rejectUnauthorized: options.sslverify,
    ...pem("ca", "sslcacert", options.sslcacert),
    ...pem("cert", "sslclientcert", options.sslclientcert),
    ...pem("key", "sslclientkey", options.sslclientkey),
  };
  const limits = {
    connections: 8,
    headersTimeout: options.timeout * 1000,
    bodyTimeout: options.timeout * 1000,
    connect: { ...tls, timeout: options.timeout * 1000 },
  };
  if (options.proxy !== undefined) return new ProxyAgent({ ...limits, uri: options.proxy, requestTls: tls });
  const environment = process.env;
  const proxied = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"].some((name) => environment[name]);
  return proxied ? new EnvHttpProxyAgent({ ...limits, requestTls: tls }) : new Agent(limits);
}

function pem(name: string, option: string, path: string | undefined): Record<string, Buffer> {
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
