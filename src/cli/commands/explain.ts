import { Command, Option } from "clipanion";
import { explainError } from "../../index.js";
import { RpmociCommand } from "../command.js";

export class ExplainCommand extends RpmociCommand {
  static override paths = [["explain"]];
  static override usage = Command.Usage({
    category: "Help",
    description: "Say what the code of an error means, and what to do",
    examples: [["A package that is in no repository any more", "rpmoci explain PACKAGE_WITHDRAWN"]],
  });

  code = Option.String({ name: "CODE" });

  protected async run(): Promise<number> {
    this.print(await explainError(this.code));
    return 0;
  }
}
