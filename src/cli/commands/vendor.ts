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

  json = Option.Boolean("--json", false, { description: JSON_RESULT });

  protected async run(run: Run): Promise<number> {
    const result = await vendor({ ...this.commonOptions(run), directory: required("--out-dir", this.directory) });
    if (this.json) this.printJson(result);
    return 0;
  }
}
