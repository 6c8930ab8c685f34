import { Command, Option } from "clipanion";
import { layerPlan, RpmociError } from "../../index.js";
import { layersText } from "../../reporters/layers-text.js";
import { ManifestCommand } from "../command.js";

export class LayersCommand extends ManifestCommand {
  static override paths = [["layers"]];
  static override usage = Command.Usage({
    description: "Show how the image is cut into layers",
    details: `
      Shows the layers that a build would make of the locked packages, the lowest first, with the sizes of their
      packages; \`--plan\` is what the command does in any case. With \`--image\`, also which of them an image there
      already has. \`[layers]\` in the manifest decides.
    `,
    examples: [["What would be reused of the image in ./image", "rpmoci layers --plan --image image --tag latest"]],
  });

  plan = Option.Boolean("--plan", false, { description: "Show the plan; the same as without it" });
  image = Option.String("--image", { description: "OCI image layout with earlier images" });
  tag = Option.String("--tag", { description: "Compare with the image of this tag only" });
  arch = Option.String("--arch", {
    description: "One of the lockfile's architectures; by default this machine's, else the first",
  });
  json = Option.Boolean("--json", false, { description: "Write JSON" });

  protected async run(): Promise<number> {
    if (this.tag !== undefined && this.image === undefined) {
      throw new RpmociError("--tag needs --image", { kind: "usage", code: "OPTION_MISSING" });
    }
    const { manifestPath, image: layout, tag, arch } = this;
    const layers = await layerPlan({ manifestPath, layout, tag, arch });
    if (this.json) this.printJson(layers);
    else this.print(layersText(layers));
    return 0;
  }
}
