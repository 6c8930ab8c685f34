/** Does what scriptlets would have done, in a process whose root directory is the root. */
import { accessSync, constants, statSync } from "node:fs";
import { type Action, type ScriptletActions, scriptletName, type ToolName } from "./actions.js";
import { runAlternatives } from "./alternatives.js";
import { runLdconfig } from "./ldconfig.js";
import { runSysusers } from "./sysusers.js";
import { runTmpfiles } from "./tmpfiles.js";
import type { ToolRun } from "./tool.js";

const TOOLS: Readonly<Record<ToolName, (run: ToolRun) => number>> = {
  ldconfig: runLdconfig,
  sysusers: runSysusers,
  tmpfiles: runTmpfiles,
  alternatives: runAlternatives,
};

/** As `_install_script_path` of `macros.ts` has them. */
const PATH = ["/sbin", "/bin", "/usr/sbin", "/usr/bin"];

/** Without whose success a package is not installed, or not removed. */
const CRITICAL = new Set(["%pretrans", "%pre", "%preun", "%preuntrans"]);

export class Performer {
  readonly #failed: string[] = [];

  constructor(
    private readonly actions: ScriptletActions,
    /** Seconds since the epoch. */
    private readonly now: number,
    private readonly say: (line: string) => void,
  ) {}

  /** Those that failed without failing their package. */
  get failed(): readonly string[] {
    return this.#failed;
  }

  /** Throws when a scriptlet fails that must not, and for what turns out not to be possible here. */
  readonly perform = (phase: string, packageName: string): void => {
    const name = scriptletName(phase, packageName);
    const plan = this.actions[name];
    if (plan === undefined) return;
    let status = 0;
    if (isThere(plan.program)) {
      for (const { connector, action } of plan.steps) {
        if ((connector === "&&" && status !== 0) || (connector === "||" && status === 0)) continue;
        status = this.#run(action);
        if (action.type === "exit") break;
      }
    } else status = this.#missing(plan.program);
    if (status === 0) return;
    if (CRITICAL.has(phase)) throw new Error(`it would have ended with exit code ${status}`);
    this.#failed.push(name);
  };

  #run(action: Action): number {
    if (action.type !== "tool") return action.status;
    if (!isThere(action.program)) return this.#missing(action.program);
    const run = { arguments: action.arguments, input: action.input, now: this.now, say: this.say };
    return TOOLS[action.tool](run);
  }

  /** The shell's exit code for it. */
  #missing(program: string): number {
    this.say(`${program} is not in the root`);
    return 127;
  }
}

function isThere(program: string): boolean {
  const paths = program.includes("/") ? [program] : PATH.map((directory) => `${directory}/${program}`);
  return paths.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}
