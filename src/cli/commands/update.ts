import { Command, Option } from "clipanion";
import { update } from "../../index.js";
import { JSON_RESULT, ResolvingCommand, type Run } from "../command.js";
import { DIFFERENCE } from "../exit-codes.js";

export class UpdateCommand extends ResolvingCommand {
  static override paths = [["update"]];
  static override usage = Command.Usage({
    description: "Resolve the manifest's packages and write the lockfile",
    examples: [
      ["Lock what the repositories offer now", "rpmoci update"],
      ["Update openssl, and what must move with it", "rpmoci update openssl"],
      ["Lock for two architectures", "rpmoci update --arch x86_64 --arch aarch64"],
      ["See whether there is anything to update", "rpmoci update --dry-run"],
    ],
  });

  packages = Option.Rest({ name: "PKG" });

  fromLockfile = Option.Boolean("--from-lockfile", false, {
    description: "Use the locked requirements of local RPMs, which need not be there",
  });
  dryRun = Option.Boolean("--dry-run", false, {
    description: `Print what would change and write nothing; the exit code is ${DIFFERENCE} when something would`,
  });
  archs = Option.Array("--arch", [], {
    description: "Architecture to lock, such as aarch64, over those of the manifest (repeatable)",
  });
  refresh = Option.Boolean("--refresh", false, {
    description: "Ask repositories for their metadata even when what is kept of it has not expired",
  });

  json = Option.Boolean("--json", false, { description: JSON_RESULT });

  protected async run(run: Run): Promise<number> {
    const { packages, fromLockfile, dryRun, refresh, archs } = this;
    const result = await update({ ...this.commonOptions(run), packages, fromLockfile, dryRun, refresh, archs });
    const { lockfilePath, changes, keyChanges, changed, written } = result;
    if (this.json) this.printJson({ lockfilePath, changes, keyChanges, changed, written });
    return dryRun && changed ? DIFFERENCE : 0;
  }
}
