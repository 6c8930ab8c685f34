/** Stands before a registry: asks for tokens, misbehaves on request, counts what is uploaded. */
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { listen } from "./loopback.js";

export interface RegistryFault {
  /** Of requests that it happens to. */
  readonly method: string;
  readonly path: RegExp;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Passes on so many bytes of the request's body, and ends both connections. */
  readonly cutAfter?: number;
  /** How often it happens; 1 if absent. */
  readonly times?: number;
}

export interface TokenServer {
  readonly username: string;
  readonly password: string;
  readonly refreshToken?: string;
  /** Requests that a token is good for. */
  readonly uses?: number;
}

export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly status: number;
}

export class RegistryProxy {
  readonly requests: ProxiedRequest[] = [];
  /** Bytes of bodies of PATCH. */
  uploaded = 0;
  /** Secrets that it has given out. */
  readonly tokens: string[] = [];
  /** Bytes of a request that it takes. */
  limit = Number.POSITIVE_INFINITY;
  /** The origin that uploads are sent to. */
  redirectUploads: string | undefined;
  /** By their paths; null where they are left to the registry. */
  #uploads: Map<string, Buffer> | null = null;
  readonly #uses = new Map<string, number>();
  readonly #faults: { fault: RegistryFault; left: number }[] = [];
  #origin = "";

  private constructor(
    readonly upstream: string,
    private readonly tokenServer: TokenServer | undefined,
  ) {}

  static async start(t: TestContext, upstream: string, tokenServer?: TokenServer): Promise<RegistryProxy> {
    const proxy = new RegistryProxy(upstream, tokenServer);
    proxy.#origin = await listen(
      t,
      createServer((request, response) => proxy.#answer(request, response)),
    );
    return proxy;
  }

