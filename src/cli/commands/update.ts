import { Command, Option } from "clipanion";
import { type CommonOptions, type Emit, update } from "../../index.js";
import { RpmociCommand } from "../command.js";

export class UpdateCommand extends RpmociCommand {
  static override paths = [["update"]];
  static override usage = Command.Usage({
    description: "Resolve the manifest's packages and write the lockfile",
    examples: [["Lock what the repositories offer now", "rpmoci update"]],
  });

  fromLockfile = Option.Boolean("--from-lockfile", false, {
    description: "Use the locked requirements of local RPMs, which need not be there",
  });

  refresh = Option.Boolean("--refresh", false, {
    description: "Ask repositories for their metadata even when what is kept of it has not expired",
  });

  protected async run(options: CommonOptions & { readonly emit: Emit }): Promise<number> {
    await update({ ...options, fromLockfile: this.fromLockfile, refresh: this.refresh });
    return 0;
  }
}
