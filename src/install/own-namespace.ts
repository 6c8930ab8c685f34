/**
 * A user namespace of a transaction's own, in which everybody is who he is outside: so that what is registered there is
 * nobody else's.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import type { Duplex } from "node:stream";

/** The file descriptor that both sides speak through. */
const GATE = 4;

/** Waits until its ids are there: only a program that is started then has root's capabilities. */
export const OWN_NAMESPACE = [
  "unshare",
  "--user",
  "--",
  "/bin/sh",
  "-c",
  `echo >&${GATE}; read -r _ <&${GATE} || exit 125; exec "$@" ${GATE}>&-`,
  "sh",
] as const;

/** Gives `child`, which `OWN_NAMESPACE` starts, the ids that this process's namespace has. Throws what the system says. */
export async function enterOwnNamespace(child: ChildProcess): Promise<void> {
  const gate = child.stdio[GATE] as Duplex | null | undefined;
  if (gate === null || gate === undefined) return;
  // A process that ends at once breaks it off, and is known by its end.
  gate.on("error", () => {});
  const controller = new AbortController();
  child.once("close", () => controller.abort());
  try {
    await once(gate, "data", { signal: controller.signal });
  } catch {
    return;
  }
  try {
    for (const map of ["uid_map", "gid_map"]) {
      await writeFile(`/proc/${child.pid}/${map}`, identityOf(await readFile(`/proc/self/${map}`, "utf8")));
    }
    gate.end("\n");
  } catch (error) {
    gate.destroy();
    throw error;
  }
}

/** user_namespaces(7): ids inside, ids outside, how many. */
function identityOf(map: string): string {
  const ranges = map.split("\n").map((line) => line.trim().split(/\s+/));
  return ranges.map(([first, , count]) => (count === undefined ? "" : `${first} ${first} ${count}\n`)).join("");
}
