/** How long does it take to install packages into an empty root? */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Candidate } from "./measure.js";
import type { Subject } from "./subject.js";

export const title = "Verify and install";

/** Of all packages of `distribution`, a folder that scripts/distribution made. */
export function candidates({ folder, dnf, names }: Subject, distribution: string): readonly Candidate[] {
  const root = join(folder, "root");
  const scratch = join(folder, "scratch");
  const prepare = (): void => {
    for (const path of [root, scratch]) rmSync(path, { recursive: true, force: true });
    mkdirSync(scratch);
  };
  const stage = join(import.meta.dirname, "install-stage.js");
  const own = (engine: string): Candidate => ({
    name: `rpmoci, --engine ${engine}`,
    script: `${process.execPath} ${stage} ${engine} ${join(distribution, "repo")} ${root} ${scratch}`,
    prepare,
  });
  const packages = names.map((name) => `'${name}'`).join(" ");
  return [
    own("rpm"),
    own("dnf"),
    { name: "dnf --installroot", script: `${dnf} --installroot=${root} install ${packages}`, prepare },
  ];
}
