/**
 * How apt is asked. For the architecture of a Debian or Ubuntu system that is as the system's own apt; for another one
 * there is an apt with the system's sources and lists of its own, and elsewhere one that shares nothing with the system.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../packaging/command.js";
import { type Architecture, debianName, machineArchitecture } from "./architecture.js";
import { ArchiveUnavailableError } from "./archive-unavailable-error.js";

/** An apt configuration's settings; a name that ends with `::` adds to a list. */
type Settings = readonly (readonly [name: string, value: string])[];

/**
 * Returns the file for `APT_CONFIG`, by which apt knows packages of that architecture; where the lists are our own, they
 * have been fetched, once a day. `report` gets a line when a source could not be asked. Throws `ArchiveUnavailableError`.
 */
export async function aptConfiguration(
  cache: string,
  architecture: Architecture,
  report: (line: string) => void,
): Promise<string> {
  const { RPMOCI_DEBIAN_MIRROR: mirror } = process.env;
  if (mirror !== undefined || !existsSync("/etc/debian_version"))
    return await mirrorConfiguration(cache, mirror ?? debootstrapMirror(), architecture);
  return architecture === machineArchitecture()
    ? systemConfiguration(cache)
    : await foreignConfiguration(cache, architecture, report);
}

/** On other distributions debootstrap knows Debian's mirror. */
function debootstrapMirror(): string {
  for (const script of ["/usr/sbin/debootstrap", "/usr/bin/debootstrap"]) {
    if (!existsSync(script)) continue;
    const mirror = /^\s*DEF_MIRROR="?([^"\s]+)"?/m.exec(readFileSync(script, "utf8"))?.[1];
    if (mirror !== undefined) return mirror;
  }
  throw new ArchiveUnavailableError("debootstrap is not installed, and RPMOCI_DEBIAN_MIRROR names no Debian mirror");
}

/**
 * Writes what is added to the system's apt configuration. Returns its path. What is installed on this machine, maybe from
 * elsewhere, must not decide which version is taken; nor may the system's own caches be rewritten without it.
 */
function systemConfiguration(cache: string): string {
  const root = join(cache, "apt");
  mkdirSync(root, { recursive: true });
  const configuration = join(root, "system.conf");
  writeConfiguration(configuration, [
    ["APT::Sandbox::User", "root"],
    ["Dir::State::status", "/dev/null"],
    ["Dir::Cache::pkgcache", ""],
    ["Dir::Cache::srcpkgcache", ""],
  ]);
  return configuration;
}

/**
 * Writes an apt configuration for an architecture that the system's dpkg need not know: sources, keyrings and what
 * concerns downloads are the system's, hooks are not, and its lists stay as they are. Returns its path.
 */
async function foreignConfiguration(
  cache: string,
  architecture: Architecture,
  report: (line: string) => void,
): Promise<string> {
  const root = join(cache, "apt", architecture);
  const configuration = join(root, "apt.conf");
  const settings = await systemSettings();
  writeConfiguration(configuration, [...settings, ...ownState(root, architecture)]);
  const systemLists = settingOf(await runCommand("apt-config", ["shell", "VALUE", "Dir::State::lists/d"]));
  // Both architectures shall have the same versions, as far as they can.
  if (isUpdated(root, existsSync(systemLists) ? statSync(systemLists).mtimeMs : 0)) return configuration;
  const failure = await update(root, configuration).catch((error: Error) => error.message);
  const env = { APT_CONFIG: configuration };
  const found = await runCommand("apt-cache", ["show", "libc6"], { env }).catch(() => null);
  if (found === null) {
    const what = failure === undefined ? "have no packages" : "gave no package lists";
    throw new ArchiveUnavailableError(
      `the system's package sources ${what} for ${debianName(architecture)}; Ubuntu has those of most architectures at ` +
        `http://ports.ubuntu.com/ubuntu-ports${failure === undefined ? "" : `\n${failure}`}`,
    );
  }
  // As for the system itself, a source of somebody else's that is gone does not end it all.
  if (failure !== undefined) report(`not every source has lists for ${debianName(architecture)}: ${failure}`);
  markUpdated(root);
  return configuration;
}

