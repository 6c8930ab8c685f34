/** The command line: arguments in, exit code out. */
import { Builtins, Cli, UsageError } from "clipanion";
import { version } from "../index.js";
import { BuildCommand } from "./commands/build.js";
import { UpdateCommand } from "./commands/update.js";
import { VendorCommand } from "./commands/vendor.js";

const USAGE_EXIT_CODE = 2;

/** `-v` and `-q` may stand before the command, as in the original; clipanion takes options after it only. */
function withVerbosityLast(args: readonly string[]): readonly string[] {
  const first = args.findIndex((arg) => !/^(-[vq]+|--verbose|--quiet)$/.test(arg));
  return first <= 0 ? args : [...args.slice(first), ...args.slice(0, first)];
}

export async function runCli(args: readonly string[]): Promise<number> {
  const cli = new Cli({ binaryLabel: "rpmoci", binaryName: "rpmoci", binaryVersion: version() });
  for (const command of [BuildCommand, UpdateCommand, VendorCommand]) cli.register(command);
  cli.register(Builtins.HelpCommand);
  cli.register(Builtins.VersionCommand);
  const arranged = [...withVerbosityLast(args)];
  try {
    const command = cli.process(arranged);
    return await cli.run(command);
  } catch (error) {
    process.stderr.write(cli.error(error));
    return error instanceof UsageError || isClipanionUsage(error) ? USAGE_EXIT_CODE : 1;
  }
}

function isClipanionUsage(error: unknown): boolean {
  return error instanceof Error && (error as { clipanion?: { type: string } }).clipanion?.type === "usage";
}
