import { Command, Option } from "clipanion";
import { distributionNames, init } from "../../index.js";
import { JSON_RESULT, ManifestCommand } from "../command.js";

export class InitCommand extends ManifestCommand {
  static override paths = [["init"]];
  static override usage = Command.Usage({
    description: "Write a manifest to begin with",
    details: `
      Writes a manifest with the repositories and keys of a distribution: that of this system, or the one that
      \`--distro\` names. A file that is there stays, unless \`--force\` replaces it.
    `,
    examples: [
      ["Begin with this system's distribution", "rpmoci init"],
      ["An image of CentOS Stream 9 with nginx", "rpmoci init --distro centos:9 nginx"],
    ],
  });

  packages = Option.Rest({ name: "PKG" });
  distribution = Option.String("--distro", {
    description: `NAME or NAME:RELEASE, of ${distributionNames.join(", ")}`,
  });
  force = Option.Boolean("--force", false, { description: "Replace a file that is there" });
  json = Option.Boolean("--json", false, { description: JSON_RESULT });

  protected async run(): Promise<number> {
    const { manifestPath, distribution, packages, force } = this;
    const result = await init({ manifestPath, distribution, packages, force });
    if (this.json) this.printJson(result);
    else this.print(`wrote ${result.manifestPath} for ${result.distribution}\n`);
    return 0;
  }
}
