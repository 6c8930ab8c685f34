import { Command, Option } from "clipanion";
import { imageFiles } from "../../index.js";
import { filesText } from "../../reporters/files-text.js";
import { RpmociCommand, type Run } from "../command.js";
import { ARCHITECTURE, IMAGE_ARGUMENT } from "../image-argument.js";

export class FilesCommand extends RpmociCommand {
  static override paths = [["files"]];
  static override usage = Command.Usage({
    category: "Images",
    description: "List the files of an image",
    details: `
      Lists the files of an image with mode, owner, size, the number of the layer that has them, and the package that owns
      them. A glob with a slash is for the whole path, another one for the name; \`*\` stands for slashes, too.

      ${IMAGE_ARGUMENT}
    `,
    examples: [["All libraries", "rpmoci files image:latest '*.so.*'"]],
  });

  image = Option.String({ name: "IMAGE" });
  globs = Option.Rest({ name: "GLOB" });
  arch = Option.String("--arch", { description: ARCHITECTURE });
  digests = Option.Boolean("--digest", false, { description: "Show the SHA-256 digests of contents" });
  json = Option.Boolean("--json", false, { description: "Write JSON" });

  protected async run({ emit, signal }: Run): Promise<number> {
    const { image, arch: architecture, globs, digests } = this;
    const files = await imageFiles({ image, architecture, globs, digests, emit, signal });
    if (this.json) this.printJson(files);
    else this.print(filesText(files));
    return 0;
  }
}
