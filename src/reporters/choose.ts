/** Which reporter a command has. */
import { JsonReporter } from "./json-lines.js";
import type { Verbosity } from "./messages.js";
import { PlainReporter } from "./plain.js";
import type { Reporter } from "./reporter.js";

export const PROGRESS_MODES = ["auto", "tty", "plain", "json", "none"] as const;

export type ProgressMode = (typeof PROGRESS_MODES)[number];

export function isProgressMode(text: string): text is ProgressMode {
  return (PROGRESS_MODES as readonly string[]).includes(text);
}

/** `none` shows what `-q` shows. What draws on terminals is loaded for terminals only. */
export async function chooseReporter(
  mode: ProgressMode,
  output: NodeJS.WriteStream,
  verbosity: Verbosity,
  environment: NodeJS.ProcessEnv,
): Promise<Reporter> {
  if (mode === "json") return new JsonReporter(output, verbosity);
  if (mode === "none") return new PlainReporter(output, verbosity === "error" ? "error" : "warning", environment);
  const drawable = output.isTTY === true && environment.TERM !== "dumb";
  if (mode === "plain" || (mode === "auto" && !drawable)) return new PlainReporter(output, verbosity, environment);
  const { TerminalReporter } = await import("./terminal.js");
  return new TerminalReporter(output, verbosity, environment);
}
