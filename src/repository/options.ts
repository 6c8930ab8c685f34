/** dnf's repository options (dnf.conf(5), "Repo options"): each is honoured or refused by name. */
import { RpmociError } from "../errors.js";
import type { ProxyAuthentication } from "../model/transport.js";

/** Options that change nothing here, and why. */
export const WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map([
  ["name", "repositories are called by their ids"],
  ["ui_id", "repositories are called by their ids"],
  ["ui_repoid_vars", "repositories are called by their ids"],
  ["mediaid", "nothing is read from discs"],
  ["enabled", "the manifest names the repositories that are used"],
  ["enabled_metadata", "it is for other programs"],
  ["service", "it is for other programs"],
  ["autorefresh", "it is for other programs"],
  ["keeppackages", "packages are always kept in the cache"],
  ["keepcache", "packages are always kept in the cache"],
  ["cachedir", "the cache is rpmoci's own"],
  ["cachecookie", "the cache is rpmoci's own"],
  ["mdpolicy", "the metadata that is needed is fetched"],
  ["build_cache", "the cache is rpmoci's own"],
  ["http_caching", "proxies are trusted by checksums"],
  ["mirrorlist_expire", "a list of mirrors is kept as long as the metadata"],
  ["fastestmirror", "the fastest mirrors are found out while packages are fetched; all have the same bytes"],
  ["failovermethod", "mirrors are asked in their order; all have the same bytes"],
  ["countme", "nobody is counted"],
  ["bandwidth", "only speed depends on it"],
  ["throttle", "only speed depends on it"],
  ["max_parallel_downloads", "only speed depends on it"],
  ["max_downloads_per_mirror", "only speed depends on it"],
  ["deltarpm", "whole packages are fetched"],
  ["deltarpm_percentage", "whole packages are fetched"],
  ["protected_packages", "nothing is removed from a root that is new"],
  ["localpkg_gpgcheck", "local packages belong to no repository"],
  ["repo_gpgcheck_warn", "what is wrong is an error"],
]);

/** What an option may only be, since nothing else is supported. */
const ONLY: ReadonlyMap<string, RegExp> = new Map([
  ["type", /^(|rpm-md|rpm|repomd|rpmmd|yum)$/i],
  ["enablegroups", /^(1|yes|true|on)$/i],
]);

const PROXY_AUTHENTICATIONS: readonly ProxyAuthentication[] = [
  "none",
  "basic",
  "digest",
  "digest_ie",
  "ntlm",
  "negotiate",
  "any",
];

function parseBoolean(repositoryId: string, option: string, value: string): boolean {
  const lower = value.trim().toLowerCase();
  if (["1", "yes", "true", "on"].includes(lower)) return true;
  if (["0", "no", "false", "off"].includes(lower)) return false;
  throw wrong(repositoryId, option, value, "a boolean: true or false");
}

function parseInteger(repositoryId: string, option: string, value: string): number {
  if (!/^-?\d+$/.test(value.trim())) throw wrong(repositoryId, option, value, "a whole number");
  return Number(value);
}

/** Seconds, or with a unit `s`, `m`, `h`, `d`. */
function parseSeconds(repositoryId: string, option: string, value: string): number {
  const match = value
    .trim()
    .toLowerCase()
    .match(/^(\d+(?:\.\d+)?)([smhd]?)$/);
  if (match === null) throw wrong(repositoryId, option, value, "a number of seconds");
  const unit = { "": 1, s: 1, m: 60, h: 3600, d: 86400 }[match[2] ?? ""] ?? 1;
  return Number(match[1]) * unit;
}

/** Bytes, or with a unit `k`, `M`, `G` of powers of 1024. */
function parseBytes(repositoryId: string, option: string, value: string): number {
  const match = value
    .trim()
    .toLowerCase()
    .match(/^(\d+(?:\.\d+)?)([kmg]?)$/);
  if (match === null) throw wrong(repositoryId, option, value, "a number of bytes");
  return Number(match[1]) * 1024 ** ["", "k", "m", "g"].indexOf(match[2] ?? "");
}

