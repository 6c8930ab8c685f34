/** OpenPGP keys made by GnuPG, and signatures: on RPMs by rpmsign, detached ones by GnuPG. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./command.js";

export interface SigningKey {
  /** Upper-case hexadecimal digits. */
  readonly fingerprint: string;
  /** ASCII-armoured, without a passphrase. */
  readonly secret: string;
  /** ASCII-armoured. */
  readonly public: string;
}

export interface KeyOptions {
  /** The user id, for example `Somebody <somebody@example.invalid>`. */
  readonly userId: string;
  /** GnuPG's name of the algorithm; RSA with 3072 bits if absent, which every generation of rpm verifies. */
  readonly algorithm?: "rsa2048" | "rsa3072" | "rsa4096" | "ed25519";
  /** Makes a key that expired long ago, a day after it was made. */
  readonly expired?: boolean;
}

/** GnuPG's notation of a moment at which an expired key was still valid. */
const validTime = "20200101T120000!";

/** Makes a key pair. Nothing of it is left on the machine but what is returned. */
export async function createSigningKey(options: KeyOptions): Promise<SigningKey> {
  return await withGnupgHome(async (home) => {
    const algorithm = options.algorithm ?? "rsa3072";
    const time = options.expired === true ? ["--faked-system-time", validTime] : [];
    const gpg = (...args: string[]): Promise<Buffer> =>
      runCommand("gpg", ["--homedir", home, "--batch", "--pinentry-mode", "loopback", "--passphrase", "", ...args]);
    await gpg(...time, "--quick-gen-key", options.userId, algorithm, "sign", options.expired === true ? "1d" : "never");
    const listing = (await gpg("--with-colons", "--list-secret-keys")).toString();
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listing)?.[1];
    if (fingerprint === undefined) throw new Error("gpg lists no fingerprint of the key that it has just made");
    return {
      fingerprint,
      secret: (await gpg("--armor", "--export-secret-keys", fingerprint)).toString(),
      public: (await gpg("--armor", "--export", fingerprint)).toString(),
    };
  });
}

/**
 * Signs RPMs in place, each header with one signature. `jobs` processes work at once. A file is replaced as a whole, but
 * when this throws, some files may be signed and others not.
 */
export async function signPackages(key: SigningKey, files: readonly string[], jobs = 2): Promise<void> {
  const shares = Array.from({ length: jobs }, (_, job) => files.filter((_file, index) => index % jobs === job));
  const runs = shares.filter((share) => share.length > 0).map((share) => signShare(key, share));
  const failure = (await Promise.allSettled(runs)).find((run) => run.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}

/** Each with a home, and so with an agent, of its own: one agent now and then fails when two programs sign at once. */
async function signShare(key: SigningKey, files: readonly string[]): Promise<void> {
  await withGnupgHome(async (home) => {
    const expired = await importSecret(home, key);
    const extra = `--batch --pinentry-mode loopback${expired ? ` --faked-system-time ${validTime}` : ""}`;
    const defines = { _gpg_name: key.fingerprint, _gpg_path: home, _gpg_sign_cmd_extra_args: extra, __gpg: gpgPath() };
    const args = Object.entries(defines).flatMap(([name, value]) => ["--define", `${name} ${value}`]);
    await runCommand("rpmsign", ["--addsign", ...args, ...files], { env: { GNUPGHOME: home, HOME: home } });
  });
}

/** An ASCII-armoured detached signature, as repositories have one of their repomd.xml. */
export async function signDetached(key: SigningKey, data: Uint8Array): Promise<Buffer> {
  return await withGnupgHome(async (home) => {
    const time = (await importSecret(home, key)) ? ["--faked-system-time", validTime] : [];
    const args = ["--homedir", home, "--batch", "--pinentry-mode", "loopback", ...time, "--armor", "--detach-sign"];
    return await runCommand("gpg", args, { input: data });
  });
}

/** Whether the key has expired. */
async function importSecret(home: string, key: SigningKey): Promise<boolean> {
  await runCommand("gpg", ["--homedir", home, "--batch", "--import"], { input: key.secret });
  const listing = (await runCommand("gpg", ["--homedir", home, "--with-colons", "--list-secret-keys"])).toString();
  return /^sec:e:/m.test(listing);
}

/** rpmsign does not search for the program. */
function gpgPath(): string {
  const { PATH = "" } = process.env;
  const candidates = PATH.split(":").map((folder) => join(folder, "gpg"));
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined) throw new Error("gpg is not installed");
  return found;
}

/** A home in the folder for temporary files: the agent's socket needs a short path. The agent ends with it. */
async function withGnupgHome<T>(use: (home: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), "gnupg-"));
  try {
    return await use(home);
  } finally {
    await runCommand("gpgconf", ["--homedir", home, "--kill", "all"]).catch(() => {});
    rmSync(home, { recursive: true, force: true });
  }
}
