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

export type Macros = Readonly<Record<string, string>>;

/** Files cannot be marked with it, as it stands for what is in no language. */
const NO_LANGUAGE = "C";

export interface MacroSetting {
  /** Inside the root. */
  readonly databasePath: string;
  /** rpm's name of the architecture. */
  readonly arch: string;
  /** Languages whose files are installed; undefined for all. */
  readonly langs: readonly string[] | undefined;
}

/** What rpm's macros call some architectures. */
const MACRO_ARCH: Readonly<Record<string, string>> = { i486: "i386", i586: "i386", i686: "i386", armv7hl: "arm" };

/** By name, as literal texts. */
export function transactionMacros({ databasePath, arch, langs = ["all"] }: MacroSetting): Macros {
  return {
    _dbpath: databasePath,
    _db_backend: "sqlite",
    _install_langs: langs.length === 0 ? NO_LANGUAGE : langs.join(":"),
    _netsharedpath: "",
    _excludedocs: "0",
    _transaction_color: COLOURED.has(arch) ? "3" : "0",
    _prefer_color: "2",
    // Scriptlets in Lua may ask.
    _arch: MACRO_ARCH[arch] ?? arch,
    _target_cpu: arch,
    _host_cpu: arch,
    _pkgverify_level: "digest",
    _pkgverify_flags: "0x0",
    _tmppath: "/var/tmp",
    _install_script_path: "/sbin:/bin:/usr/sbin:/usr/bin",
    _minimize_writes: "0",
    _flush_io: "0",
    ...Object.fromEntries(PLUGINS.map((plugin) => [`__transaction_${plugin}`, ""])),
  };
}

/** Writes a file of macros where both older and newer rpm look for the user's, which win over the host's. */
export async function writeMacros(home: string, macros: Macros): Promise<void> {
  const lines = Object.entries(macros).map(([name, value]) => `%${name} ${value === "" ? "%{nil}" : value}\n`);
  const text = lines.join("");
  for (const path of [join(home, ".rpmmacros"), join(home, ".config", "rpm", "macros")]) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}