  get host(): string {
    return new URL(this.#origin).host;
  }

  inject(fault: RegistryFault): void {
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  /** From now on it keeps what arrived of an upload that broke off, which the registry behind it does not. */
  keepUploads(): void {
    this.#uploads = new Map();
  }

  /** Ends all misbehaviour. */
  heal(): void {
    this.#faults.length = 0;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url: path = "" } = request;
    const { authorization } = request.headers;
    response.on("close", () => this.requests.push({ method, path, authorization, status: response.statusCode }));
    if (this.tokenServer !== undefined && path.startsWith("/token")) {
      this.#giveToken(this.tokenServer, request, response);
      return;
    }
    if (this.tokenServer !== undefined && !this.#isAuthorized(authorization)) {
      const challenge = `Bearer realm="${this.#origin}/token",service="test registry"`;
      request.resume();
      response.writeHead(401, { "www-authenticate": challenge }).end();
      return;
    }
    const isTooLarge = Number(request.headers["content-length"] ?? 0) > this.limit;
    const fault = isTooLarge ? { status: 413, headers: {}, body: "" } : this.#faultFor(request);
    if (fault?.status !== undefined) {
      request.resume();
      response.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    }
    if (this.#uploads !== null && path.includes("/blobs/uploads/")) {
      this.#upload(
        this.#uploads,
        request,
        response,
        fault !== undefined && "cutAfter" in fault ? fault.cutAfter : undefined,
      );
      return;
    }
    this.#forward(request, response, fault !== undefined && "cutAfter" in fault ? fault.cutAfter : undefined);
  }

  #faultFor({ method, url = "", headers }: IncomingMessage): RegistryFault | undefined {
    const size = Number(headers["content-length"] ?? 0);
    const entry = this.#faults.find(
      ({ fault, left }) => left > 0 && fault.method === method && fault.path.test(url) && size >= (fault.cutAfter ?? 0),
    );
    if (entry !== undefined) entry.left -= 1;
    return entry?.fault;
  }

  #forward(request: IncomingMessage, response: ServerResponse, cutAfter: number | undefined): void {
    const { authorization: _, ...headers } = request.headers;
    const [hostname = "", port = ""] = this.upstream.split(":");
    const upstream = forward({ hostname, port, method: request.method, path: request.url, headers }, (answer) => {
      const { location } = answer.headers;
      if (this.redirectUploads !== undefined && location !== undefined) {
        answer.headers.location = location.replace(this.#origin, this.redirectUploads);
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    upstream.on("error", () => response.destroy());
    let passed = 0;
    request.on("data", (chunk: Buffer) => {
      if (request.method === "PATCH") this.uploaded += chunk.length;
      passed += chunk.length;
      if (upstream.write(chunk) === false) {
        request.pause();
        upstream.once("drain", () => request.resume());
      }
      if (cutAfter === undefined || passed < cutAfter) return;
      request.removeAllListeners("data");
      // What was passed on shall arrive.
      setTimeout(() => {
        upstream.destroy();
        request.socket.destroy();
      }, 200);
    });
    request.on("end", () => upstream.end());
    request.on("close", () => request.complete || upstream.destroy());
  }

  /** OCI distribution specification, "Pushing a blob in chunks". */
  #upload(uploads: Map<string, Buffer>, request: IncomingMessage, response: ServerResponse, cutAfter = Infinity): void {
    const url = new URL(request.url ?? "", this.#origin);
    const range = (size: number) => ({ range: `0-${Math.max(0, size - 1)}` });
    if (request.method === "POST") {
      const location = `${url.pathname}kept-${uploads.size}`;
      uploads.set(location, Buffer.alloc(0));
      request.resume();
      response.writeHead(202, { location }).end();
      return;
    }
    const kept = uploads.get(url.pathname);
    if (kept === undefined) {
      request.resume();
      response.writeHead(404).end();
    } else if (request.method === "GET") {
      response.writeHead(204, { location: url.pathname, ...range(kept.length) }).end();
    } else if (request.method === "PATCH") {
      const start = Number(/^(\d+)-/.exec(request.headers["content-range"] ?? "0-")?.[1]);
      if (start !== kept.length) {
        request.resume();
        response.writeHead(416).end();
        return;
      }
      let body = kept;
      request.on("data", (chunk: Buffer) => {
        if (body.length - kept.length >= cutAfter) return;
        this.uploaded += chunk.length;
        body = Buffer.concat([body, chunk]);
        uploads.set(url.pathname, body);
        if (body.length - kept.length >= cutAfter) request.socket.destroy();
      });
      request.on("end", () => response.writeHead(202, { location: url.pathname, ...range(body.length) }).end());
    } else {
      request.resume();
      void this.#store(url, kept).then((status) => response.writeHead(status).end());
    }
  }

  /** Gives a whole blob to the registry. */
  async #store(url: URL, blob: Buffer): Promise<number> {
    const started = await fetch(new URL(url.pathname.replace(/[^/]*$/, ""), `http://${this.upstream}`), {
      method: "POST",
    });
    const location = new URL(started.headers.get("location") ?? "", `http://${this.upstream}`);
    location.searchParams.set("digest", url.searchParams.get("digest") ?? "");
    const headers = { "content-type": "application/octet-stream" };
    return (await fetch(location, { method: "PUT", headers, body: blob })).status;
  }

  #isAuthorized(authorization = ""): boolean {
    const token = authorization.replace(/^Bearer /, "");
    const left = this.#uses.get(token) ?? 0;
    this.#uses.set(token, left - 1);
    return left > 0;
  }

  #giveToken(server: TokenServer, request: IncomingMessage, response: ServerResponse): void {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const basic = `Basic ${Buffer.from(`${server.username}:${server.password}`).toString("base64")}`;
      const refresh = new URLSearchParams(body).get("refresh_token");
      const isKnown =
        request.headers.authorization === basic ||
        (server.refreshToken !== undefined && refresh === server.refreshToken);
      if (!isKnown) {
        response.writeHead(401).end('{"details":"incorrect username or password"}');
        return;
      }
      const token = `token-canary-${this.tokens.length}-91c`;
      this.tokens.push(token);
      this.#uses.set(token, server.uses ?? Number.POSITIVE_INFINITY);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ token, expires_in: 300 }));
    });
  }
}
