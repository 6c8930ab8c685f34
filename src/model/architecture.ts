/** Names of processor architectures: Node's, rpm's base architectures, and those of OCI image configurations (Go's). */

export interface Platform {
  readonly os: "linux";
  readonly architecture: string;
  readonly variant?: string;
}

const FROM_NODE: Readonly<Record<string, string>> = {
  x64: "x86_64",
  arm64: "aarch64",
  ia32: "i686",
  ppc64: "ppc64le",
  s390x: "s390x",
  riscv64: "riscv64",
  loong64: "loongarch64",
};

/** rpm's architectures and the base architecture that repositories of them are made for. */
const BASE_ARCHITECTURE: Readonly<Record<string, string>> = {
  x86_64_v2: "x86_64",
  x86_64_v3: "x86_64",
  x86_64_v4: "x86_64",
  amd64: "x86_64",
  i386: "i386",
  i486: "i386",
  i586: "i386",
  i686: "i386",
  armv7hl: "armhfp",
  armv7hnl: "armhfp",
};

const PLATFORM: Readonly<Record<string, Platform>> = {
  x86_64: { os: "linux", architecture: "amd64" },
  aarch64: { os: "linux", architecture: "arm64", variant: "v8" },
  i386: { os: "linux", architecture: "386" },
  armhfp: { os: "linux", architecture: "arm", variant: "v7" },
  ppc64le: { os: "linux", architecture: "ppc64le" },
  s390x: { os: "linux", architecture: "s390x" },
  riscv64: { os: "linux", architecture: "riscv64" },
  loongarch64: { os: "linux", architecture: "loong64" },
};

/** What may be the name of an architecture of rpm's: it becomes part of URLs and paths. */
export const ARCHITECTURE_NAME = /^[a-z0-9][a-z0-9_]{1,31}$/;

/** OCI's names of architectures, and Debian's and Docker's, by which people may call those of rpm. */
const ALIASES: Readonly<Record<string, string>> = { amd64: "x86_64", arm64: "aarch64" };

/** rpm's name of the architecture that somebody calls by its name in image configurations: `arm64` → `aarch64`. */
export function rpmArchitecture(name: string): string {
  return ALIASES[name] ?? name;
}
/** rpm's names of the architectures that images can be for. */
export const architectureNames: readonly string[] = [...new Set(Object.values(FROM_NODE))];

/** rpm's name of the architecture that this process runs on, for example `x86_64`. */
export function hostArchitecture(): string {
  return FROM_NODE[process.arch] ?? process.arch;
}

/** Whether packages of `other` can be in an image for `arch`: those of its base architecture, and i686 in x86_64. */
export function isCompatible(arch: string, other: string): boolean {
  const [base, of] = [baseArchitecture(arch), baseArchitecture(other)];
  return other === "noarch" || of === base || (base === "x86_64" && of === "i386");
}

/** dnf's `$basearch` for an rpm architecture: `i686` → `i386`, `x86_64` → `x86_64`. */
export function baseArchitecture(arch: string): string {
  return BASE_ARCHITECTURE[arch] ?? arch;
}

/** The platform of an image that holds packages of this architecture (OCI image specification, "platform"). */
export function platformOf(arch: string): Platform {
  const base = baseArchitecture(arch);
  return PLATFORM[base] ?? { os: "linux", architecture: base };
}
