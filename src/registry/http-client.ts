/** Requests to registries: redirections, proxies, TLS. */
import type { Readable } from "node:stream";
import { createSecureContext, type SecureContext } from "node:tls";
import { type Dispatcher, EnvHttpProxyAgent, request } from "undici";
import { messageOf, RpmociError } from "../errors.js";
import type { TlsMaterial } from "./trusted-certificates.js";

/** May be sent more than once. */
export type RequestBody = Buffer | { readonly size: number; readonly open: () => Readable };

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody | undefined;
  /** Sent to the origin of the URL only. */
  readonly authorization?: string | undefined;
  /**
   * Takes the body of an answer of status 200 or 206, which is not kept then. Of what it throws, only an `RpmociError` is
   * told as it is.
   */
  readonly receive?: ((answer: Pick<HttpAnswer, "status" | "lines">, body: Readable) => Promise<void>) | undefined;
  /** The body is for the origin of the URL only, too. */
  readonly isSecret?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  /** Of the request that was answered, after redirections. */
  readonly url: URL;
  /** The lines of a header, in lower case. */
  lines(name: string): readonly string[];
  readonly body: Buffer;
}

/** There was no answer. */
export class RequestFailure extends Error {
  constructor(
    readonly url: URL,
    reason: string,
    /** Another attempt may succeed. */
    readonly isPassing: boolean,
    /** For what a certificate, or the lack of one, is the reason. */
    readonly tls: "untrusted" | "plain" | undefined = undefined,
  ) {
    super(reason);
  }
}

const MAX_REDIRECTIONS = 10;

/** Bytes: documents have 4 MiB at most. */
const LARGEST_ANSWER = 8 << 20;

/** Milliseconds. A registry may copy what it got before it answers. */
const SILENCE = 300_000;
const CONNECTING = 30_000;

export class HttpClient {
  readonly #dispatcher: Dispatcher;

  constructor(
    tls: TlsMaterial,
    environment: NodeJS.ProcessEnv,
    private readonly signal: AbortSignal | undefined,
  ) {
    // Made once: to read a system's authorities takes longer than to shake hands.
    const secureContext = contextOf(tls);
    this.#dispatcher = new EnvHttpProxyAgent({
      connect: { secureContext, timeout: CONNECTING },
      requestTls: { secureContext },
      proxyTls: { secureContext },
      headersTimeout: SILENCE,
      bodyTimeout: SILENCE,
      httpProxy: proxyOf(environment.http_proxy ?? environment.HTTP_PROXY ?? ""),
      httpsProxy: proxyOf(environment.https_proxy ?? environment.HTTPS_PROXY ?? ""),
      noProxy: exceptionsOf(environment.no_proxy ?? environment.NO_PROXY ?? ""),
    });
  }

  /** Any answer that is no redirection. Throws a `RequestFailure`, an `RpmociError` of kind `verify` for a body that cannot be read, and the signal's reason. */
  async send(httpRequest: HttpRequest): Promise<HttpAnswer> {
    const { method, url, headers = {}, body, authorization, isSecret = false, receive } = httpRequest;
    for (let current = url, left = MAX_REDIRECTIONS; ; left -= 1) {
      const secret = authorization !== undefined && current.origin === url.origin ? { authorization } : {};
      const answer = await this.#once(
        method,
        current,
        { "user-agent": "rpmoci", ...headers, ...secret },
        body,
        receive,
      );
      const [location] = answer.lines("location");
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
      if (left === 0) throw new RequestFailure(url, `it redirects more than ${MAX_REDIRECTIONS} times`, false);
      // Others turn into GET, as browsers have it, which no registry means.
      const isKept = method === "GET" || method === "HEAD" || answer.status >= 307;
      if (!isKept || !URL.canParse(location, current.href)) return answer;
      const next = new URL(location, current);
      if (isSecret && next.origin !== url.origin) {
        throw new RequestFailure(url, `it redirects credentials to ${next.origin}`, false);
      }
      if (current.protocol === "https:" && next.protocol !== "https:") {
        throw new RequestFailure(url, `it redirects to ${next.origin}, which has no TLS`, false);
      }
      current = next;
    }
  }

  async #once(
    method: HttpRequest["method"],
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: RequestBody | undefined,
    receive: HttpRequest["receive"],
  ): Promise<HttpAnswer> {
    const stream = body === undefined || Buffer.isBuffer(body) ? undefined : body.open();
    const size = body === undefined ? undefined : Buffer.isBuffer(body) ? body.length : body.size;
    try {
      const answer = await request(url, {
        method,
        headers: { ...headers, ...(size === undefined ? {} : { "content-length": String(size) }) },
        body: stream ?? (body as Buffer | undefined) ?? null,
        dispatcher: this.#dispatcher,
        ...(this.signal === undefined ? {} : { signal: this.signal }),
      });
      const status = answer.statusCode;
      const lines = (name: string): readonly string[] => [answer.headers[name] ?? []].flat();
      if (receive !== undefined && (status === 200 || status === 206)) {
        await receive({ status, lines }, answer.body);
        return { status, url, lines, body: Buffer.alloc(0) };
      }
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        length += chunk.length;
        if (length > LARGEST_ANSWER) throw new RequestFailure(url, "its answer has no end", false);
        chunks.push(chunk);
      }
      return { status, url, lines, body: Buffer.concat(chunks) };
    } catch (error) {
      this.signal?.throwIfAborted();
      throw error instanceof RequestFailure || error instanceof RpmociError ? error : failureOf(url, error, stream);
    } finally {
      stream?.destroy();
    }
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }
}

