/** Removes from the root what a transaction leaves behind and no image should hold. */
import { lstat, readdir, realpath, rm, rmdir, truncate } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";

/**
 * Below these, only what packages own stays: logs, caches and temporary files differ from run to run, while the
 * directories that daemons log into must be there with their owners. In /dev, scriptlets leave a file for each device
 * that they wrote to.
 */
const TRANSIENT = ["/var/log", "/var/cache", "/var/tmp", "/tmp", "/run", "/dev"] as const;

/** State of dnf 4, dnf 5 and yum; all of it describes the transaction, none of it the image. */
const PACKAGE_MANAGER_STATE = ["/var/lib/dnf", "/var/lib/yum", "/usr/lib/sysimage/libdnf5"] as const;

/** dnf 4 makes it in every root, dnf 5 does not; what packages or scriptlets put there stays. */
const MODULES = "/etc/dnf/modules.d";

/** rpm 6 makes it next to its database. */
const KEYRING_LOCK = ".keyring.lock";

/** Random numbers that identify one machine; a container must make its own. */
const MACHINE_SECRETS = ["/var/lib/systemd/random-seed", "/var/lib/systemd/credential.secret"] as const;

const PREFIXES: readonly string[] = [...TRANSIENT, ...PACKAGE_MANAGER_STATE];

/** Whether the base image has an absolute path, a byte string. */
export type IsOfBase = (path: string) => boolean;

/**
 * Paths below those where only owned files stay that packages own, other than as %ghost; byte strings. Rejects with
 * `RPMDB_UNREADABLE`.
 */
export async function ownedTransients(root: string, databasePath: string | null): Promise<ReadonlySet<string>> {
  if (databasePath === null) return new Set();
  const owned = await nativeCall(binding().ownedPaths({ root, dbPath: databasePath }, PREFIXES));
  return new Set(owned.map((path) => Buffer.from(path).toString("latin1")));
}

/** Whether `path` is at or below one of those where only owned files stay. */
export function isTransient(path: string): boolean {
  return PREFIXES.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
}

/**
 * Cleans `root` in place; idempotent. What the base image has stays although no package owns it. Nothing outside of the root
 * is touched, wherever its symlinks lead. `databasePath` is inside the root; null when there is none.
 */
export async function cleanRoot(
  root: string,
  databasePath: string | null,
  isOfBase: IsOfBase = () => false,
): Promise<void> {
  const owned = await ownedTransients(root, databasePath);
  const keep = (path: string): boolean => owned.has(path) || isOfBase(path);
  for (const prefix of PREFIXES) {
    if ((await locate(root, prefix)) !== null) await removeUnowned(root, Buffer.from(prefix), keep);
  }
  for (const path of [MODULES, ...PREFIXES.map((prefix) => dirname(prefix))]) {
    await removeEmpty(root, databasePath, isOfBase, path);
  }
  const lock = databasePath === null ? [] : [join(databasePath, KEYRING_LOCK)];
  for (const path of [...lock.filter((name) => !isOfBase(name)), ...MACHINE_SECRETS]) {
    const absolute = await locate(root, path);
    if (absolute !== null) await rm(absolute, { force: true });
  }
  const machineId = await locate(root, "/etc/machine-id");
  if (machineId !== null) await emptyMachineId(machineId);
}

/**
 * Where `path`, a path inside the root, is on this machine; it need not exist. Null when its directory does not, or when
 * a package made a link of that directory which leads out of the root: nothing out there is ours to remove.
 */
async function locate(root: string, path: string): Promise<string | null> {
  const directory = await realpath(join(root, dirname(path))).catch(() => null);
  const base = await realpath(root);
  const inside = directory === base || directory?.startsWith(`${base}${sep}`);
  return directory !== null && inside ? join(directory, basename(path)) : null;
}

/** Returns whether something stays at `path`, which is a path inside the root. */
async function removeUnowned(root: string, path: Buffer, keep: (path: string) => boolean): Promise<boolean> {
  const absolute = Buffer.concat([Buffer.from(root), path]);
  const status = await lstat(absolute).catch(() => null);
  if (status === null) return false;
  const owned = keep(path.toString("latin1"));
  if (!status.isDirectory()) {
    if (!owned) await rm(absolute, { force: true });
    return owned;
  }
  let stays = owned;
  for (const name of await readdir(absolute, { encoding: "buffer" })) {
    const child = Buffer.concat([path, Buffer.from("/"), name]);
    if (await removeUnowned(root, child, keep)) stays = true;
  }
  if (!stays) await rm(absolute, { recursive: true, force: true });
  return stays;
}

/** Removes the directory at `path` when nothing is in it and no package owns it, and then those above it likewise. */
async function removeEmpty(root: string, databasePath: string | null, isOfBase: IsOfBase, path: string): Promise<void> {
  for (let directory = path; directory !== "/"; directory = dirname(directory)) {
    const absolute = await locate(root, directory);
    const status = absolute === null ? null : await lstat(absolute).catch(() => null);
    if (absolute === null || status === null) continue;
    if (!status.isDirectory() || isOfBase(directory) || (await readdir(absolute)).length > 0) return;
    if (databasePath === null) return;
    const owned = await nativeCall(binding().ownedPaths({ root, dbPath: databasePath }, [directory]));
    if (owned.some((owner) => Buffer.from(owner).toString() === directory)) return;
    await rmdir(absolute);
  }
}

/** An empty /etc/machine-id is what machine-id(5) asks of images; a package manager's scriptlets fill it. */
async function emptyMachineId(path: string): Promise<void> {
  const status = await lstat(path).catch(() => null);
  if (status?.isFile() === true && status.size > 0) await truncate(path);
}
