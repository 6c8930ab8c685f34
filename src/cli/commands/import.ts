import { Command, Option } from "clipanion";
import { importLockfile } from "../../index.js";
import { JSON_RESULT, ResolvingCommand, type Run } from "../command.js";

export class ImportCommand extends ResolvingCommand {
  static override paths = [["import"]];
  static override usage = Command.Usage({
    category: "Interchange",
    description: "Lock the packages that another tool's lockfile has",
    details: `
      Reads an \`rpms.lock.yaml\` of Konflux's or a package manifest of dnf's, and writes the lockfile with its versions, as
      far as the manifest needs them and the repositories offer them. What differs is printed as \`update\` prints changes.
    `,
    examples: [["Go on with what rpm-lockfile-prototype locked", "rpmoci import rpms.lock.yaml"]],
  });

  lockfile = Option.String({ name: "LOCKFILE" });
  json = Option.Boolean("--json", false, { description: JSON_RESULT });

  protected async run(run: Run): Promise<number> {
    const { lockfilePath, changes } = await importLockfile({ ...this.commonOptions(run), file: this.lockfile });
    if (this.json) this.printJson({ lockfilePath, changes });
    return 0;
  }
}
