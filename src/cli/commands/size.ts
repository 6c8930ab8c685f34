import { Command, Option } from "clipanion";
import { imageSize, imageWithout, RpmociError, type SizeGrouping, type SizeReport, writeOutput } from "../../index.js";
import { removalText, sizeText } from "../../reporters/size-text.js";
import { RpmociCommand, type Run } from "../command.js";
import { ARCHITECTURE, IMAGE_ARGUMENT } from "../image-argument.js";

const GROUPINGS: readonly SizeGrouping[] = ["package", "source", "directory", "layer"];

export class SizeCommand extends RpmociCommand {
  static override paths = [["size"]];
  static override usage = Command.Usage({
    category: "Images",
    description: "Show what takes the space of an image",
    details: `
      Shows how much of an image's files each package has, the largest first, and what its removal would save: its own
      files, and those of packages that nothing else requires. With \`--without\`, what exactly would go. With \`-f\`, what
      the manifest asks for does not go with other packages.

      ${IMAGE_ARGUMENT}
    `,
    examples: [
      ["By package", "rpmoci size image:latest"],
      ["By directories of /usr", "rpmoci size image:latest --by directory --depth 3"],
      ["As a page", "rpmoci size image:latest --html size.html"],
      ["What goes with perl", "rpmoci size image:latest --without 'perl*'"],
    ],
  });

  image = Option.String({ name: "IMAGE" });
  arch = Option.String("--arch", { description: ARCHITECTURE });
  by = Option.String("--by", "package", { description: "package, source (package), directory, or layer" });
  depth = Option.String("--depth", "2", { description: "Directories of a path that count with --by directory" });
  without = Option.Array("--without", [], {
    description: "Packages to do without: names, NEVRAs or globs; repeatable",
  });
  manifestPath = Option.String("-f,--file", { description: "Package manifest that the image was built from" });
  html = Option.String("--html", { description: "Write a page with a treemap into this file" });
  json = Option.Boolean("--json", false, { description: "Write JSON" });

  protected async run({ emit, signal }: Run): Promise<number> {
    const { image, arch: architecture, without, manifestPath } = this;
    const by = GROUPINGS.find((grouping) => grouping === this.by);
    if (by === undefined) {
      throw new RpmociError(`--by: '${this.by}' is none of ${GROUPINGS.join(", ")}`, {
        kind: "usage",
        code: "GROUPING_INVALID",
      });
    }
    const depth = parseDepth(this.depth);
    if (this.html !== undefined && without.length > 0) {
      throw new RpmociError("--html has nothing to show of --without", { kind: "usage", code: "OPTIONS_CONFLICT" });
    }
    if (without.length > 0) {
      const removal = await imageWithout({ image, architecture, without, manifestPath, emit, signal });
      this.#write(removal, removalText(removal));
    } else {
      const report = await imageSize({ image, architecture, by, depth, manifestPath, emit, signal });
      if (this.html !== undefined) await writePage(this.html, report, image);
      this.#write(report, sizeText(report));
    }
    return 0;
  }

  #write(data: unknown, text: string): void {
    if (this.json) this.printJson(data);
    else this.print(text);
  }
}

async function writePage(path: string, report: SizeReport, image: string): Promise<void> {
  const { sizeHtml } = await import("../../reporters/size-html.js");
  const file = { path, what: "the page", code: "PAGE_UNWRITABLE", allowsDevices: true };
  await writeOutput(file, sizeHtml(report, image));
}

function parseDepth(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new RpmociError(`--depth: '${text}' is not a number`, { kind: "usage", code: "DEPTH_INVALID" });
}
