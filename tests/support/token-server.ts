/** A token server of a registry, as the CNCF distribution's "Token Authentication Implementation" describes them. */
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { cachedFolder } from "./cached-folder.js";
import { listen } from "./loopback.js";
import { runSuccessfully } from "./run.js";

export const TOKEN_ISSUER = "rpmoci test issuer";
export const TOKEN_SERVICE = "rpmoci test registry";

export interface TokenServer {
  /** `http://127.0.0.1:PORT/token`. */
  readonly realm: string;
  /** The certificate of its key, for the registry. */
  readonly certificateFile: string;
  /** Tokens that were given out. */
  readonly tokens: string[];
  /** Seconds that tokens are valid; negative for such as have expired. */
  lifetime: number;
  /** With which tokens are signed: its own, or one that the registry does not know. */
  key: "own" | "other";
}

/** Gives everybody the access that they ask for. */
export async function startTokenServer(t: TestContext): Promise<TokenServer> {
  const folder = await cachedFolder("tls/token-issuer", async (cwd) => {
    const files = ["-keyout", "key.pem", "-out", "cert.pem"];
    await runSuccessfully(
      "openssl",
      ["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "3650", "-subj", "/CN=issuer", ...files],
      { cwd },
    );
  });
  const certificateFile = join(folder, "cert.pem");
  const own = readFileSync(join(folder, "key.pem"), "utf8");
  const { privateKey: other } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const certificate = readFileSync(certificateFile, "utf8").replace(/-----.*-----|\s/g, "");
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://localhost");
    const access = searchParams.getAll("scope").map((scope) => {
      const [, type, name, actions = ""] = /^(\w+):(.*):([^:]*)$/.exec(scope) ?? [];
      return { type, name, actions: actions.split(",") };
    });
    const now = Math.floor(Date.now() / 1000) - (result.lifetime < 0 ? 3600 : 0);
    const claims = {
      iss: TOKEN_ISSUER,
      sub: "",
      aud: TOKEN_SERVICE,
      exp: Math.floor(Date.now() / 1000) + result.lifetime,
      nbf: now - 10,
      iat: now,
      jti: randomUUID(),
      access,
    };
    const encoded = [{ typ: "JWT", alg: "RS256", x5c: [certificate] }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const signature = sign("sha256", Buffer.from(encoded), result.key === "own" ? own : other);
    const token = `${encoded}.${signature.toString("base64url")}`;
    result.tokens.push(token);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ token, expires_in: 300 }));
  });
  const realm = `${await listen(t, server)}/token`;
  const result: TokenServer = { realm, certificateFile, tokens: [], lifetime: 300, key: "own" };
  return result;
}
