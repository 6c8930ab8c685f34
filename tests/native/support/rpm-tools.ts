/** What tests of native/rpm make with the system's own tools: directories, packages, keys. */

import { type ExecFileSyncOptions, execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** The environment without what is preloaded for the addon's sake: rpm's own tools hang under a sanitizer's runtime. */
export const toolEnvironment: NodeJS.ProcessEnv = { ...process.env, LD_PRELOAD: undefined };

/**
 * Runs a program and returns what it printed; its errors are thrown with what it printed on stderr. Only another node
 * inherits what is preloaded.
 */
export function run(program: string, args: readonly string[], options: ExecFileSyncOptions = {}): string {
  const inherited = options.env ?? process.env;
  const env = program === process.execPath ? inherited : { ...inherited, LD_PRELOAD: undefined };
  return execFileSync(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options, env, encoding: "utf8" });
}

export function has(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** A directory that every user may enter and that is removed at the end of its scope. */
export class Workspace implements Disposable {
  readonly path = mkdtempSync(path.join(tmpdir(), "rpmoci-test-"));

  constructor() {
    run("chmod", ["755", this.path]);
  }

  /** A path below the workspace; its parents are made. */
  at(...parts: readonly string[]): string {
    const result = path.join(this.path, ...parts);
    mkdirSync(path.dirname(result), { recursive: true });
    return result;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Builds the packages of a spec file and returns their paths, sorted. The host's macros have no part in it. */
export function buildPackages(workspace: Workspace, spec: string): string[] {
  const top = mkdtempSync(workspace.at("rpmbuild-"));
  const specPath = path.join(top, "test.spec");
  writeFileSync(specPath, spec);
  run(
    "rpmbuild",
    [
      "-bb",
      "--quiet",
      "--define",
      `_topdir ${top}`,
      "--define",
      "_build_id_links none",
      "--define",
      "_invalid_encoding_terminates_build 0",
      specPath,
    ],
    {
      env: { ...process.env, HOME: top },
    },
  );
  const output = path.join(top, "RPMS");
  return readdirSync(output, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".rpm"))
    .map((name) => path.join(output, name))
    .sort();
}

/** A key of a GnuPG home of its own. */
export interface SigningKey {
  readonly home: string;
  readonly fingerprint: string;
}

export interface KeyOptions {
  /** As gpg takes it; `ed25519` if absent. */
  readonly algorithm?: string;
  /** When the key is made, for example `20200101T000000`. */
  readonly fakedTime?: string;
}

/** A key that does not expire. */
export function makeKey(workspace: Workspace, name: string, options: KeyOptions = {}): SigningKey {
  const { algorithm = "ed25519", fakedTime } = options;
  const home = workspace.at(`gnupg-${name}`);
  mkdirSync(home, { mode: 0o700 });
  const time = fakedTime === undefined ? [] : ["--faked-system-time", `${fakedTime}!`];
  const user = `${name} <${name}@example.org>`;
  gpg(home, [
    ...time,
    "--pinentry-mode",
    "loopback",
    "--passphrase",
    "",
    "--quick-gen-key",
    user,
    algorithm,
    "sign",
    "never",
  ]);
  const listing = gpg(home, ["--with-colons", "--list-keys"]);
  const fingerprint = listing
    .split("\n")
    .find((line) => line.startsWith("fpr:"))
    ?.split(":")[9];
  if (fingerprint === undefined) throw new Error(`gpg made no key: ${listing}`);
  return { home, fingerprint };
}

export function gpg(home: string, args: readonly string[], input?: string): string {
  const stdin = input === undefined ? {} : { input, stdio: ["pipe", "pipe", "pipe"] as ["pipe", "pipe", "pipe"] };
  return run("gpg", ["--homedir", home, "--batch", "--quiet", "--no-tty", ...args], stdin);
}

export function exportKey(key: SigningKey): string {
  return gpg(key.home, ["--armor", "--export", key.fingerprint]);
}

/** Ends the agents that gpg leaves behind; they hold on to their home. */
export function stopAgents(...keys: readonly SigningKey[]): void {
  for (const key of keys) run("gpgconf", ["--homedir", key.home, "--kill", "all"]);
}

/** Signs packages in place. */
export function signPackages(key: SigningKey, packages: readonly string[], fakedTime?: string): void {
  const extra = fakedTime === undefined ? "" : `--faked-system-time ${fakedTime}!`;
  const macros = [`_gpg_name ${key.fingerprint}`, `_gpg_path ${key.home}`, "__gpg /usr/bin/gpg"];
  if (extra !== "") macros.push(`_gpg_sign_cmd_extra_args ${extra}`);
  run("rpmsign", [...macros.flatMap((macro) => ["--define", macro]), "--addsign", ...packages], {
    env: { ...process.env, HOME: key.home },
  });
}