/** Items between commas or white space, as in `includepkgs` and `gpgkey`. */
export function parseList(value: string): readonly string[] {
  return value.split(/[\s,]+/).filter((item) => item !== "");
}

function wrong(repositoryId: string, option: string, value: string, expected: string): RpmociError {
  return new RpmociError(`repository "${repositoryId}": the option ${option} = "${value}" is not ${expected}`, {
    kind: "manifest",
    code: "REPOSITORY_OPTION_INVALID",
  });
}

/** Takes options one after the other; what nobody took is refused at the end. */
export class OptionReader {
  readonly #left: Map<string, string>;

  constructor(
    readonly repositoryId: string,
    options: Readonly<Record<string, string>>,
  ) {
    this.#left = new Map(Object.entries(options));
  }

  text(...names: readonly [string, ...string[]]): string | undefined {
    let found: string | undefined;
    for (const name of names) {
      const value = this.#left.get(name);
      if (value !== undefined) found = value;
      this.#left.delete(name);
    }
    return found;
  }

  list(...names: readonly [string, ...string[]]): readonly string[] {
    return names.flatMap((name) => parseList(this.text(name) ?? ""));
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.text(name);
    return value === undefined ? fallback : parseBoolean(this.repositoryId, name, value);
  }

  integer(name: string, fallback: number): number {
    const value = this.text(name);
    return value === undefined ? fallback : parseInteger(this.repositoryId, name, value);
  }

  seconds(name: string, fallback: number): number {
    const value = this.text(name);
    return value === undefined ? fallback : parseSeconds(this.repositoryId, name, value);
  }

  bytes(name: string, fallback: number): number {
    const value = this.text(name);
    return value === undefined ? fallback : parseBytes(this.repositoryId, name, value);
  }

  /** Seconds; null for ever. */
  expiry(name: string, fallback: number): number | null {
    const value = this.text(name)?.trim();
    if (value === undefined) return fallback;
    return value === "-1" || value.toLowerCase() === "never" ? null : parseSeconds(this.repositoryId, name, value);
  }

  ipVersion(name: string): 4 | 6 | undefined {
    const value = this.text(name)?.trim() ?? "";
    if (/^(|whatever)$/i.test(value)) return undefined;
    const version = value.match(/^(?:ipv)?([46])$/i)?.[1];
    if (version === undefined) throw wrong(this.repositoryId, name, value, "an IP version: 4 or 6");
    return version === "4" ? 4 : 6;
  }

  /** Basic, when it is not said: what asks first, as dnf's `any` does, asks for every file twice. */
  proxyAuthentication(name: string): ProxyAuthentication {
    const value = this.text(name)?.trim().toLowerCase() || "basic";
    // As libcurl has done since it needs no program of Samba's.
    const method = value === "ntlm_wb" ? "ntlm" : PROXY_AUTHENTICATIONS.find((known) => known === value);
    if (method !== undefined) return method;
    throw wrong(this.repositoryId, name, value, `one of ${PROXY_AUTHENTICATIONS.join(", ")}`);
  }

  /**
   * Throws for the options that would change the result and were not taken. Returns the names that are not dnf's at all
   * when those are `ignored`, as dnf does; they throw, too, otherwise.
   */
  finish(unknown: "refused" | "ignored"): readonly string[] {
    const ignored: string[] = [];
    for (const [name, value] of this.#left) {
      if (WITHOUT_EFFECT.has(name) || ONLY.get(name)?.test(value.trim()) === true) continue;
      if (ONLY.has(name)) {
        throw new RpmociError(`repository "${this.repositoryId}": the option ${name} = "${value}" is not supported`, {
          kind: "manifest",
          code: "REPOSITORY_OPTION_UNSUPPORTED",
        });
      }
      if (unknown === "ignored") {
        ignored.push(name);
        continue;
      }
      throw new RpmociError(`repository "${this.repositoryId}": the option "${name}" is not supported`, {
        kind: "manifest",
        code: "REPOSITORY_OPTION_UNSUPPORTED",
        hint: "remove it, or correct its spelling",
      });
    }
    return ignored;
  }
}
