/** How long does it take from locked packages on this machine to an image? */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Candidate } from "./measure.js";
import type { Subject } from "./subject.js";

export const title = "Build";

export function candidates({ rpmoci, dnf, names, folder }: Subject): readonly Candidate[] {
  const root = join(folder, "root");
  const packages = names.map((name) => `'${name}'`).join(" ");
  const install = `${dnf} --installroot=${root} install ${packages}`;
  // The layer as a plain script makes it: both digests, one compressor.
  const layer = `tar --xattrs -C ${root} -cf ${folder}/layer.tar . && sha256sum ${folder}/layer.tar &&
    gzip -1 -n < ${folder}/layer.tar > ${folder}/layer.tar.gz && sha256sum ${folder}/layer.tar.gz`;
  const clean = (): void => rmSync(root, { recursive: true, force: true });
  return [
    {
      name: "rpmoci build --locked --no-cache",
      script: `${rpmoci} build --locked --no-cache --image ${folder}/image --tag bench`,
      prepare: () => rmSync(join(folder, "image"), { recursive: true, force: true }),
    },
    { name: "dnf --installroot, tar, gzip -1, sha256sum", script: `${install} && ${layer}`, prepare: clean },
    { name: "  of which dnf --installroot", script: install, prepare: clean },
    // The warm-up builds it.
    {
      name: "rpmoci build --locked, nothing changed",
      script: `${rpmoci} build --locked --image ${folder}/same --tag bench`,
    },
    { name: "node, doing nothing", script: `${process.execPath} -e 0` },
  ];
}
