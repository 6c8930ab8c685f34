/** What scriptlets do, as far as it can be done without running them. */

/** One of the programs whose work is known here. */
export type ToolName = "ldconfig" | "sysusers" | "tmpfiles" | "alternatives";

export type Action =
  /** Something that changes nothing, with its exit code. */
  | { readonly type: "nothing"; readonly status: number }
  | { readonly type: "exit"; readonly status: number }
  | {
      readonly type: "tool";
      readonly tool: ToolName;
      /** As the script calls it. */
      readonly program: string;
      readonly arguments: readonly string[];
      /** Its standard input. */
      readonly input: string;
    };

export interface Step {
  readonly connector: ";" | "&&" | "||";
  readonly action: Action;
}

export interface ScriptletPlan {
  /** What would have run; when the root does not have it, the scriptlet fails, as it would have. */
  readonly program: string;
  readonly steps: readonly Step[];
}

/** By `scriptletName`. */
export type ScriptletActions = Readonly<Record<string, ScriptletPlan>>;

/** As in `%post of bash-5.2-1.x86_64`. */
export function scriptletName(phase: string, packageName: string): string {
  return `${phase} of ${packageName}`;
}
