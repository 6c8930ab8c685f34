/** A user who pushes: a home, a cache, credentials. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Descriptor } from "../../src/model/descriptor.js";
import { account, startRegistry } from "./registry.js";
import { RegistryProxy, type TokenServer } from "./registry-proxy.js";
import { type RunResult, rpmoci, runSuccessfully } from "./run.js";
import { temporaryDirectory } from "./temporary-directory.js";
import { WrittenLayout } from "./written-image.js";

export class Pusher {
  readonly directory: string;

  constructor(t: TestContext) {
    this.directory = temporaryDirectory(t);
    for (const name of ["home/.docker", "run", "bin"]) mkdirSync(this.path(name), { recursive: true });
  }

  path(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }

  /** Docker's file of credentials. */
  writeDockerConfig(config: object): void {
    writeFileSync(this.path("home/.docker/config.json"), JSON.stringify(config));
  }

  logIn(host: string, { username, password }: { readonly username: string; readonly password: string }): void {
    this.writeDockerConfig({ auths: { [host]: { auth: Buffer.from(`${username}:${password}`).toString("base64") } } });
  }

  /** A program on the user's PATH. */
  writeProgram(name: string, script: string): void {
    writeFileSync(this.path("bin", name), `#!/bin/sh\n${script}\n`);
    chmodSync(this.path("bin", name), 0o755);
  }

  get env(): Readonly<Record<string, string | undefined>> {
    return {
      HOME: this.path("home"),
      XDG_CACHE_HOME: this.path("cache"),
      XDG_RUNTIME_DIR: this.path("run"),
      XDG_CONFIG_HOME: undefined,
      DOCKER_CONFIG: undefined,
      REGISTRY_AUTH_FILE: undefined,
      SSL_CERT_FILE: undefined,
      PATH: `${this.path("bin")}:${process.env.PATH}`,
    };
  }

  run(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Promise<RunResult> {
    return rpmoci(args, { cwd: this.directory, env: { ...this.env, ...env }, timeout: 120_000 });
  }

  /** `rpmoci push image:v1 …`, with every request in its output. */
  push(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Promise<RunResult> {
    return this.run(["push", "-vv", "image:v1", ...args], env);
  }
}

export interface Setting {
  readonly user: Pusher;
  readonly layout: WrittenLayout;
  readonly image: Descriptor;
}

/** A user with a layout `image` that has one image, `v1`. */
export function setting(t: TestContext, sizes: readonly number[] = [100_000, 200_000, 300_000]): Setting {
  const user = new Pusher(t);
  const layout = new WrittenLayout(user.path("image"));
  const image = layout.image(sizes);
  layout.add(image, "v1");
  return { user, layout, image };
}

/** A proxy before a registry without TLS. */
export async function proxied(t: TestContext, tokenServer?: TokenServer): Promise<RegistryProxy> {
  return RegistryProxy.start(t, (await startRegistry(t)).host, tokenServer);
}

export function assertPushed({ code, stdout, stderr }: RunResult, digest: string): void {
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `${digest}\n`);
}

export function assertQuiet({ stdout, stderr }: RunResult, secrets: readonly string[]): void {
  const encoded = secrets.map((secret) => Buffer.from(`${account.username}:${secret}`).toString("base64"));
  for (const secret of [...secrets, ...encoded])
    assert.ok(!`${stdout}${stderr}`.includes(secret), `${secret} is shown`);
}

export const skopeoDigest = (reference: string, ...args: readonly string[]): Promise<string> =>
  runSuccessfully("skopeo", ["inspect", "--format", "{{.Digest}}", ...args, `docker://${reference}`]);
