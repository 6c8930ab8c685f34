/** Tells scriptlets that can be done here from those that must be run. */
import type { PackageScriptlet } from "../../native/binding.js";
import {
  type Action,
  type ScriptletActions,
  type ScriptletPlan,
  type Step,
  scriptletName,
  type ToolName,
} from "./actions.js";
import { parseShell, type ShellCommand } from "./shell.js";

export interface Classification {
  readonly actions: ScriptletActions;
  /** How many are done here; those in Lua, which librpm runs, are not among them. */
  readonly done: number;
  /** In the packages' order. */
  readonly refused: readonly PackageScriptlet[];
}

export interface ClassifyOptions {
  /** The distribution's update-alternatives is chkconfig's, not dpkg's. */
  readonly chkconfigAlternatives: boolean;
}

const SHELLS = new Set(["sh", "bash", "dash"]);

/** What starts processes in rpm's Lua, and by which other names it could be reached. */
const LUA_PROCESSES = [
  /\b(?:os\.execute|io\.popen|rpm\.(?:execute|spawn|load)|posix\.(?:exec\w*|fork|popen|spawn\w*))\b/,
  /\b(?:load|loadstring|loadfile|dofile|require|_G|_ENV)\b/,
  /\b(?:os|io|rpm|posix)\b(?!\s*\.)/,
  /%\s*\(/,
];

const PROGRAM_DIRECTORIES = ["", "/sbin/", "/bin/", "/usr/sbin/", "/usr/bin/"];

/** By the names of programs. */
const TOOLS: ReadonlyMap<string, ToolName> = new Map([
  ["ldconfig", "ldconfig"],
  ["systemd-sysusers", "sysusers"],
  ["systemd-tmpfiles", "tmpfiles"],
  ["alternatives", "alternatives"],
  ["update-alternatives", "alternatives"],
]);

export function classifyScriptlets(scriptlets: readonly PackageScriptlet[], options: ClassifyOptions): Classification {
  const actions: Record<string, ScriptletPlan> = {};
  const refused: PackageScriptlet[] = [];
  let done = 0;
  for (const scriptlet of scriptlets) {
    const lua = scriptlet.program[0] === "<lua>";
    const plan = lua ? null : planOf(scriptlet, options);
    const key = scriptletName(scriptlet.phase, scriptlet.package);
    const others = scriptlets.filter((other) => other !== scriptlet && keyOf(other) === key);
    // librpm does not tell which of several triggers of a package is at work.
    const ambiguous = others.some((other) => !isDeepEqual(other, scriptlet));
    if (lua ? LUA_PROCESSES.some((pattern) => pattern.test(scriptlet.body)) || ambiguous : plan === null || ambiguous)
      refused.push(scriptlet);
    else if (plan !== null) {
      done += 1;
      actions[key] = plan;
    }
  }
  return { actions, done, refused };
}

function keyOf({ phase, package: name }: PackageScriptlet): string {
  return scriptletName(phase, name);
}

function isDeepEqual(one: PackageScriptlet, other: PackageScriptlet): boolean {
  const text = ({ program, body, expanded }: PackageScriptlet): string => JSON.stringify([program, body, expanded]);
  // Two in Lua do not need us.
  return text(one) === text(other) || (one.program[0] === "<lua>" && other.program[0] === "<lua>");
}

function planOf(scriptlet: PackageScriptlet, options: ClassifyOptions): ScriptletPlan | null {
  const { program, body, expanded, phase } = scriptlet;
  const [interpreter = "", ...args] = program;
  // There is no root yet: it would fail. What rpm expands is not what will be run.
  if (phase === "%pretrans" || (expanded && body.includes("%"))) return null;
  const commands = commandsOf(interpreter, args, body);
  const steps = commands?.map((command) => stepOf(command, options)) ?? [null];
  return steps.every((step) => step !== null) ? { program: interpreter, steps } : null;
}

function commandsOf(interpreter: string, args: readonly string[], body: string): readonly ShellCommand[] | null {
  const name = programName(interpreter);
  if (name !== null && SHELLS.has(name)) return args.length === 0 ? parseShell(body) : null;
  // A program is given the body as a file.
  return body === "" ? [{ connector: ";", words: [interpreter, ...args], input: null }] : null;
}

function stepOf({ connector, words, input }: ShellCommand, options: ClassifyOptions): Step | null {
  const action = actionOf(words, input ?? "", options);
  return action === null ? null : { connector, action };
}

function actionOf(words: readonly string[], input: string, options: ClassifyOptions): Action | null {
  const [program = "", ...args] = words;
  if (program === ":" || program === "echo") return { type: "nothing", status: 0 };
  if (program === "exit") return /^\d{1,3}$/.test(args[0] ?? "") ? { type: "exit", status: Number(args[0]) } : null;
  const name = programName(program);
  if (name === "true") return { type: "nothing", status: 0 };
  if (name === "false") return { type: "nothing", status: 1 };
  const tool = TOOLS.get(name ?? "");
  if (tool === undefined || !isKnownUse(tool, args, options)) return null;
  return { type: "tool", tool, program, arguments: args, input };
}

/** Null for a program of another directory than the system's. */
function programName(program: string): string | null {
  const at = program.lastIndexOf("/") + 1;
  return PROGRAM_DIRECTORIES.includes(program.slice(0, at)) ? program.slice(at) : null;
}

function isKnownUse(tool: ToolName, args: readonly string[], { chkconfigAlternatives }: ClassifyOptions): boolean {
  switch (tool) {
    case "ldconfig":
      return args.length === 0;
    case "sysusers":
      return args.every((arg) => !arg.startsWith("-") || arg === "-" || /^--(?:replace=|inline$)/.test(arg));
    case "tmpfiles":
      return (
        args.some((arg) => arg === "--create") &&
        args.every((arg) => !arg.startsWith("-") || arg === "-" || /^--(?:create$|boot$|replace=)/.test(arg))
      );
    case "alternatives":
      return (
        chkconfigAlternatives && ["--install", "--remove"].includes(args[0] ?? "") && !args.includes("--initscript")
      );
  }
}
