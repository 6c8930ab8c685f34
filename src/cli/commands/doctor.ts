import { Command, Option } from "clipanion";
import { diagnose } from "../../index.js";
import { findingsText } from "../../reporters/findings-text.js";
import { hasColours } from "../../reporters/plain.js";
import { CACHE_DIRECTORY, RpmociCommand } from "../command.js";
import { UNFIT } from "../exit-codes.js";

export class DoctorCommand extends RpmociCommand {
  static override paths = [["doctor"]];
  static override usage = Command.Usage({
    category: "Help",
    description: "Say whether images can be built on this system, and what to do if not",
    details: `
      Looks for what a build needs: libraries, dnf, user namespaces and subordinate ids, the sandbox for scriptlets, room
      in the cache and the working directory, proxies, certificates. Nothing is changed. Exits with ${UNFIT} when
      something is missing that every build needs; warnings are of what some builds need.
    `,
  });

  cacheDirectory = Option.String("--cache-dir", { description: CACHE_DIRECTORY });
  json = Option.Boolean("--json", false, { description: "Write JSON" });

  protected async run(): Promise<number> {
    const findings = await diagnose({ cacheDirectory: this.cacheDirectory });
    if (this.json) this.printJson(findings);
    else this.print(findingsText(findings, hasColours(process.stdout, process.env)));
    return findings.some(({ status }) => status === "failure") ? UNFIT : 0;
  }
}
