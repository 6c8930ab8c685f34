/** The command line: arguments in, exit code out. */
import { Writable } from "node:stream";
import { Builtins, Cli, Command } from "clipanion";
import { type RpmociError, version } from "../index.js";
import { chooseReporter } from "../reporters/choose.js";
import { COMMANDS } from "./commands.js";
import { DEFECT, USAGE } from "./exit-codes.js";
import { progressModeIn } from "./progress-option.js";
import { unknownCommand, wrongLine } from "./unknown-command.js";

/** clipanion's own also takes `-v`, which asks for verbosity here. */
class VersionCommand extends Command {
  static override paths = [["--version"], ["-V"]];

  override async execute(): Promise<void> {
    this.context.stdout.write(`rpmoci ${version()}\n`);
  }
}

/** `-v` and `-q` may stand before the command, as in the original; clipanion takes options after it only. */
function withVerbosityLast(args: readonly string[]): string[] {
  const first = args.findIndex((arg) => !/^(-[vq]+|--verbose|--quiet|--progress=.*)$/.test(arg));
  return first <= 0 ? [...args] : [...args.slice(first), ...args.slice(0, first)];
}

/** `rpmoci help COMMAND` is `rpmoci COMMAND --help`. */
function withHelpAsOption(args: readonly string[]): string[] {
  if (args[0] !== "help") return [...args];
  return [...args.slice(1), "--help"];
}

/** What is wrong with a line that clipanion does not take. */
async function faultOf(line: readonly string[], cli: Cli, error: unknown): Promise<RpmociError> {
  const { commandModels } = await import("./command-models.js");
  const { wrongArguments } = await import("./wrong-arguments.js");
  const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return wrongArguments(line, commandModels(cli.definitions())) ?? wrongLine(reason, "rpmoci --help lists commands");
}

/** What tells of all commands; for others clipanion is spared what it makes of each command that is not asked for. */
const DESCRIBING = /^(?:completions|man|-h|--help)$/;

function asksForHelp(args: readonly string[]): boolean {
  return args.length === 0 || args.some((arg) => arg === "help" || arg === "--help" || arg === "-h");
}

/** clipanion calls an option's value `#0`; blanks that keep columns behind it give way. */
function valuesNamed(text: string): string {
  return text.replace(/ #\d+(?: {3})?/g, " VALUE");
}

/** For help: a list of commands has no room for the options of each. */
function shortened(output: Writable): Writable {
  return new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      output.write(valuesNamed(text.replace(/ \[-[^\]]*\]/g, "")), done);
    },
  });
}

export async function runCli(args: readonly string[]): Promise<number> {
  const enableColors = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const cli = new Cli({ binaryLabel: "rpmoci", binaryName: "rpmoci", binaryVersion: version(), enableColors });
  const line = withHelpAsOption(withVerbosityLast(args));
  const named = COMMANDS.filter(({ paths = [] }) => paths.some(([word]) => word === line[0]));
  const unknown = unknownCommand(
    line,
    COMMANDS.flatMap(({ paths = [] }) => paths),
  );
  const refuse = async (fault: RpmociError): Promise<number> => {
    (await chooseReporter(progressModeIn(args, process.env), process.stderr, "status", process.env)).error(fault);
    return USAGE;
  };
  if (unknown !== null) return refuse(unknown);
  const first = line[0] ?? "--help";
  const known = DESCRIBING.test(first) ? COMMANDS : named;
  for (const command of [...known, VersionCommand, Builtins.HelpCommand]) cli.register(command);
  let command: Command;
  try {
    command = cli.process(line);
  } catch (error) {
    return refuse(await faultOf(line, cli, error));
  }
  try {
    return await cli.run(command, asksForHelp(args) ? { stdout: shortened(process.stdout) } : {});
  } catch (error) {
    process.stderr.write(cli.error(error, { colored: enableColors }));
    return DEFECT;
  }
}