function contextOf({ ca, cert, key }: TlsMaterial): SecureContext {
  try {
    return createSecureContext({ ca: [...ca], ...(cert === undefined ? {} : { cert, key }) });
  } catch (error) {
    throw new RpmociError(`Failed to use the certificates for a registry: ${messageOf(error)}`, {
      kind: "environment",
      code: "TLS_FILE_INVALID",
      hint: "look at SSL_CERT_FILE, and at certs.d/HOST in /etc/containers, /etc/docker and ~/.config/containers",
      cause: error,
    });
  }
}

/** Schemes are often left out. */
function proxyOf(text: string): string {
  const url = text === "" || text.includes("://") ? text : `http://${text}`;
  if (url === "" || (/^https?:/i.test(url) && URL.canParse(url))) return url;
  throw new RpmociError("The proxy for registries in http_proxy or https_proxy is not a URL of HTTP", {
    kind: "environment",
    code: "PROXY_INVALID",
    hint: "name it as in http://proxy.example.com:3128",
  });
}

/** No proxy leads to this machine. */
function exceptionsOf(list: string): string {
  return list.trim() === "*" ? list : [list, "localhost", "127.0.0.1", "::1"].filter(Boolean).join(",");
}

function failureOf(url: URL, error: unknown, stream: Readable | undefined): Error {
  const { code = "" } = error as NodeJS.ErrnoException;
  const reason = messageOf(error);
  // What cannot be read here is no registry's fault.
  if ((stream?.errored === error && error instanceof Error) || /^UND_ERR_REQ_CONTENT/.test(code)) {
    return new RpmociError(`the image is damaged: Failed to read what is to be pushed: ${reason}`, {
      kind: "verify",
      code: "IMAGE_DAMAGED",
      cause: error,
    });
  }
  if (code === "ENOTFOUND") return new RequestFailure(url, `the host ${url.hostname} is unknown`, false);
  if (code === "EAI_AGAIN") return new RequestFailure(url, `the host name ${url.hostname} cannot be resolved`, true);
  if (code === "ECONNREFUSED") return new RequestFailure(url, `${url.host} refuses connections`, true);
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return new RequestFailure(url, `${url.host} does not answer`, true);
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|ERR_SSL_HTTP_REQUEST/.test(code + reason)) {
    return new RequestFailure(url, `${url.host} does not speak TLS`, false, "plain");
  }
  if (/CERT|ISSUER|LEAF_SIGNATURE|SELF_SIGNED|ALTNAME/.test(code))
    return new RequestFailure(url, `the certificate of ${url.host} is not trusted (${reason})`, false, "untrusted");
  const isOurs = /^(ERR_INVALID|UND_ERR_INVALID)/.test(code);
  return new RequestFailure(url, isOurs ? reason : `the connection to ${url.host} broke off (${reason})`, !isOurs);
}
