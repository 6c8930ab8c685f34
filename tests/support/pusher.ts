/** A user who pushes: a home, a cache, credentials. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type RunResult, rpmoci } from "./run.js";
import { temporaryDirectory } from "./temporary-directory.js";

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
