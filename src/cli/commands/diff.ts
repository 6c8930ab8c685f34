import { Command, Option } from "clipanion";
import { diff } from "../../index.js";
import { differenceText } from "../../reporters/diff-text.js";
import { CACHE_DIRECTORY, RpmociCommand, type Run } from "../command.js";
import { ARCHITECTURE, IMAGE_ARGUMENT } from "../image-argument.js";

/** As of diff(1). */
const DIFFERENT = 1;
const TROUBLE = 2;

export class DiffCommand extends RpmociCommand {
  static override paths = [["diff"]];
  static override usage = Command.Usage({
    category: "Images",
    description: "Show what differs between two images or lockfiles",
    details: `
      Shows the packages that were added, removed, upgraded, downgraded or rebuilt, with what the changelog says that the
      older version does not have; of images also files, by type, mode, owner, size, contents, link target, capability and
      time, the configuration, sizes, and how many layers they share. Each side is an image or the path of a lockfile; what
      only RPM files tell of a lockfile's packages is read from the cache.

      As of diff(1), the exit code is 0 for no difference, ${DIFFERENT} for some, and ${TROUBLE} for trouble. Images are the
      same when their digests are.

      ${IMAGE_ARGUMENT}
    `,
    examples: [
      ["Two images of a layout", "rpmoci diff image:old image:new"],
      ["What an update changed", "rpmoci diff old.lock rpmoci.lock"],
    ],
  });

  from = Option.String({ name: "OLD" });
  to = Option.String({ name: "NEW" });
  arch = Option.String("--arch", { description: ARCHITECTURE });
  cacheDirectory = Option.String("--cache-dir", { description: CACHE_DIRECTORY });
  times = Option.Boolean("--times", false, { description: "List files that differ in their times only, too" });
  json = Option.Boolean("--json", false, { description: "Write JSON" });

  protected async run({ emit, signal }: Run): Promise<number> {
    const { from, to, arch: architecture, cacheDirectory } = this;
    const difference = await diff({ from, to, architecture, cacheDirectory, emit, signal });
    if (this.json) this.printJson(difference);
    else this.print(differenceText(difference, { times: this.times }));
    return difference.same ? 0 : DIFFERENT;
  }

  protected override exitCodeOf(): number {
    return TROUBLE;
  }
}
