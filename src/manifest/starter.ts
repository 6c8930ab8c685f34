/** The text of a manifest to begin with. */
import { RpmociError } from "../errors.js";
import { osReleaseField } from "../model/os-release.js";
import { type DistributionName, distributionNames } from "./distribution-names.js";
import { DISTRIBUTIONS, type Distribution, type DistributionRepository } from "./distributions.js";

export interface StarterRequest {
  /** `fedora`, `centos:9`; undefined for that of the system. */
  readonly distribution: string | undefined;
  /** The system's os-release(5). */
  readonly osRelease: string;
  /** Specifications of packages; those of a shell when there are none. */
  readonly packages: readonly string[];
  /** rpm's name of the architecture. */
  readonly arch: string;
}

export interface Starter {
  readonly text: string;
  /** `Fedora 43`. */
  readonly distribution: string;
}

/** Throws an `RpmociError` of kind `usage` for a distribution or release that is not known. */
export function starterManifest({ distribution, osRelease, packages, arch }: StarterRequest): Starter {
  const { chosen, release } = distribution === undefined ? distributionOf(osRelease) : named(distribution);
  const { note, repositories, gpgkeys, releasever } = chosen.sources(release, arch);
  const title = release === chosen.releases[0] && !/\d/.test(release) ? chosen.title : `${chosen.title} ${release}`;
  const lines = [
    `# ${title}. ${note}`,
    "# `rpmoci schema` describes every key of this file.",
    "[contents]",
    "repositories = [",
    ...repositories.map((repository) => `  ${repositoryText(repository)},`),
    "]",
    ...(gpgkeys.length === 0 ? [] : [`gpgkeys = ${arrayText(gpgkeys)}`]),
    ...(releasever === undefined ? [] : [`releasever = ${JSON.stringify(releasever)}`]),
    "# What dnf install takes: names, globs, versions, capabilities, files, @groups; and globs of local RPM files.",
    `packages = ${arrayText(packages.length === 0 ? ["bash"] : packages)}`,
    "# docs = true                   # documentation, too",
    '# exclude = ["some-package"]    # removed from the image whatever depends on it',
    "",
    "[image]",
    ...(packages.length === 0 ? ['cmd = ["bash"]'] : ['# entrypoint = ["program"]', '# cmd = ["argument"]']),
    '# user = "app"',
    '# exposed_ports = ["8080/tcp"]',
    "",
    "# [image.envs]",
    '# LANG = "C.UTF-8"',
    "",
    "# [image.labels]",
    '# "org.opencontainers.image.title" = "app"',
    "",
    "# [layers]",
    '# strategy = "source"           # a layer for each source package, instead of one for all',
    "",
  ];
  return { text: lines.join("\n"), distribution: title };
}

interface Choice {
  readonly chosen: Distribution;
  readonly release: string;
}

function named(text: string): Choice {
  const [name = "", release] = text.split(":", 2);
  if (!isDistributionName(name)) throw unknown(`the distribution '${name}' is not known`);
  const chosen = DISTRIBUTIONS[name];
  return { chosen, release: known(chosen, name, release) };
}

function isDistributionName(name: string): name is DistributionName {
  return (distributionNames as readonly string[]).includes(name);
}

function distributionOf(osRelease: string): Choice {
  const id = osReleaseField(osRelease, "ID");
  for (const [name, chosen] of Object.entries(DISTRIBUTIONS)) {
    if (!chosen.hostIds.includes(id)) continue;
    const version = osReleaseField(osRelease, "VERSION_ID");
    const listed = [version, version.split(".")[0]].find((release) => chosen.releases.includes(release ?? ""));
    const rolling = chosen.releases.length === 1 && !/\d/.test(chosen.releases[0] ?? "");
    return { chosen, release: known(chosen, name, rolling || version === "" ? undefined : (listed ?? version)) };
  }
  const system =
    id === "" ? "this system does not say what it is" : `no image can be made of this system's packages (${id})`;
  throw unknown(system);
}

function known(chosen: Distribution, name: string, release: string | undefined): string {
  const [newest = ""] = chosen.releases;
  if (release === undefined) return newest;
  if (chosen.releases.includes(release) || (chosen.open === true && /^\d+$/.test(release))) return release;
  throw unknown(`no release '${release}' of ${name} is known, but ${chosen.releases.join(", ")}`);
}

function unknown(reason: string): RpmociError {
  return new RpmociError(reason, {
    kind: "usage",
    code: "DISTRIBUTION_UNKNOWN",
    hint: `name one of ${distributionNames.join(", ")} with --distro, or with a release: --distro centos:9`,
  });
}

function repositoryText({ id, url, gpgkey }: DistributionRepository): string {
  if (url === undefined) return JSON.stringify(id);
  const options = gpgkey === undefined ? "" : `, options = { gpgkey = ${JSON.stringify(gpgkey)} }`;
  return `{ id = ${JSON.stringify(id)}, url = ${JSON.stringify(url)}${options} }`;
}

/** Strings of JSON are strings of TOML, too. */
function arrayText(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
}
