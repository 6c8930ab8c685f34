/** The command line: arguments in, exit code out. */
import { Builtins, Cli, Command } from "clipanion";
import { version } from "../index.js";
import { BuildCommand } from "./commands/build.js";
import { CacheLsCommand, CachePruneCommand, CacheVerifyCommand } from "./commands/cache.js";
import { CheckCommand } from "./commands/check.js";
import { DiffCommand } from "./commands/diff.js";
import { FilesCommand } from "./commands/files.js";
import { LayersCommand } from "./commands/layers.js";
import { LayoutGcCommand } from "./commands/layout-gc.js";
import { LayoutValidateCommand } from "./commands/layout-validate.js";
import { PushCommand } from "./commands/push.js";
import { SbomCommand } from "./commands/sbom.js";
import { SizeCommand } from "./commands/size.js";
import { TreeCommand } from "./commands/tree.js";
import { UpdateCommand } from "./commands/update.js";
import { VendorCommand } from "./commands/vendor.js";
import { VerifyCommand } from "./commands/verify.js";
import { WhyCommand } from "./commands/why.js";
import { DEFECT, USAGE } from "./exit-codes.js";

/** clipanion's own also takes `-v`, which asks for verbosity here. */
class VersionCommand extends Command {
  static override paths = [["--version"], ["-V"]];

  override async execute(): Promise<void> {
    this.context.stdout.write(`rpmoci ${version()}\n`);
  }
}

/** `-v` and `-q` may stand before the command, as in the original; clipanion takes options after it only. */
function withVerbosityLast(args: readonly string[]): string[] {
  const first = args.findIndex((arg) => !/^(-[vq]+|--verbose|--quiet)$/.test(arg));
  return first <= 0 ? [...args] : [...args.slice(first), ...args.slice(0, first)];
}

/** `rpmoci help COMMAND` is `rpmoci COMMAND --help`. */
function withHelpAsOption(args: readonly string[]): string[] {
  if (args[0] !== "help") return [...args];
  return args[1] === undefined ? ["--help"] : [args[1], "--help"];
}

export async function runCli(args: readonly string[]): Promise<number> {
  const enableColors = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const cli = new Cli({ binaryLabel: "rpmoci", binaryName: "rpmoci", binaryVersion: version(), enableColors });
  const commands = [
    BuildCommand,
    UpdateCommand,
    CheckCommand,
    VendorCommand,
    WhyCommand,
    TreeCommand,
    LayersCommand,
    PushCommand,
    SbomCommand,
    FilesCommand,
    SizeCommand,
    DiffCommand,
    VerifyCommand,
    LayoutGcCommand,
    LayoutValidateCommand,
    CacheLsCommand,
    CacheVerifyCommand,
    CachePruneCommand,
  ];
  for (const command of [...commands, VersionCommand, Builtins.HelpCommand]) cli.register(command);
  let command: Command;
  try {
    command = cli.process(withHelpAsOption(withVerbosityLast(args)));
  } catch (error) {
    process.stderr.write(cli.error(error, { colored: enableColors }));
    return USAGE;
  }
  try {
    return await cli.run(command);
  } catch (error) {
    process.stderr.write(cli.error(error, { colored: enableColors }));
    return DEFECT;
  }
}