/** What the system's apt is told about sources and downloads. */
async function systemSettings(): Promise<Settings> {
  const dump = (await runCommand("apt-config", ["dump", "--no-empty"])).toString();
  const settings = [...dump.matchAll(/^(\S+) "(.*)";$/gm)].map(([, name = "", value = ""]) => [name, value] as const);
  return settings.filter(
    ([name]) =>
      /^(?:Acquire|Dir::Etc)(?:::|$)/.test(name) &&
      !/^(?:Acquire::(?:IndexTargets|Languages)|Dir::Etc::(?:main|parts)$)/.test(name),
  );
}

/** Writes an apt configuration that leaves the system's alone. Returns its path. */
async function mirrorConfiguration(cache: string, mirror: string, architecture: Architecture): Promise<string> {
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  if (!existsSync(keyring)) throw new ArchiveUnavailableError(`${keyring} (of debian-keyring) is not installed`);
  const { RPMOCI_DEBIAN_SUITE: suite = "bookworm" } = process.env;
  const name = createHash("sha256").update(`${mirror} ${suite} ${architecture}`).digest("hex").slice(0, 16);
  const root = join(cache, "apt", name);
  const state = ownState(root, architecture);
  const sources = join(root, "etc", "sources.list");
  writeFileSync(sources, `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
  const configuration = join(root, "apt.conf");
  writeConfiguration(configuration, [
    ...state,
    ["Dir::Etc", join(root, "etc")],
    ["Dir::Etc::sourcelist", sources],
    ["Dir::Etc::sourceparts", "-"],
  ]);
  if (isUpdated(root)) return configuration;
  try {
    await update(root, configuration);
  } catch (error) {
    throw new ArchiveUnavailableError(`the mirror's package lists could not be had: ${(error as Error).message}`);
  }
  markUpdated(root);
  return configuration;
}

/** Makes the folders of an apt with lists, caches and an architecture of its own. Returns the settings that name them. */
function ownState(root: string, architecture: Architecture): Settings {
  for (const folder of ["lists/partial", "cache/archives/partial", "etc/apt.conf.d"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const status = join(root, "status");
  if (!existsSync(status)) writeFileSync(status, "");
  return [
    ["APT::Architecture", debianName(architecture)],
    ["APT::Architectures", debianName(architecture)],
    ["APT::Sandbox::User", "root"],
    ["Acquire::Languages", "none"],
    ["Dir::Cache", join(root, "cache")],
    ["Dir::Etc::main", "/dev/null"],
    ["Dir::Etc::parts", join(root, "etc/apt.conf.d")],
    ["Dir::State", root],
    ["Dir::State::lists", join(root, "lists")],
    ["Dir::State::status", status],
  ];
}

/** For its owner only: a proxy's settings may hold a password. */
function writeConfiguration(path: string, settings: Settings): void {
  const text = settings.map(([name, value]) => `${name} "${value}";\n`);
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text.join(""), { mode: 0o600 });
  renameSync(temporary, path);
}

/** Fetches package lists, after whoever does so at the same time. Throws when one of them could not be had. */
async function update(root: string, configuration: string): Promise<undefined> {
  // apt itself would give up.
  const args = [join(root, "lock"), "apt-get", "update", "--quiet", "-o", "APT::Update::Error-Mode=any"];
  await runCommand("flock", args, { env: { APT_CONFIG: configuration } });
}

/** Whether lists were fetched within a day, and after a time in milliseconds. */
function isUpdated(root: string, after = 0): boolean {
  const day = 24 * 60 * 60 * 1000;
  const stamp = join(root, "updated");
  return existsSync(stamp) && statSync(stamp).mtimeMs > Math.max(Date.now() - day, after);
}

function markUpdated(root: string): void {
  writeFileSync(join(root, "updated"), "");
}

/** The value that `apt-config shell` prints. */
function settingOf(output: Buffer): string {
  return /'(.*)'/.exec(output.toString())?.[1] ?? "";
}
