/** Capabilities of files, as cap_from_text(3) and setcap(8) have them, and as the kernel keeps them. */

/** By number, without `cap_`; the kernel's, up to Linux 6. */
const NAMES: readonly string[] = (
  "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service " +
  "net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin " +
  "sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override " +
  "mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"
).split(" ");

const REVISION_2 = 0x0200_0000;
const EFFECTIVE = 1;

type Flag = "e" | "i" | "p";

/**
 * The value of the attribute `security.capability` (`vfs_cap_data`, revision 2) for clauses such as
 * `cap_net_raw,cap_setuid=ep` or `cap_chown=p cap_chown+e`, separated by spaces. Null for other texts: for unknown names,
 * `all`, which means something else on every kernel, and for effective capabilities other than all of those that are there,
 * as a file has them all effective or none.
 */
export function parseCapabilities(text: string): Uint8Array | null {
  const sets: Readonly<Record<Flag, Set<number>>> = { e: new Set(), i: new Set(), p: new Set() };
  const clauses = text.split(/\s+/).filter((clause) => clause !== "");
  for (const clause of clauses) {
    const [, list = "", actions = ""] = /^([A-Za-z_,]+)((?:[=+-][eip]*)+)$/.exec(clause) ?? [];
    const numbers = list.split(",").map((name) => NAMES.indexOf(name.toLowerCase().replace(/^cap_/, "")));
    if (actions === "" || numbers.includes(-1)) return null;
    for (const [, operator, flags = ""] of actions.matchAll(/([=+-])([eip]*)/g)) {
      if (operator === "=") for (const set of Object.values(sets)) for (const number of numbers) set.delete(number);
      for (const flag of flags as Iterable<Flag>) {
        for (const number of numbers) operator === "-" ? sets[flag].delete(number) : sets[flag].add(number);
      }
    }
  }
  const { e: effective, i: inheritable, p: permitted } = sets;
  const all = new Set([...inheritable, ...permitted]);
  const partly =
    effective.size > 0 && (effective.size !== all.size || [...effective].some((number) => !all.has(number)));
  if (all.size === 0 || partly) return null;
  const value = Buffer.alloc(20);
  value.writeUInt32LE(REVISION_2 + (effective.size > 0 ? EFFECTIVE : 0), 0);
  for (const [half, from] of [0, 32].entries()) {
    value.writeUInt32LE(bitsOf(permitted, from), 4 + half * 8);
    value.writeUInt32LE(bitsOf(inheritable, from), 8 + half * 8);
  }
  return value;
}

/** Of the 32 numbers that begin with `from`. */
function bitsOf(numbers: ReadonlySet<number>, from: number): number {
  return [...numbers]
    .filter((number) => number >= from && number < from + 32)
    .reduce((sum, number) => sum + 2 ** (number - from), 0);
}
