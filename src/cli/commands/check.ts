import { Command, Option } from "clipanion";
import { check } from "../../index.js";
import { checkText } from "../../reporters/check-text.js";
import { ResolvingCommand, type Run } from "../command.js";
import { DIFFERENCE } from "../exit-codes.js";

export class CheckCommand extends ResolvingCommand {
  static override paths = [["check"]];
  static override usage = Command.Usage({
    description: "Show whether the lockfile is still good",
    details: `
      Tells whether the lockfile fits the manifest (the exit code is ${DIFFERENCE} when it does not), which locked packages
      have newer versions, and which advisories of the repositories (updateinfo) newer builds of them repair, with severity
      and CVEs. Nothing is written.
    `,
  });

  refresh = Option.Boolean("--refresh", false, {
    description: "Ask repositories for their metadata even when what is kept of it has not expired",
  });
  json = Option.Boolean("--json", false, { description: "Write JSON" });

  protected async run(run: Run): Promise<number> {
    const { refresh } = this;
    const result = await check({ ...this.commonOptions(run), refresh });
    if (this.json) this.printJson(result);
    else this.print(checkText(result));
    return result.fits ? 0 : DIFFERENCE;
  }
}
