/** File capabilities: as packages name them (cap_to_text(3)), and as the kernel keeps them (`struct vfs_cap_data`). */

/** In the order of their numbers (linux/capability.h). */
const NAMES = [
  "chown",
  "dac_override",
  "dac_read_search",
  "fowner",
  "fsetid",
  "kill",
  "setgid",
  "setuid",
  "setpcap",
  "linux_immutable",
  "net_bind_service",
  "net_broadcast",
  "net_admin",
  "net_raw",
  "ipc_lock",
  "ipc_owner",
  "sys_module",
  "sys_rawio",
  "sys_chroot",
  "sys_ptrace",
  "sys_pacct",
  "sys_admin",
  "sys_boot",
  "sys_nice",
  "sys_resource",
  "sys_time",
  "sys_tty_config",
  "mknod",
  "lease",
  "audit_write",
  "audit_control",
  "setfcap",
  "mac_override",
  "mac_admin",
  "syslog",
  "wake_alarm",
  "block_suspend",
  "audit_read",
  "perfmon",
  "bpf",
  "checkpoint_restore",
] as const;

interface FileCapabilities {
  /** Numbers. */
  readonly permitted: ReadonlySet<number>;
  readonly inheritable: ReadonlySet<number>;
  readonly effective: boolean;
}

/**
 * What the kernel keeps of the text of cap_to_text(3), in words that `describeCapability` has, too. The text itself when
 * it is none of its forms.
 */
export function normalCapabilities(text: string): string {
  if (text === "") return "";
  const sets = { e: new Set<number>(), i: new Set<number>(), p: new Set<number>() };
  for (const clause of text.split(/\s+/).filter((part) => part !== "")) {
    const [, names = "", actions = ""] = /^([a-z0-9_,]*)((?:[=+-][eip]*)+)$/i.exec(clause) ?? [];
    if (actions === "") return text;
    const all = names === "" || names.toLowerCase() === "all";
    const numbers = all ? [...NAMES.keys()] : names.toLowerCase().split(",").map(numberOf);
    if (numbers.includes(-1)) return text;
    for (const [, operator = "", flags = ""] of actions.matchAll(/([=+-])([eip]*)/g)) {
      for (const flag of ["e", "i", "p"] as const) {
        for (const number of numbers) {
          if (operator === "=" || (operator === "-" && flags.includes(flag))) sets[flag].delete(number);
          if (operator !== "-" && flags.includes(flag)) sets[flag].add(number);
        }
      }
    }
  }
  return inWords({ permitted: sets.p, inheritable: sets.i, effective: sets.e.size > 0 });
}

function numberOf(name: string): number {
  const [, digits] = /^cap_(\d{1,2})$/.exec(name) ?? [];
  return digits === undefined ? NAMES.findIndex((known) => name === `cap_${known}`) : Number(digits);
}

/** Hexadecimal digits of `security.capability` in words; the digits themselves when they are none. Empty for none. */
export function describeCapability(hex: string): string {
  if (hex === "") return "";
  const bytes = Buffer.from(hex, "hex");
  // Version 2, or 3 with the id of a user namespace's root; version 1 has had no users since 2008.
  const version = bytes.length >= 20 ? bytes.readUInt8(3) : 0;
  if (!(version === 2 && bytes.length === 20) && !(version === 3 && bytes.length === 24)) return hex;
  const bits = (offset: number): ReadonlySet<number> => {
    const words = [bytes.readUInt32LE(offset), bytes.readUInt32LE(offset + 8)];
    return new Set([...Array(64).keys()].filter((bit) => ((words[bit >> 5] ?? 0) >>> (bit & 31)) & 1));
  };
  const text = inWords({ permitted: bits(4), inheritable: bits(8), effective: (bytes.readUInt8(0) & 1) === 1 });
  return version === 3 ? `${text} for root ${bytes.readUInt32LE(20)}` : text;
}

function inWords({ permitted, inheritable, effective }: FileCapabilities): string {
  const clauses = new Map<string, string[]>();
  for (const number of [...new Set([...permitted, ...inheritable])].sort((a, b) => a - b)) {
    const flags = `${effective ? "e" : ""}${inheritable.has(number) ? "i" : ""}${permitted.has(number) ? "p" : ""}`;
    const names = clauses.get(flags) ?? [];
    names.push(`cap_${NAMES[number] ?? number}`);
    clauses.set(flags, names);
  }
  return [...clauses].map(([flags, names]) => `${names.join(",")}=${flags}`).join(" ");
}
