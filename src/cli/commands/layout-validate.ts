import { Command, Option } from "clipanion";
import { validateLayout } from "../../index.js";
import { problemsText } from "../../reporters/layout-text.js";
import { RpmociCommand } from "../command.js";
import { LAYOUT_PROBLEMS } from "../exit-codes.js";

export class LayoutValidateCommand extends RpmociCommand {
  static override paths = [["layout", "validate"]];
  static override usage = Command.Usage({
    category: "Layouts",
    description: "Check a layout against the OCI image specification",
    details: `
      Reads all of an OCI image layout: every blob must be there and be what its digest says, and every document must
      have the shape that the specification gives it. Exits with 16 when something is wrong.
    `,
    examples: [["Check ./image", "rpmoci layout validate image"]],
  });

  layout = Option.String({ name: "LAYOUT" });
  json = Option.Boolean("--json", false, { description: "Write JSON" });

  protected async run(): Promise<number> {
    const problems = await validateLayout(this.layout);
    if (this.json) this.printJson(problems);
    else this.print(problemsText(problems));
    return problems.length === 0 ? 0 : LAYOUT_PROBLEMS;
  }
}
