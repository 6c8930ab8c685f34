import { Command, Option } from "clipanion";
import { vendor } from "../../index.js";
import { JSON_RESULT, RepositoryCommand, type Run, required } from "../command.js";

export class VendorCommand extends RepositoryCommand {
  static override paths = [["vendor"]];
  static override usage = Command.Usage({
    description: "Download the locked packages, for builds without a network",
    examples: [
      [
        "Vendor, then build",
        "rpmoci vendor --out-dir vendor && rpmoci build --image image --tag latest --vendor-dir vendor",
      ],
    ],
  });

  directory = Option.String("--out-dir", { description: "Folder for the RPM files (required)" });

  archs = Option.Array("--arch", [], {
    description: "Architecture whose packages are wanted; by default all that the lockfile has (repeatable)",
  });

  json = Option.Boolean("--json", false, { description: JSON_RESULT });

  protected async run(run: Run): Promise<number> {
    const directory = required("--out-dir", this.directory);
    const result = await vendor({ ...this.commonOptions(run), directory, archs: this.archs });
    if (this.json) this.printJson(result);
    return 0;
  }
}
