import { Command, Option } from "clipanion";
import { type CommonOptions, type Emit, vendor } from "../../index.js";
import { RpmociCommand, required } from "../command.js";

export class VendorCommand extends RpmociCommand {
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

  protected async run(options: CommonOptions & { readonly emit: Emit }): Promise<number> {
    await vendor({ ...options, directory: required("--out-dir", this.directory) });
    return 0;
  }
}
