import { Command, Option } from "clipanion";
import { push } from "../../index.js";
import { CACHE_DIRECTORY, PLAIN_HTTP, RpmociCommand, type Run } from "../command.js";
import { IMAGE_ARGUMENT } from "../image-argument.js";
import { DESTINATIONS, IMAGE_REFERENCES, writePushed } from "../pushed.js";

export class PushCommand extends RpmociCommand {
  static override paths = [["push"]];
  static override usage = Command.Usage({
    category: "Layouts",
    description: "Copy an image to registries, archives, engines or other layouts",
    details: `
      The image goes there with all of its platforms and whatever is attached to it. Prints its digest. Run again after it
      was interrupted, it uploads only what is missing. ${DESTINATIONS}

      ${IMAGE_ARGUMENT}
    `,
    examples: [
      ["Push ./image to a registry", "rpmoci push image:latest registry:registry.example.com/team/app"],
      ["Write an archive", "rpmoci push image:latest oci-archive:app.tar"],
    ],
  });

  image = Option.String({ name: "IMAGE" });
  destinations = Option.Rest({ name: "DESTINATION", required: 1 });
  tags = Option.Array("--tag", [], {
    description: "For destinations without a tag of their own, instead of those that the image has; repeatable",
  });

  plainHttp = Option.Boolean("--plain-http", false, { description: PLAIN_HTTP });
  imageReferences = Option.String("--image-refs", { description: IMAGE_REFERENCES });
  digestFile = Option.String("--digest-file", { description: "Write the image's digest to this file" });
  cacheDirectory = Option.String("--cache-dir", { description: CACHE_DIRECTORY });

  protected async run(run: Run): Promise<number> {
    const { image, destinations, tags, plainHttp, cacheDirectory } = this;
    const pushed = await push({ ...run, image, destinations, tags, plainHttp, cacheDirectory });
    await writePushed(pushed, this);
    this.print(`${pushed.digest}\n`);
    return 0;
  }
}
