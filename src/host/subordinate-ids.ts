/** The ids that a user may give to others in a user namespace: subuid(5), subgid(5). */
import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { Check, type Finding } from "../model/finding.js";

export interface MissingIds {
  /** `/etc/subuid` or `/etc/subgid`. */
  readonly file: string;
  /** The user's name, or id where it has none. */
  readonly user: string;
  /** A command for root. */
  readonly remedy: string;
}

/** Null when this process's user has some in both files. */
export async function missingSubordinateIds(root = "/"): Promise<MissingIds | null> {
  for (const file of ["/etc/subuid", "/etc/subgid"]) {
    if ((await countOfIds(join(root, file))) > 0) continue;
    const user = currentUser();
    const remedy = `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${user}`;
    return { file, user, remedy };
  }
  return null;
}

/** As many as images of any distribution have users. */
const ENOUGH = 65_536;

export async function checkSubordinateIds(root: string): Promise<Finding> {
  const check = new Check("subordinate-ids");
  const missing = await missingSubordinateIds(root);
  if (missing !== null) {
    const { file, user, remedy } = missing;
    const message = `${file} has no line for the user ${user}: packages whose files are not all root's cannot be installed`;
    return check.warning(message, `let root run: ${remedy}`);
  }
  const [uids = 0, gids = 0] = await Promise.all(
    ["etc/subuid", "etc/subgid"].map((file) => countOfIds(join(root, file))),
  );
  const message = `${uids} subordinate user ids and ${gids} group ids`;
  if (Math.min(uids, gids) >= ENOUGH) return check.ok(message);
  return check.warning(`${message}: a package may have files of a user beyond them`, `give the user ${ENOUGH} of each`);
}

async function countOfIds(file: string): Promise<number> {
  const text = await readFile(file, "utf8").catch(() => "");
  const own = new Set([currentUser(), String(process.getuid?.() ?? 0)]);
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([name = ""]) => own.has(name))
    .reduce((sum, [, , count = "0"]) => sum + (Number.parseInt(count, 10) || 0), 0);
}

/** An id that nobody has, as in containers, stands for itself. */
function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 0);
  }
}
