/** How long does it take to lock an image of 100 packages from a large repository, metadata already downloaded? */
import { join } from "node:path";
import { type LargeSubject, project } from "./large-subject.js";
import type { Candidate } from "./measure.js";

export function candidates({ repository, chosen, folder }: LargeSubject): readonly Candidate[] {
  const environment = `cd ${folder} && export LC_ALL=C.UTF-8 XDG_CACHE_HOME=${folder}/cache`;
  // Some machines let every start of Node read their certificates or load modules; python does not do that.
  const node = `unset NODE_EXTRA_CA_CERTS NODE_OPTIONS; ${process.execPath}`;
  const names = chosen.map((name) => `'${name}'`).join(" ");
  const dnfOptions = [
    "-q --releasever=0 --nogpgcheck --setopt=reposdir=/nonexistent --setopt=install_weak_deps=0",
    `--setopt=cachedir=${folder}/dnf-cache --setopt=logdir=${folder} --installroot=${folder}/never`,
    `--repofrompath=large,file://${repository} --assumeno install`,
  ];
  return [
    { name: "rpmoci update", script: `${environment}; ${node} ${project}/dist/main.js update` },
    {
      name: "python: dnf.Base, fill_sack, goal",
      script: `/usr/bin/python3 ${join(project, "bench/dnf-goal.py")} ${folder}/goal-cache ${repository} ${names}`,
    },
    { name: "node, doing nothing", script: `${node} -e 0` },
    // `--assumeno` ends with 1 after the resolution.
    { name: "dnf install --assumeno", script: `(dnf ${dnfOptions.join(" ")} ${names} || [ $? = 1 ])` },
  ];
}
