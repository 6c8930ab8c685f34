/** What is measured: the distribution with real contents, a manifest of all its packages, and folders for both ways. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export interface Subject {
  readonly packages: number;
  /** `node …/main.js`, with a cache of its own and a fixed SOURCE_DATE_EPOCH. */
  readonly rpmoci: string;
  /** `dnf …`, with the same repository and a cache of its own, before its subcommand. */
  readonly dnf: string;
  readonly names: readonly string[];
  readonly folder: string;
  dispose(): void;
}

const project = resolve(import.meta.dirname, "../../..");

/** `distribution` is a folder that scripts/distribution made. */
export function prepareSubject(distribution: string): Subject {
  const folder = mkdtempSync(join(tmpdir(), "rpmoci-bench-"));
  const description = JSON.parse(readFileSync(join(distribution, "distribution.json"), "utf8"));
  const names: string[] = description.packages.map(({ name }: { name: string }) => name);
  const manifest = `[contents]
repositories = [{ id = "bench", url = "file://${distribution}/repo" }]
gpgkeys = ["file://${distribution}/keys/RPM-GPG-KEY-demo.asc"]
packages = ${JSON.stringify(names)}
`;
  writeFileSync(join(folder, "rpmoci.toml"), manifest);
  mkdirSync(join(folder, "home"));
  writeFileSync(join(folder, "home", ".rpmmacros"), "%_dbpath /var/lib/rpm\n");
  const environment = `cd ${folder} && export SOURCE_DATE_EPOCH=1700000000 LC_ALL=C.UTF-8`;
  const dnfOptions = [
    "-q -y --releasever=0",
    `--setopt=cachedir=${folder}/dnf-cache --setopt=reposdir=/nonexistent --setopt=install_weak_deps=0`,
    "--setopt=tsflags=nodocs --setopt=keepcache=1",
    `--repofrompath=bench,file://${distribution}/repo`,
    `--setopt=bench.gpgkey=file://${distribution}/keys/RPM-GPG-KEY-demo.asc --setopt=bench.gpgcheck=1`,
  ];
  return {
    packages: names.length,
    names,
    folder,
    rpmoci: `${environment} XDG_CACHE_HOME=${folder}/cache && ${process.execPath} ${project}/dist/main.js`,
    dnf: `${environment} HOME=${folder}/home && dnf ${dnfOptions.join(" ")}`,
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
