import { Command, Option } from "clipanion";
import { type SbomFormat, sbom, writeOutput } from "../../index.js";
import { RpmociCommand, type Run, required } from "../command.js";
import { ARCHITECTURE, IMAGE_ARGUMENT } from "../image-argument.js";
import { parseSbomFormats } from "../sbom-formats.js";

export class SbomCommand extends RpmociCommand {
  static override paths = [["sbom"]];
  static override usage = Command.Usage({
    description: "Write a bill of materials of an image",
    details: `
      Reads the rpm database out of the layers of an image, be it of this tool or of another one, and writes what is
      installed there as SPDX 2.3 or CycloneDX 1.6. With \`--lockfile\` it also says where packages are from: their files'
      checksums, repositories and signers.

      ${IMAGE_ARGUMENT}
    `,
    examples: [["SPDX, to standard output", "rpmoci sbom --image image:latest --format spdx"]],
  });

  image = Option.String("--image", { description: "The image (required)" });
  arch = Option.String("--arch", { description: ARCHITECTURE });
  format = Option.String("--format", { description: "spdx or cyclonedx (required)" });
  output = Option.String("-o,--output", { description: "Write to this file; by default to standard output" });
  files = Option.Boolean("--sbom-files", false, { description: "List the packages' files, too" });
  lockfile = Option.String("--lockfile", { description: "The lockfile that the image was built from" });

  protected async run({ signal }: Run): Promise<number> {
    const image = required("--image", this.image);
    const [format] = parseSbomFormats("--format", required("--format", this.format), 1) as readonly [SbomFormat];
    const { arch: architecture, files, lockfile: lockfilePath } = this;
    const document = await sbom({ image, architecture, format, files, lockfilePath, signal });
    const { output: path } = this;
    const file = { what: "the document", code: "DOCUMENTS_UNWRITABLE", allowsDevices: true };
    if (path === undefined) this.print(document.toString());
    else await writeOutput({ ...file, path }, document);
    return 0;
  }
}
