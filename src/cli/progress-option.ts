/** The option `--progress`, and the variable that stands for it. */
import { RpmociError } from "../index.js";
import { isProgressMode, PROGRESS_MODES, type ProgressMode } from "../reporters/choose.js";

const VARIABLE = "RPMOCI_PROGRESS";

export const PROGRESS_DESCRIPTION = `How progress is shown on standard error: ${PROGRESS_MODES.join(", ")}; auto draws on a terminal. Also $${VARIABLE}`;

export interface ProgressChoice {
  readonly mode: ProgressMode;
  /** The mode that was asked for does not exist; this is to be told in the other one. */
  readonly fault: RpmociError | null;
}

export function progressModeOf(option: string | undefined, environment: NodeJS.ProcessEnv): ProgressChoice {
  const wanted = option ?? (environment[VARIABLE] || "auto");
  if (isProgressMode(wanted)) return { mode: wanted, fault: null };
  const source = option === undefined ? VARIABLE : "--progress";
  const fault = new RpmociError(`${source}: '${wanted}' is none of ${PROGRESS_MODES.join(", ")}`, {
    kind: "usage",
    code: "PROGRESS_INVALID",
  });
  return { mode: "plain", fault };
}

/** The mode of a command line that cannot be understood. */
export function progressModeIn(args: readonly string[], environment: NodeJS.ProcessEnv): ProgressMode {
  const index = args.findIndex((arg) => /^--progress(=|$)/.test(arg));
  const option = index === -1 ? undefined : (args[index]?.split("=")[1] ?? args[index + 1]);
  return progressModeOf(option, environment).mode;
}
