/** What every pipeline takes. */
import { resolve } from "node:path";
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { defaultCacheDirectory } from "../fetch/store.js";

export interface CommonOptions {
  /** Path of the package manifest; its lockfile lies beside it. */
  readonly manifestPath: string;
  /** Hears of everything that happens; must not throw. */
  readonly emit?: Emit;
  /** Where downloads are kept; `$XDG_CACHE_HOME/rpmoci` by default. */
  readonly cacheDirectory?: string | undefined;
  /**
   * Where credentials, dnf's variables, `SOURCE_DATE_EPOCH`, `XDG_CACHE_HOME` and the `PATH` to dnf are read from;
   * `process.env` by default. Proxies and `TMPDIR` are those of `process.env` in any case.
   */
  readonly environment?: NodeJS.ProcessEnv;
  /** Where the system's repositories and variables are configured; `/` by default. */
  readonly systemRoot?: string;
  /** Ask repositories for their metadata even when what is kept of it has not expired (dnf's `metadata_expire`). */
  readonly refresh?: boolean;
  /**
   * Open no connection. Metadata is taken from the cache whatever its age; what is neither there nor a local file is an
   * `RpmociError` of kind `fetch` and code `OFFLINE` that lists all of it.
   */
  readonly offline?: boolean;
  /** Speak HTTP without TLS to registries. One on this machine is spoken to as it answers, in any case. */
  readonly plainHttp?: boolean;
  /** Stops the work at its next step and rejects with its reason; what was there before stays as it was. */
  readonly signal?: AbortSignal;
}

export interface Context {
  readonly emit: Emit;
  readonly cacheDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly systemRoot: string;
  readonly refresh: boolean;
  readonly offline: boolean;
  readonly plainHttp: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Throws an `RpmociError` of kind `usage` for options that contradict each other. */
export function contextOf(options: CommonOptions): Context {
  const environment = options.environment ?? process.env;
  const { refresh = false, offline = false, plainHttp = false } = options;
  if (refresh && offline) {
    throw new RpmociError("nothing can be refreshed offline", {
      kind: "usage",
      code: "OPTIONS_CONFLICT",
      hint: "give either --refresh or --offline",
    });
  }
  return {
    emit: options.emit ?? (() => {}),
    // dnf gets paths in it while it runs in another directory.
    cacheDirectory: resolve(options.cacheDirectory ?? defaultCacheDirectory(environment)),
    environment,
    systemRoot: options.systemRoot ?? "/",
    refresh,
    offline,
    plainHttp,
    signal: options.signal,
  };
}
