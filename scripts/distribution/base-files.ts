/** base-files owns what every root has: the links of a merged /usr, and the directories that nobody else owns. */
import type { Draft } from "./draft.js";

/** Directories that most packages of Debian list and that here belong to base-files alone. */
export const commonDirectories: ReadonlySet<string> = new Set([
  ...["/boot", "/dev", "/etc", "/home", "/media", "/mnt", "/opt", "/proc", "/root", "/run", "/srv", "/sys", "/tmp"],
  ...[
    "/etc/default",
    "/etc/init.d",
    "/etc/ld.so.conf.d",
    "/etc/logrotate.d",
    "/etc/opt",
    "/etc/pam.d",
    "/etc/profile.d",
  ],
  ...[
    "/etc/skel",
    "/run/lock",
    "/usr",
    "/usr/bin",
    "/usr/games",
    "/usr/include",
    "/usr/lib",
    "/usr/lib64",
    "/usr/sbin",
  ],
  ...["/usr/lib/systemd", "/usr/lib/systemd/system", "/usr/lib/tmpfiles.d", "/usr/libexec", "/usr/local"],
  ...["/usr/local/bin", "/usr/local/etc", "/usr/local/lib", "/usr/local/sbin", "/usr/local/share", "/usr/share"],
  ...["/usr/share/doc", "/usr/share/info", "/usr/share/lintian", "/usr/share/lintian/overrides", "/usr/share/locale"],
  ...["/usr/share/man", "/usr/share/man/man1", "/usr/share/man/man3", "/usr/share/man/man5", "/usr/share/man/man7"],
  ...["/usr/share/man/man8", "/usr/share/misc", "/usr/src", "/var", "/var/cache", "/var/lib", "/var/lib/misc"],
  ...["/var/local", "/var/log", "/var/mail", "/var/opt", "/var/spool", "/var/tmp"],
]);

const modes: Readonly<Record<string, number>> = {
  "/root": 0o700,
  "/tmp": 0o1777,
  "/var/tmp": 0o1777,
  "/run/lock": 0o1777,
  "/var/mail": 0o2775,
  "/var/local": 0o2775,
};
const groups: Readonly<Record<string, string>> = { "/var/mail": "mail", "/var/local": "staff" };

export function adjustBaseFiles(draft: Draft): void {
  for (const path of ["/var/run", "/var/lock", "/var/lib/dpkg", "/etc/dpkg", "/etc/debian_version"]) draft.remove(path);
  // A package of its own, so that a root can be without.
  for (const path of ["/etc/os-release", "/usr/lib/os-release"]) draft.remove(path);
  for (const path of commonDirectories) draft.directory(path, modes[path] ?? 0o755, "root", groups[path] ?? "root");
  for (const name of ["bin", "lib", "lib64", "sbin"]) draft.symlink(`/${name}`, `usr/${name}`);
  draft.symlink("/var/run", "/run");
  draft.symlink("/var/lock", "/run/lock");
  draft.symlink("/var/spool/mail", "../mail");
  for (const [from, to] of [
    ["profile", "/etc/profile"],
    ["motd", "/etc/motd"],
    ["dot.profile", "/root/.profile"],
    ["dot.bashrc", "/root/.bashrc"],
  ] as const)
    draft.file(to, draft.text(`/usr/share/base-files/${from}`), { marks: ["config(noreplace)"] });
  // Installed first, as far as that is possible: it may not wait for a shell, which needs the links.
  draft.relations.splice(0, draft.relations.length, ...draft.relations.filter(({ text }) => text !== "awk"));
  draft.relate("Requires", "awk");
  draft.relate("Requires(pre)", "base-passwd");
}
