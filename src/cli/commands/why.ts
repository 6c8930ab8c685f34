import { Command, Option } from "clipanion";
import { why } from "../../index.js";
import { reasonsText } from "../../reporters/reasons.js";
import { charsetFrom } from "../charset-option.js";
import { ResolvingCommand, type Run } from "../command.js";

export class WhyCommand extends ResolvingCommand {
  static override paths = [["why"]];
  static override usage = Command.Usage({
    description: "Show why a package is in the image",
    details: `
      Shows the shortest ways from the manifest to a locked package, each step with what the package before requires.
      The package may be given as anything that the manifest takes: a name, a NEVRA, a glob, a capability, a path.
    `,
    examples: [["Who needs the C library of 32 bits?", "rpmoci why glibc.i686"]],
  });

  package = Option.String({ name: "PACKAGE" });
  all = Option.Boolean("--all", false, {
    description: "Show the ways from everything in the manifest that leads there",
  });
  arch = Option.String("--arch", {
    description: "One of the lockfile's architectures; by default this machine's, else the first",
  });
  json = Option.Boolean("--json", false, { description: "Write JSON" });
  charset = Option.String("--charset", { description: "utf8 or ascii; what the locale has by default" });

  protected async run(run: Run): Promise<number> {
    const charset = charsetFrom(this.charset);
    const reasons = await why({ ...this.commonOptions(run), package: this.package, all: this.all, arch: this.arch });
    if (this.json) this.printJson(reasons);
    else this.print(reasonsText(reasons, charset));
    return 0;
  }
}
