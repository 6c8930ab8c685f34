/** What the commands have in common: verbosity, reporting, exit codes. */
import { Command, Option } from "clipanion";
import { type CommonOptions, type Emit, RpmociError } from "../index.js";
import type { Verbosity } from "../reporters/messages.js";
import { PlainReporter } from "../reporters/plain.js";
import { exitCodeOf } from "./exit-codes.js";

const LEVELS: readonly Verbosity[] = ["error", "warning", "status", "verbose", "debug"];
const DEFAULT_LEVEL = LEVELS.indexOf("status");

/**
 * Milliseconds in which a second signal is the first one's echo: a terminal interrupts all processes of the command, and
 * the one outside of the user namespace hands what it gets on. A later one ends the process at once.
 */
const SAME_INTERRUPTION = 500;

export abstract class RpmociCommand extends Command {
  manifestPath = Option.String("-f,--file", "rpmoci.toml", { description: "Path of the package manifest" });
  verbose = Option.Counter("-v,--verbose", 0, { description: "Show more: dnf's output (-v), every request (-vv)" });
  quiet = Option.Counter("-q,--quiet", 0, { description: "Show less: warnings and errors (-q), errors only (-qq)" });

  /** The command's work; errors are reported and turned into exit codes by the caller. */
  protected abstract run(options: CommonOptions & { readonly emit: Emit }): Promise<number>;

  override async execute(): Promise<number> {
    const level = Math.max(0, Math.min(LEVELS.length - 1, DEFAULT_LEVEL + Number(this.verbose) - Number(this.quiet)));
    const verbosity = LEVELS[level] ?? "status";
    const reporter = new PlainReporter(process.stderr, verbosity, process.env);
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
      const { manifestPath } = this;
      return await this.run({ manifestPath, emit: reporter.emit, signal: interruption.signal });
    } catch (error) {
      if (interruption.signal.aborted) {
        reporter.error(new Error("interrupted"));
        return Number(process.exitCode);
      }
      reporter.error(error instanceof Error ? error : new Error(String(error)));
      const code = exitCodeOf(error);
      if (verbosity === "debug" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
      return code;
    } finally {
      process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    }
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
