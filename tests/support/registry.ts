/** Debian's registry (the CNCF distribution's) on this machine. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { temporaryDirectory } from "./temporary-directory.js";
import { testTlsIdentity } from "./tls-identity.js";
import { TOKEN_ISSUER, TOKEN_SERVICE, type TokenServer } from "./token-server.js";

/** For `test`'s option of that name. */
export const registrySkip =
  spawnSync("docker-registry", ["--version"]).error !== undefined && "docker-registry is not here";

/** Who may push to a registry with authentication; the password must be in no output. */
export const account = { username: "alice", password: "pass-canary-7f3" };

/** bcrypt, as `htpasswd -B` makes it. */
const HTPASSWD = "alice:$2y$04$aA3kZNCyb.Xox0SkFh6.PeNQDzaV0QPpJdrwSIvmazM6gigGH53dS\n";

export interface RegistryOptions {
  readonly tls?: boolean;
  readonly authentication?: boolean;
  /** Takes tokens of this server only. */
  readonly tokenServer?: TokenServer;
  /** The size of a disk of its own, as mount(8) has it, for root only: `1m`. */
  readonly disk?: string;
  /** With TLS, talks to clients only that have a certificate. */
  readonly clientCertificates?: boolean;
}

export interface TestRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** The folder of the blobs. */
  readonly store: string;
  /** The file of the authority's certificate; undefined without TLS. */
  readonly caFile: string | undefined;
}

/** Serves until the test ends. */
export async function startRegistry(
  t: TestContext,
  { tls = false, authentication = false, clientCertificates = false, tokenServer, disk }: RegistryOptions = {},
): Promise<TestRegistry> {
  const folder = temporaryDirectory(t);
  const [store, htpasswd, config] = ["store", "htpasswd", "config.yml"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(store);
  writeFileSync(htpasswd, HTPASSWD);
  const identity = tls ? await testTlsIdentity() : null;
  if (identity !== null) {
    writeFileSync(join(folder, "key.pem"), identity.key);
    writeFileSync(join(folder, "cert.pem"), identity.cert);
  }
  const host = `127.0.0.1:${await freePort()}`;
  const settings = {
    version: "0.1",
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: store } },
    http: {
      addr: host,
      ...(identity === null
        ? {}
        : {
            tls: {
              certificate: join(folder, "cert.pem"),
              key: join(folder, "key.pem"),
              ...(clientCertificates ? { clientcas: [identity.caFile] } : {}),
            },
          }),
    },
    ...(authentication ? { auth: { htpasswd: { realm: "test", path: htpasswd } } } : {}),
    ...(tokenServer === undefined ? {} : { auth: { token: tokenSettings(tokenServer) } }),
  };
  // YAML has all of JSON.
  writeFileSync(config, JSON.stringify(settings));
  // The mount goes with the process that has it.
  const mounting = `mount -t tmpfs -o size=${disk} none '${store}' && exec "$@"`;
  const [program, ...args] = [
    ...(disk === undefined ? [] : ["unshare", "--mount", "sh", "-c", mounting, "sh"]),
    ...["docker-registry", "serve", config],
  ] as [string, ...string[]];
  const child = spawn(program, args, { stdio: "ignore" });
  t.after(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  await untilListening(host);
  return { host, store, caFile: identity?.caFile };
}

function tokenSettings({ realm, certificateFile }: TokenServer): object {
  return { realm, service: TOKEN_SERVICE, issuer: TOKEN_ISSUER, rootcertbundle: certificateFile };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("there is no port");
  return address.port;
}

async function untilListening(host: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    // With TLS it answers that to plain HTTP, too.
    const isThere = await fetch(`http://${host}/v2/`).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await delay(50);
  }
  throw new Error(`the registry at ${host} does not start`);
}
