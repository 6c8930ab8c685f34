/** `[accounts]`: users and groups beside those that packages make. */
import { lstat } from "node:fs/promises";
import { RpmociError } from "../errors.js";
import { bytesOf } from "../model/byte-string.js";
import type { AccountsSection, GroupAccount, UserAccount } from "../model/root-shape.js";
import { AccountFiles } from "./account-files.js";
import { changing, makeDirectory, makeParents } from "./change.js";
import type { Root } from "./root.js";

const SECONDS_A_DAY = 86_400;

/**
 * Adds groups, then users, in their order, after those that are there; a home that is missing is made. `created`, seconds
 * since the epoch, is when passwords, which nobody has, were changed last. Throws an `RpmociError` of kind `manifest` for
 * an account that conflicts with one of a package, and for a member, group or `run_as` that is not known.
 */
export async function addAccounts(root: Root, accounts: AccountsSection, created: number): Promise<void> {
  const { users, groups, runAs } = accounts;
  if (users.length + groups.length === 0 && runAs === undefined) return;
  const files = await changing("accounts: cannot read the image's users", () => AccountFiles.read(root));
  const day = String(Math.floor(created / SECONDS_A_DAY));
  for (const group of groups) addGroup(files, group);
  const gids = users.map((user) => addUser(files, user, day));
  for (const { name, members } of groups) for (const member of members) join(files, "groups", name, member, name);
  for (const { name, groups: further } of users) {
    for (const group of further) join(files, "users", name, name, group);
  }
  if (runAs !== undefined) checkRunAs(files, runAs);
  await changing("accounts: cannot write the image's users", () => files.write());
  for (const [index, user] of users.entries()) await makeHome(root, user, gids[index] ?? user.uid);
}

function addGroup(files: AccountFiles, { name, gid }: GroupAccount): void {
  const present = files.find("group", name);
  // One that a package has made may get members.
  if (present?.[2] === String(gid)) return;
  if (present !== undefined)
    throw conflict(`groups: "${name}"`, `the image has such a group, with the gid ${present[2]}`);
  const other = files.findId("group", gid);
  if (other !== undefined) throw conflict(`groups: "${name}"`, `the gid ${gid} is that of the group "${other[0]}"`);
  files.add("group", [name, "x", String(gid), ""]);
  files.add("gshadow", [name, "!*", "", ""]);
}

/** Returns the gid of the primary group, which is made if it is not there. */
function addUser(files: AccountFiles, user: UserAccount, day: string): number {
  const { name, uid } = user;
  const present = files.find("passwd", name);
  if (present !== undefined)
    throw conflict(`users: "${name}"`, `the image has such a user, with the uid ${present[2]}`);
  const other = files.findId("passwd", uid);
  if (other !== undefined) throw conflict(`users: "${name}"`, `the uid ${uid} is that of the user "${other[0]}"`);
  const own = files.find("group", name)?.[2];
  const gid = user.gid ?? (own === undefined ? uid : Number(own));
  if (files.findId("group", gid) === undefined) addGroup(files, { name, gid, members: [] });
  files.add("passwd", [
    name,
    "x",
    String(uid),
    String(gid),
    bytesOf(user.gecos),
    bytesOf(user.home),
    bytesOf(user.shell),
  ]);
  files.add("shadow", [name, "!*", day, "", "", "", "", "", ""]);
  return gid;
}

function join(files: AccountFiles, key: "users" | "groups", account: string, user: string, group: string): void {
  if (files.find("passwd", user) === undefined) throw unknown(`${key}: "${account}"`, `user "${user}"`);
  if (files.find("group", group) === undefined) throw unknown(`${key}: "${account}"`, `group "${group}"`);
  files.addMember(group, user);
}

function checkRunAs(files: AccountFiles, runAs: string): void {
  const [user = "", group = "0"] = runAs.split(":");
  if (!isId(user) && files.find("passwd", user) === undefined) throw unknown("run_as", `user "${user}"`);
  if (!isId(group) && files.find("group", group) === undefined) throw unknown("run_as", `group "${group}"`);
}

function isId(text: string): boolean {
  return /^\d+$/.test(text);
}

async function makeHome(root: Root, { name, home, uid }: UserAccount, gid: number): Promise<void> {
  await changing(`accounts.users: "${name}": cannot make the home directory ${home}`, async () => {
    const path = await root.resolve(bytesOf(home), "follow");
    const status = await lstat(root.host(path)).catch(() => null);
    if (status?.isDirectory() === true) return;
    await makeParents(root, path);
    await makeDirectory(root, path, { mode: 0o700, uid, gid });
  });
}

function conflict(what: string, reason: string): RpmociError {
  return new RpmociError(`accounts.${what}: ${reason}`, {
    kind: "manifest",
    code: "MANIFEST_ACCOUNT_CONFLICT",
    hint: "choose another name or id, or leave the account to the package that makes it",
  });
}

function unknown(what: string, account: string): RpmociError {
  return new RpmociError(`accounts.${what}: the image has no ${account}`, {
    kind: "manifest",
    code: "MANIFEST_ACCOUNT_UNKNOWN",
    hint: "add it to [accounts], or the package that makes it to contents.packages",
  });
}
