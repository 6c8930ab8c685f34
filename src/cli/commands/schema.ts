import { Command } from "clipanion";
import { manifestSchema } from "../../index.js";
import { RpmociCommand } from "../command.js";

export class SchemaCommand extends RpmociCommand {
  static override paths = [["schema"]];
  static override usage = Command.Usage({
    category: "Help",
    description: "Write the JSON schema of the manifest",
    details: `
      Writes the shape of rpmoci.toml to standard output, as JSON Schema, for editors and other programs.
      A manifest whose first line is \`#:schema ./rpmoci.schema.json\` is completed and checked by editors that know
      TOML's schemas.
    `,
    examples: [["Keep it beside the manifest", "rpmoci schema > rpmoci.schema.json"]],
  });

  protected async run(): Promise<number> {
    this.printJson(await manifestSchema());
    return 0;
  }
}
