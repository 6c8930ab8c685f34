/** rpm's configuration for the transaction: whatever the host sets, the image must come out the same. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** rpm plugins act on the host, or label files by the host's policy. */
const PLUGINS = [
  "audit",
  "dbus_announce",
  "fapolicyd",
  "fsverity",
  "ima",
  "prioreset",
  "selinux",
  "syslog",
  "systemd_inhibit",
  "unshare",
];

/** Architectures whose distributions mark ELF files by word size, so that two packages may share a 64-bit file. */
const COLOURED = new Set(["x86_64", "aarch64", "s390x"]);

/** The text of a macro file; rpm reads the user's last, so that these win over the host's. */
export function macrosFor(databasePath: string, arch: string): string {
  const macros: Readonly<Record<string, string>> = {
    _dbpath: databasePath,
    _db_backend: "sqlite",
    _install_langs: "all",
    _netsharedpath: "%{nil}",
    _excludedocs: "0",
    _transaction_color: COLOURED.has(arch) ? "3" : "0",
    _prefer_color: "2",
    _pkgverify_level: "digest",
    _pkgverify_flags: "0x0",
    _tmppath: "/var/tmp",
    _install_script_path: "/sbin:/bin:/usr/sbin:/usr/bin",
    _minimize_writes: "0",
    _flush_io: "0",
    ...Object.fromEntries(PLUGINS.map((plugin) => [`__transaction_${plugin}`, "%{nil}"])),
  };
  return Object.entries(macros)
    .map(([name, value]) => `%${name} ${value}\n`)
    .join("");
}

/** Writes the macro file where both older and newer rpm look for it below `home`. */
export async function writeMacros(home: string, text: string): Promise<void> {
  for (const path of [join(home, ".rpmmacros"), join(home, ".config", "rpm", "macros")]) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}
