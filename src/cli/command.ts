/** What the commands have in common: verbosity, reporting, exit codes. */
import { setTimeout as delay } from "node:timers/promises";
import { Command, Option } from "clipanion";
import { type CommonOptions, type Emit, RpmociError } from "../index.js";
import { chooseReporter } from "../reporters/choose.js";
import type { Verbosity } from "../reporters/messages.js";
import { Interrupted, type Reporter } from "../reporters/reporter.js";
import { exitCodeOf } from "./exit-codes.js";
import { PROGRESS_DESCRIPTION, progressModeOf } from "./progress-option.js";

const LEVELS: readonly Verbosity[] = ["error", "warning", "status", "verbose", "debug"];
const DEFAULT_LEVEL = LEVELS.indexOf("status");

/**
 * Milliseconds in which a second signal is the first one's echo: a terminal interrupts all processes of the command, and
 * the one outside of the user namespace hands what it gets on. A later one ends the process at once.
 */
const SAME_INTERRUPTION = 500;

/** Milliseconds in which nearly every echo comes. In its last moments a process cannot hear it, and would die of it. */
const ECHO = 100;

/** How a command's work is reported and interrupted. */
export interface Run {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export abstract class RpmociCommand extends Command {
  verbose = Option.Counter("-v,--verbose", 0, { description: "Show more: dnf's output (-v), every request (-vv)" });
  quiet = Option.Counter("-q,--quiet", 0, { description: "Show less: warnings and errors (-q), errors only (-qq)" });

  progress = Option.String("--progress", { description: PROGRESS_DESCRIPTION });

  #reporter: Reporter | undefined;

  /** The command's work; errors are reported and turned into exit codes by the caller. */
  protected abstract run(run: Run): Promise<number>;

  /** For an error of the command. */
  protected exitCodeOf(error: unknown): number {
    return exitCodeOf(error);
  }

  /** Writes results to standard output. */
  protected print(text: string): void {
    this.#reporter?.end();
    this.context.stdout.write(text);
  }

  protected printJson(data: unknown): void {
    this.print(`${JSON.stringify(data, null, 2)}\n`);
  }

  override async execute(): Promise<number> {
    const level = Math.max(0, Math.min(LEVELS.length - 1, DEFAULT_LEVEL + Number(this.verbose) - Number(this.quiet)));
    const verbosity = LEVELS[level] ?? "status";
    const { mode, fault } = progressModeOf(this.progress, process.env);
    const reporter = await chooseReporter(mode, process.stderr, verbosity, process.env);
    this.#reporter = reporter;
    if (fault !== null) {
      reporter.error(fault);
      return exitCodeOf(fault);
    }
    const interruption = new AbortController();
    let interrupted = Number.NEGATIVE_INFINITY;
    const interrupt = (signal: NodeJS.Signals): void => {
      if (!interruption.signal.aborted) {
        interrupted = performance.now();
        process.exitCode = signal === "SIGINT" ? 130 : 143;
        interruption.abort();
      } else if (performance.now() - interrupted > SAME_INTERRUPTION) {
        process.off(signal, interrupt);
        process.kill(process.pid, signal);
      }
    };
    process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
    try {
      return await this.run({ emit: reporter.emit, signal: interruption.signal });
    } catch (error) {
      if (interruption.signal.aborted) {
        reporter.error(new Interrupted());
        await delay(Math.max(0, interrupted + ECHO - performance.now()));
        return Number(process.exitCode);
      }
      reporter.error(error instanceof Error ? error : new Error(String(error)));
      const code = this.exitCodeOf(error);
      if (verbosity === "debug" && mode !== "json" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
      return code;
    } finally {
      reporter.end();
      if (!interruption.signal.aborted) process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    }
  }
}

/** A command that reads a manifest. */
export abstract class ManifestCommand extends RpmociCommand {
  manifestPath = Option.String("-f,--file", "rpmoci.toml", { description: "Path of the package manifest" });
}

export const PLAIN_HTTP = "Speak HTTP without TLS to registries";

export const CACHE_DIRECTORY = "Where downloads are kept; $XDG_CACHE_HOME/rpmoci or ~/.cache/rpmoci by default";

export const JSON_RESULT = "Write the result to standard output as JSON";

/** A command that reads a manifest and what its repositories have. */
export abstract class RepositoryCommand extends ManifestCommand {
  cacheDirectory = Option.String("--cache-dir", { description: CACHE_DIRECTORY });
  offline = Option.Boolean("--offline", false, {
    description: "Open no connection: use what is in the cache or on this machine, and list what is missing",
  });

  protected commonOptions(run: Run): CommonOptions & Run {
    const { manifestPath, cacheDirectory, offline } = this;
    return { ...run, manifestPath, cacheDirectory, offline };
  }
}

/** A command that may need the base image, too. */
export abstract class ResolvingCommand extends RepositoryCommand {
  plainHttp = Option.Boolean("--plain-http", false, { description: PLAIN_HTTP });

  protected override commonOptions(run: Run): CommonOptions & Run {
    return { ...super.commonOptions(run), plainHttp: this.plainHttp };
  }
}

/** The value of an option that a command cannot do without; clipanion's own message would not name it. */
export function required(option: string, value: string | undefined): string {
  if (value !== undefined && value !== "") return value;
  throw new RpmociError(`the option ${option} is required`, {
    kind: "usage",
    code: "OPTION_MISSING",
    hint: "rpmoci help COMMAND lists the options of a command",
  });
}
