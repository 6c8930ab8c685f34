/**
 * Proves to a registry who pushes: HTTP basic authentication, or a token of the server that the registry names (the CNCF
 * distribution's "Token Authentication Specification", and its variant by OAuth 2 for refresh tokens).
 */
import * as v from "valibot";
import { type Challenge, parseChallenges } from "./challenge.js";
import type { Credentials } from "./credentials.js";
import { type Faults, PASSING_STATUSES } from "./faults.js";
import type { HttpAnswer, HttpClient } from "./http-client.js";

const tokenSchema = v.looseObject({
  token: v.nullish(v.string()),
  access_token: v.nullish(v.string()),
  expires_in: v.nullish(v.number()),
});

/** Seconds that a token lasts of which nobody says how long, and before its end at which it is renewed. */
const DEFAULT_LIFE = 60;
const MARGIN = 5;

interface Token {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

export class Authorization {
  #challenge: Challenge | undefined;
  #credentials: Promise<Credentials | null> | undefined;
  /** Whether the registry itself is spoken to without TLS. */
  allowPlain = false;
  readonly #tokens = new Map<string, Promise<Token>>();

  constructor(
    private readonly http: HttpClient,
    private readonly faults: Faults,
    private readonly find: () => Promise<Credentials | null>,
  ) {}

