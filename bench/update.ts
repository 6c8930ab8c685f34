/** How long does it take to lock all packages of the distribution, metadata already downloaded? */
import type { Candidate } from "./measure.js";
import type { Subject } from "./subject.js";

export const title = "Resolve";

export function candidates({ rpmoci, dnf, names, folder }: Subject): readonly Candidate[] {
  // `--assumeno` ends with 1 after the resolution.
  const resolve = `${dnf} --assumeno --installroot=${folder}/never install ${names.map((name) => `'${name}'`).join(" ")}`;
  return [
    { name: "rpmoci update", script: `${rpmoci} update` },
    { name: "dnf install --assumeno", script: `(${resolve.replace("-q -y", "-q")} || [ $? = 1 ])` },
  ];
}
