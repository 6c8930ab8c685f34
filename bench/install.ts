/** How long does it take to install packages into an empty root? */
import { join } from "node:path";
import type { Candidate } from "./measure.js";
import type { Subject } from "./subject.js";

export const title = "Verify and install";

/** Of all packages of `distribution`, a folder that scripts/distribution made. */
export function candidates({ folder, dnf, names }: Subject, distribution: string): readonly Candidate[] {
  // A folder of its own each time: ext4 searches long for inodes when thousands were freed in the last seconds.
  const within = (command: string): string => `cd ${folder} && here=$(mktemp -d -p ${folder}) && ${command}`;
  const stage = join(import.meta.dirname, "install-stage.js");
  const own = (engine: string): Candidate => ({
    name: `rpmoci, --engine ${engine}`,
    script: within(`${process.execPath} ${stage} ${engine} ${join(distribution, "repo")} $here/root $here`),
  });
  const packages = names.map((name) => `'${name}'`).join(" ");
  return [
    own("rpm"),
    own("dnf"),
    { name: "dnf --installroot", script: within(`${dnf} --installroot=$here/root install ${packages}`) },
  ];
}
