/** What the sets are made of, besides the Essential packages. Each holds the ones before it. */

export const setNames = ["small", "default", "large"] as const;
export type SetName = (typeof setNames)[number];

const small = ["nginx", "iputils-ping", "passwd", "mawk"];

const standard = [
  ...["bash", "coreutils", "ca-certificates", "curl", "git", "jq", "less", "openssl", "openssh-client"],
  ...["postgresql", "postgresql-contrib", "procps", "python3", "rsync", "sqlite3", "unzip", "xz-utils", "zstd"],
];

const large = [
  ...[
    "gcc",
    "g++",
    "make",
    "cmake",
    "golang-go",
    "nodejs",
    "npm",
    "php-cli",
    "php-fpm",
    "ruby",
    "default-jre-headless",
  ],
  ...["apache2", "mariadb-server", "python3-pip", "python3-venv", "redis-server", "strace", "vim", "wget", "tree"],
];

/** The packages that a set is the closure of. */
export function setRoots(set: SetName): readonly string[] {
  switch (set) {
    case "small":
      return small;
    case "default":
      return [...small, ...standard];
    case "large":
      return [...small, ...standard, ...large];
  }
}
