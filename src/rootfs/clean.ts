/** Removes from the root what a transaction leaves behind and no image should hold. */
import { lstat, readdir, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";

/**
 * Below these, only what packages own stays: logs, caches and temporary files differ from run to run, while the
 * directories that daemons log into must be there with their owners.
 */
const TRANSIENT = ["/var/log", "/var/cache", "/var/tmp", "/tmp", "/run"] as const;

/** State of dnf 4, dnf 5 and yum; all of it describes the transaction, none of it the image. */
const PACKAGE_MANAGER_STATE = ["/var/lib/dnf", "/var/lib/yum", "/usr/lib/sysimage/libdnf5"] as const;

/** Random numbers that identify one machine; a container must make its own. */
const MACHINE_SECRETS = ["/var/lib/systemd/random-seed", "/var/lib/systemd/credential.secret"] as const;

const MACHINE_ID = "/etc/machine-id";

/** Cleans `root` in place; idempotent. Nothing outside of it is touched, wherever its symlinks lead. */
export async function cleanRoot(root: string, databasePath: string): Promise<void> {
  const prefixes = [...TRANSIENT, ...PACKAGE_MANAGER_STATE];
  const owned = await nativeCall(binding().ownedPaths({ root, dbPath: databasePath }, prefixes));
  const keep = new Set(owned.map((path) => Buffer.from(path).toString("latin1")));
  for (const prefix of prefixes) {
    if (await isInside(root, prefix)) await removeUnowned(root, Buffer.from(prefix), keep);
  }
  for (const path of MACHINE_SECRETS) {
    if (await isInside(root, path)) await rm(join(root, path), { force: true });
  }
  if (await isInside(root, MACHINE_ID)) await emptyMachineId(join(root, MACHINE_ID));
}

/**
 * Whether the directories above `path` are directories of the root. A package may make a symlink of any of them, and an
 * absolute one leads to this machine's own files.
 */
async function isInside(root: string, path: string): Promise<boolean> {
  const names = path.split("/").slice(1, -1);
  for (let count = 1; count <= names.length; count += 1) {
    const status = await lstat(join(root, ...names.slice(0, count))).catch(() => null);
    if (status?.isDirectory() !== true) return false;
  }
  return true;
}

/** Returns whether something stays at `path`, which is a path inside the root. */
async function removeUnowned(root: string, path: Buffer, keep: ReadonlySet<string>): Promise<boolean> {
  const absolute = Buffer.concat([Buffer.from(root), path]);
  const status = await lstat(absolute).catch(() => null);
  if (status === null) return false;
  const owned = keep.has(path.toString("latin1"));
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

/** An empty /etc/machine-id is what machine-id(5) asks of images; a package manager's scriptlets fill it. */
async function emptyMachineId(path: string): Promise<void> {
  const status = await lstat(path).catch(() => null);
  if (status?.isFile() === true && status.size > 0) await truncate(path);
}
