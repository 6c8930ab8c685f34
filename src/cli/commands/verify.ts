import { Command, Option } from "clipanion";
import { verifyImage } from "../../index.js";
import { verificationText } from "../../reporters/verify-text.js";
import { CACHE_DIRECTORY, RpmociCommand, type Run } from "../command.js";
import { IMAGE_NOT_GOOD } from "../exit-codes.js";
import { ARCHITECTURE, IMAGE_ARGUMENT } from "../image-argument.js";
import { parseLabels } from "../labels.js";
import { needsUserNamespace, runInUserNamespace } from "../user-namespace.js";

const DEFAULT_MANIFEST = "rpmoci.toml";

export class VerifyCommand extends RpmociCommand {
  static override paths = [["verify"]];
  static override usage = Command.Usage({
    category: "Images",
    description: "Check that an image is what it should be",
    details: `
      Checks the layout with all digests and diffIDs, and the files of the image against what its rpm database says of
      them: type, mode, owner, size, digest, link target, capabilities. Configuration files may differ, and so may what a
      build changes on purpose; both are shown. With \`-f\`, packages must be those of the manifest's lockfile. With
      \`--rebuild\`, the image is built again, as of the time at which it was created, and must come out the same; labels
      that were given to the build must be given again.

      Exits with ${IMAGE_NOT_GOOD} when something is wrong.

      ${IMAGE_ARGUMENT}
    `,
    examples: [
      ["Check ./image", "rpmoci verify image:latest"],
      ["Prove that it comes from this lockfile", "rpmoci verify image:latest -f rpmoci.toml --rebuild"],
    ],
  });

  image = Option.String({ name: "IMAGE" });
  arch = Option.String("--arch", { description: ARCHITECTURE });
  manifestPath = Option.String("-f,--file", { description: "Package manifest whose lockfile must agree" });
  rebuild = Option.Boolean("--rebuild", false, { description: `Build it again (from ${DEFAULT_MANIFEST} without -f)` });
  labels = Option.Array("--label", [], { description: "KEY=VALUE, as it was given to the build" });
  vendorDirectory = Option.String("--vendor-dir", { description: "Take the packages from this folder" });
  cacheDirectory = Option.String("--cache-dir", { description: CACHE_DIRECTORY });
  offline = Option.Boolean("--offline", false, { description: "Open no connection" });
  json = Option.Boolean("--json", false, { description: "Write JSON" });

  protected async run({ emit, signal }: Run): Promise<number> {
    const { image, arch: architecture, rebuild, vendorDirectory, cacheDirectory, offline } = this;
    const labels = parseLabels(this.labels);
    const manifestPath = this.manifestPath ?? (rebuild ? DEFAULT_MANIFEST : undefined);
    if (rebuild && needsUserNamespace()) return runInUserNamespace(process.argv.slice(1), emit);
    const verification = await verifyImage({
      image,
      architecture,
      rebuild,
      labels,
      vendorDirectory,
      cacheDirectory,
      offline,
      emit,
      signal,
      ...(manifestPath === undefined ? {} : { manifestPath }),
    });
    if (this.json) this.printJson(verification);
    else this.print(verificationText(verification));
    return verification.good ? 0 : IMAGE_NOT_GOOD;
  }
}
