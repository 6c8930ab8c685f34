/** One repository of a registry (OCI distribution specification 1.1). */
import { setTimeout as delay } from "node:timers/promises";
import pRetry from "p-retry";
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import type { Repository } from "../model/destination.js";
import { findCredentials, isDockerHub } from "./auth-files.js";
import { Authorization } from "./authorization.js";
import { Faults, PASSING_STATUSES, PassingFailure } from "./faults.js";
import { type HttpAnswer, HttpClient, type HttpRequest, type RequestBody, RequestFailure } from "./http-client.js";
import { Secrets } from "./secrets.js";
import { tlsMaterial } from "./trusted-certificates.js";

export interface RegistryOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  /** Speak HTTP without TLS. */
  readonly plainHttp?: boolean | undefined;
  /** What is going to be done; "push" by default. */
  readonly access?: "pull" | "push";
}

export interface RegistryRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly receive?: HttpRequest["receive"];
  /** Another repository that is read from. */
  readonly from?: string;
  /** For messages, as in "the blob sha256:…". */
  readonly what: string;
}

const ATTEMPTS = 5;

/** Milliseconds before the second attempt, twice as many before each later one, and the most. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;

export class RegistryClient {
  readonly faults: Faults;
  readonly #http: HttpClient;
  readonly #authorization: Authorization;
  readonly #options: RegistryOptions;
  readonly #host: string;
  #base: URL;

  private constructor(
    readonly repository: Repository,
    http: HttpClient,
    options: RegistryOptions,
  ) {
    const { registry, name } = repository;
    this.faults = new Faults(`${registry}/${name}`, registry, new Secrets(), options.access);
    this.#http = http;
    this.#options = options;
    this.#host = isDockerHub(registry) ? "registry-1.docker.io" : registry;
    this.#base = this.#baseOf(options.plainHttp === true ? "http" : "https");
    this.#authorization = new Authorization(http, this.faults, () => findCredentials(repository, options.environment));
  }

  /**
   * Finds out that a registry is there and lets us push, or pull, as far as it tells. Throws an `RpmociError` of kind `fetch`
   * or `output`, or of kind `environment` when credentials or certificates of this machine cannot be read.
   */
  static async open(repository: Repository, options: RegistryOptions): Promise<RegistryClient> {
    const name =
      isDockerHub(repository.registry) && !repository.name.includes("/")
        ? `library/${repository.name}`
        : repository.name;
    const http = new HttpClient(
      await tlsMaterial(repository.registry, options.environment),
      options.environment,
      options.signal,
    );
    const client = new RegistryClient({ ...repository, name }, http, options);
    try {
      await client.#greet();
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  #baseOf(scheme: string): URL {
    return new URL(`${scheme}://${this.#host}/v2/`);
  }

  async #greet(): Promise<void> {
    try {
      await this.#version();
    } catch (error) {
      // A registry on this machine seldom has a certificate.
      const isPlain = error instanceof PlainAnswer && isLoopback(this.#base.hostname);
      if (!isPlain) throw error instanceof PlainAnswer ? error.fault : error;
      this.#base = this.#baseOf("http");
      this.#options.emit({
        type: "debug",
        message: `${this.repository.registry} is on this machine and does not speak TLS`,
      });
      await this.#version();
    }
  }

  async #version(): Promise<void> {
    this.#authorization.allowPlain = this.#base.protocol === "http:";
    const answer = await this.request("GET", this.#base, { what: this.#base.pathname });
    if (answer.status === 200) return;
    if (answer.status === 404) {
      throw this.faults.make(
        "REGISTRY_MISSING",
        `${this.repository.registry} is not a registry (HTTP status 404 for ${this.#base.pathname})`,
      );
    }
    throw this.faults.of(answer, this.#base.pathname);
  }

  /** The URL of something in the repository. */
  url(path: string): URL {
    return new URL(`${this.repository.name}/${path}`, this.#base);
  }

  /**
   * Where an upload goes on, which a registry may tell relative to the request. Throws an `RpmociError` for what is no URL
   * of HTTP, or has no TLS where the registry has.
   */
  location(answer: HttpAnswer, what: string): URL {
    const [text = ""] = answer.lines("location");
    const url = text !== "" && URL.canParse(text, answer.url.href) ? new URL(text, answer.url) : undefined;
    if (url?.protocol === this.#base.protocol || url?.protocol === "https:") return url;
    const isPlain = url?.protocol === "http:";
    throw this.faults.make(
      "REGISTRY_REFUSED",
      `${this.repository.registry} answers to ${what} without an address to upload to${isPlain ? " that has TLS" : ""}`,
      {
        hint: isPlain ? "a proxy before a registry must tell it that clients use https (X-Forwarded-Proto)" : undefined,
      },
    );
  }

  /** As `send`, several times where that may help. Throws an `RpmociError` and the signal's reason. */
  async request(method: HttpRequest["method"], url: URL, request: RegistryRequest): Promise<HttpAnswer> {
    return this.retrying(async () => {
      const answer = await this.send(method, url, request);
      if (PASSING_STATUSES.has(answer.status)) throw this.faults.passing(answer, request.what);
      return answer;
    });
  }

  /** Repeats what throws a `PassingFailure`, after pauses. Throws an `RpmociError` and the signal's reason. */
  async retrying<T>(attempt: (number: number) => Promise<T>): Promise<T> {
    const { signal, emit } = this.#options;
    try {
      return await pRetry(attempt, {
        retries: ATTEMPTS - 1,
        minTimeout: FIRST_PAUSE,
        maxTimeout: LONGEST_PAUSE,
        ...(signal === undefined ? {} : { signal }),
        shouldRetry: ({ error }) => error instanceof PassingFailure,
        onFailedAttempt: async ({ error, retriesLeft }) => {
          if (!(error instanceof PassingFailure) || retriesLeft === 0) return;
          emit({ type: "debug", message: `trying again: ${error.message}` });
          if (error.wait > 0) await delay(error.wait, undefined, { signal });
        },
      });
    } catch (error) {
      throw error instanceof PassingFailure ? error.fault : error;
    }
  }

  /**
   * One request, authorized as the registry asks for it. Resolves to any answer but 401. Throws an `RpmociError`, and a
   * `PassingFailure` for what may be tried again.
   */
  async send(
    method: HttpRequest["method"],
    url: URL,
    { headers = {}, body, receive, from, what }: RegistryRequest,
  ): Promise<HttpAnswer> {
    const { name } = this.repository;
    const actions = this.#options.access === "pull" ? "pull" : "pull,push";
    const scopes = [`repository:${name}:${actions}`, ...(from === undefined ? [] : [`repository:${from}:pull`])];
    try {
      for (let attempt = 0; ; attempt += 1) {
        // An upload may go to another host, which has its own way to know who sends.
        const isOwn = url.origin === this.#base.origin;
        const authorization = isOwn ? await this.#authorization.header(scopes) : undefined;
        const answer = await this.#http.send({ method, url, headers, body, authorization, receive });
        this.#options.emit({
          type: "debug",
          message: `${method} ${url.origin}${url.pathname}: HTTP status ${answer.status}`,
        });
        if (answer.status !== 401 || !isOwn) return answer;
        await this.#authorization.challenged(answer, authorization, scopes, attempt);
      }
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      throw this.#unreachable(error, what);
    }
  }

  #unreachable(failure: RequestFailure, what: string): Error {
    const hints = {
      untrusted: `put the certificate of its authority into /etc/containers/certs.d/${this.repository.registry}/ca.crt, or name it with SSL_CERT_FILE`,
      plain: "--plain-http speaks HTTP without TLS, so that anybody on the way can read and change what is sent",
    };
    const reason = failure.isPassing ? `${failure.message}, at ${what}` : failure.message;
    const fault = this.faults.make("REGISTRY_UNREACHABLE", reason, { hint: failure.tls && hints[failure.tls] });
    if (failure.tls === "plain") return new PlainAnswer(fault);
    return failure.isPassing ? new PassingFailure(fault) : fault;
  }

  async close(): Promise<void> {
    await this.#http.close();
  }
}

/** Somebody answered to TLS with plain HTTP. */
class PlainAnswer extends RpmociError {
  constructor(readonly fault: RpmociError) {
    super(fault.message, { kind: fault.kind, code: fault.code, hint: fault.hint });
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}
