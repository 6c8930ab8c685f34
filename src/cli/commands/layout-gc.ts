import { Command, Option } from "clipanion";
import { collectGarbage } from "../../index.js";
import { garbageText } from "../../reporters/layout-text.js";
import { RpmociCommand } from "../command.js";

export class LayoutGcCommand extends RpmociCommand {
  static override paths = [["layout", "gc"]];
  static override usage = Command.Usage({
    category: "Layouts",
    description: "Remove what no image of a layout needs",
    details: `
      Removes the blobs of an OCI image layout that nothing in its index leads to, as images leave them whose tag went to
      another one, and artifacts without a tag, such as bills of materials, whose image is gone. Builds into the layout
      may go on meanwhile.
    `,
    examples: [["What would be removed from ./image", "rpmoci layout gc --dry-run image"]],
  });

  layout = Option.String({ name: "LAYOUT" });
  dryRun = Option.Boolean("--dry-run", false, { description: "Say what would be removed, and remove nothing" });
  json = Option.Boolean("--json", false, { description: "Write JSON" });

  protected async run(): Promise<number> {
    const { dryRun } = this;
    const garbage = await collectGarbage(this.layout, { dryRun });
    if (this.json) this.printJson(garbage);
    else this.print(garbageText(garbage, dryRun));
    return 0;
  }
}
