import { Command, Option } from "clipanion";
import { RpmociError, tree } from "../../index.js";
import { treeText } from "../../reporters/tree-text.js";
import { charsetFrom } from "../charset-option.js";
import { ResolvingCommand, type Run } from "../command.js";

export class TreeCommand extends ResolvingCommand {
  static override paths = [["tree"]];
  static override usage = Command.Usage({
    description: "Show the locked packages as a tree of requirements",
    details: `
      Shows what the manifest asks for, and below each package those that it requires. What was shown before is marked
      with (*) and not repeated. With a package, only what lies below it; with \`--inverse\` what requires it instead.
    `,
    examples: [
      ["All packages", "rpmoci tree"],
      ["Everything that requires openssl-libs", "rpmoci tree --inverse openssl-libs"],
    ],
  });

  package = Option.String({ name: "PACKAGE", required: false });
  inverse = Option.Boolean("-i,--inverse", false, { description: "Show what requires the package" });
  depth = Option.String("--depth", { description: "How many levels to show below the roots" });
  arch = Option.String("--arch", {
    description: "One of the lockfile's architectures; by default this machine's, else the first",
  });
  json = Option.Boolean("--json", false, { description: "Write JSON" });
  charset = Option.String("--charset", { description: "utf8 or ascii; what the locale has by default" });

  protected async run(run: Run): Promise<number> {
    const charset = charsetFrom(this.charset);
    const depth = parseDepth(this.depth);
    const { package: query, inverse, arch } = this;
    const result = await tree({ ...this.commonOptions(run), package: query, inverse, depth, arch });
    if (this.json) this.printJson(result);
    else this.print(treeText(result, charset));
    return 0;
  }
}

function parseDepth(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new RpmociError(`--depth: '${text}' is not a number`, { kind: "usage", code: "DEPTH_INVALID" });
}
