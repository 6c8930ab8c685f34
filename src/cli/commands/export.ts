import { Command, Option } from "clipanion";
import { exportLockfile, interchangeFormats, RpmociError } from "../../index.js";
import { RepositoryCommand, type Run } from "../command.js";

type Format = (typeof interchangeFormats)[number];

export class ExportCommand extends RepositoryCommand {
  static override paths = [["export"]];
  static override usage = Command.Usage({
    category: "Interchange",
    description: "Write the locked packages as other tools have them",
    details: `
      Writes YAML to standard output: an \`rpms.lock.yaml\` for Konflux's prefetching, or a package manifest of dnf's.
    `,
    examples: [["For a build without a network in Konflux", "rpmoci export --format konflux > rpms.lock.yaml"]],
  });

  format = Option.String("--format", "konflux", {
    description: `${interchangeFormats.join(" or ")}; konflux by default`,
  });

  protected async run(run: Run): Promise<number> {
    const { format } = this;
    if (!isFormat(format)) {
      throw new RpmociError(`--format: '${format}' is none of ${interchangeFormats.join(", ")}`, {
        kind: "usage",
        code: "FORMAT_INVALID",
      });
    }
    this.print(await exportLockfile({ ...this.commonOptions(run), format }));
    return 0;
  }
}

function isFormat(text: string): text is Format {
  return (interchangeFormats as readonly string[]).includes(text);
}