  /**
   * The header for a request of these scopes; undefined as long as the registry has not asked for one. Throws an
   * `RpmociError`, a `PassingFailure`, and a `RequestFailure`.
   */
  async header(scopes: readonly string[]): Promise<string | undefined> {
    if (this.#challenge === undefined) return undefined;
    const credentials = await this.#found();
    if (this.#challenge.scheme === "basic") {
      if (credentials?.kind !== "password") throw this.#lack(credentials);
      const { username, password } = credentials;
      const encoded = Buffer.from(`${username}:${password}`).toString("base64");
      this.faults.secrets.add(encoded);
      return `Basic ${encoded}`;
    }
    return `Bearer ${(await this.#token(this.#challenge, scopes, credentials)).value}`;
  }

  /**
   * Takes note of what an answer of 401 asks for. Throws an `RpmociError` when it was given that already, `sent` being the
   * header of the request.
   */
  async challenged(
    answer: HttpAnswer,
    sent: string | undefined,
    scopes: readonly string[],
    attempt: number,
  ): Promise<void> {
    const challenges = parseChallenges(answer.lines("www-authenticate"));
    const challenge =
      challenges.find(({ scheme }) => scheme === "bearer") ?? challenges.find(({ scheme }) => scheme === "basic");
    if (challenge === undefined) throw this.faults.of(answer, "the request");
    this.#challenge = challenge;
    if (sent === undefined) return;
    // A token may have expired; a password does not.
    if (challenge.scheme === "basic" || attempt > 1) {
      const credentials = await this.#found();
      const isFresh = challenge.parameters.error === "invalid_token" && credentials?.kind !== "bearer";
      throw isFresh ? this.#distrusted(challenge) : this.#refused(credentials, this.faults.registry);
    }
    // Another request may have got a new one meanwhile.
    const kept = await this.#tokens.get(keyOf(scopes))?.catch(() => undefined);
    if (kept !== undefined && sent === `Bearer ${kept.value}`) this.#tokens.delete(keyOf(scopes));
  }

  #found(): Promise<Credentials | null> {
    this.#credentials ??= this.find().then((credentials) => {
      if (credentials?.kind === "password") this.faults.secrets.add(credentials.password);
      else this.faults.secrets.add(credentials?.token);
      return credentials;
    });
    return this.#credentials;
  }

  #token(challenge: Challenge, scopes: readonly string[], credentials: Credentials | null): Promise<Token> {
    const key = keyOf(scopes);
    const known = this.#tokens.get(key) ?? Promise.resolve({ value: "", expires: 0 });
    const token = known
      .catch(() => ({ value: "", expires: 0 }))
      .then((kept) =>
        kept.expires - MARGIN * 1000 > Date.now() ? kept : this.#fetchToken(challenge, scopes, credentials),
      );
    this.#tokens.set(key, token);
    return token;
  }

  async #fetchToken(
    { parameters }: Challenge,
    scopes: readonly string[],
    credentials: Credentials | null,
  ): Promise<Token> {
    if (credentials?.kind === "bearer") return { value: credentials.token, expires: Number.POSITIVE_INFINITY };
    const { realm = "", service } = parameters;
    const url = this.#realm(realm);
    const fields = new URLSearchParams();
    if (service !== undefined) fields.set("service", service);
    for (const scope of scopes) fields.append("scope", scope);
    const answer = await this.#ask(url, fields, credentials);
    if (answer.status === 401 || answer.status === 403) {
      throw credentials === null ? this.#lack(null) : this.#refused(credentials, `the token server ${url.host}`);
    }
    const what = `the request of a token by ${url.host}`;
    if (PASSING_STATUSES.has(answer.status)) throw this.faults.passing(answer, what);
    if (answer.status !== 200) {
      // Servers of OAuth 2 say so when a refresh token is no longer good (RFC 6749, 5.2).
      if (answer.status === 400 && credentials?.kind === "identity")
        throw this.#refused(credentials, `the token server ${url.host}`);
      throw this.faults.of(answer, what);
    }
    return this.#parse(answer, url);
  }

  #parse(answer: HttpAnswer, url: URL): Token {
    let parsed: v.InferOutput<typeof tokenSchema> | undefined;
    try {
      parsed = v.parse(tokenSchema, JSON.parse(answer.body.toString()));
    } catch {
      // It may be a part of a token that cannot be read.
    }
    const value = parsed?.access_token || parsed?.token;
    // Anything else could break out of the header.
    if (!value || !/^[\x21-\x7e]+$/.test(value)) {
      throw this.faults.make("REGISTRY_DENIED", `the token server ${url.host} answers without a token`);
    }
    this.faults.secrets.add(value);
    return { value, expires: Date.now() + (parsed?.expires_in || DEFAULT_LIFE) * 1000 };
  }

  #ask(url: URL, fields: URLSearchParams, credentials: Credentials | null): Promise<HttpAnswer> {
    if (credentials?.kind === "identity") {
      fields.set("grant_type", "refresh_token");
      fields.set("client_id", "rpmoci");
      fields.set("refresh_token", credentials.token);
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      return this.http.send({ method: "POST", url, headers, body: Buffer.from(fields.toString()), isSecret: true });
    }
    let authorization: string | undefined;
    if (credentials?.kind === "password") {
      fields.set("account", credentials.username);
      const encoded = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
      this.faults.secrets.add(encoded);
      authorization = `Basic ${encoded}`;
    }
    for (const [name, value] of fields) url.searchParams.append(name, value);
    return this.http.send({ method: "GET", url, authorization });
  }

  /** A registry with TLS has no business to have passwords sent without. */
  #realm(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && this.allowPlain);
    if (url !== undefined && isSafe) return url;
    throw this.faults.make(
      "REGISTRY_DENIED",
      `${this.faults.registry} names "${text.slice(0, 200)}" as its token server, which is no URL with TLS`,
    );
  }

  #lack(credentials: Credentials | null): Error {
    const { registry } = this.faults;
    const reason = credentials === null ? "none were found" : `${credentials.source} has only a token`;
    return this.faults.make("REGISTRY_DENIED", `${registry} asks for a user name and a password, and ${reason}`, {
      hint: `log in with: podman login ${registry} (or skopeo login, docker login)`,
    });
  }

  /** What the token server has just given is no good (RFC 6750, 3.1): logging in again would not help. */
  #distrusted({ parameters: { realm = "" } }: Challenge): Error {
    const { registry } = this.faults;
    const server = URL.canParse(realm) ? new URL(realm).host : realm.slice(0, 200);
    const reason = `${registry} takes the token that ${server} has just given for invalid or expired`;
    return this.faults.make("REGISTRY_TOKEN", reason, {
      hint: "the clocks of the two may differ, or the registry does not know the server's key: whoever runs them can tell",
    });
  }

  #refused(credentials: Credentials | null, by: string): Error {
    if (credentials === null) return this.#lack(null);
    const { registry } = this.faults;
    return this.faults.make("REGISTRY_DENIED", `${by} refuses the credentials from ${credentials.source}`, {
      hint: `they may be wrong or out of date, or lack the right to push; log in again with: podman login ${registry} (or skopeo login, docker login)`,
    });
  }
}

function keyOf(scopes: readonly string[]): string {
  return scopes.join(" ");
}
