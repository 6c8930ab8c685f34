/** dnf's repository options (dnf.conf(5), "Repo options"): each is honoured or refused by name. */
import { RpmociError } from "../errors.js";

/** Options that change nothing here: how dnf caches, prints, mirrors or schedules. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  "name",
  "type",
  "enabled",
  "enabled_metadata",
  "autorefresh",
  "keeppackages",
  "keepcache",
  "metadata_expire",
  "mirrorlist_expire",
  "fastestmirror",
  "failovermethod",
  "countme",
  "user_agent",
  "bandwidth",
  "throttle",
  "max_parallel_downloads",
  "deltarpm",
  "deltarpm_percentage",
  "repo_gpgcheck_warn",
  "ui_repoid_vars",
  "cachecookie",
  "mdpolicy",
  "http_caching",
  "ui_id",
  "service",
]);

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

/** Seconds, or with a unit `m`, `h`, `d`. */
function parseSeconds(repositoryId: string, option: string, value: string): number {
  const match = value.trim().match(/^(\d+(?:\.\d+)?)([smhd]?)$/);
  if (match === null) throw wrong(repositoryId, option, value, "a number of seconds");
  const unit = { "": 1, s: 1, m: 60, h: 3600, d: 86400 }[match[2] ?? ""] ?? 1;
  return Number(match[1]) * unit;
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

  /** Throws for the options that would change the result and were not taken. */
  finish(): void {
    for (const name of this.#left.keys()) {
      if (WITHOUT_EFFECT.has(name)) continue;
      throw new RpmociError(`repository "${this.repositoryId}": the option "${name}" is not supported`, {
        kind: "manifest",
        code: "REPOSITORY_OPTION_UNSUPPORTED",
        hint: "remove it, or correct its spelling",
      });
    }
  }
}
