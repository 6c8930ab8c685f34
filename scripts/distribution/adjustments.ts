/** What Debian's maintainer scripts would have done, for those packages where a root does not work without it. */

import { adjustBaseFiles } from "./base-files.js";
import { adjustBasePasswd } from "./base-passwd.js";
import type { Draft } from "./draft.js";

type Adjustment = (draft: Draft) => void;

const adjustments: Readonly<Record<string, Adjustment>> = {
  "base-files": adjustBaseFiles,
  "base-passwd": adjustBasePasswd,
  // Whatever is linked against the C library needs the links in / and the users; nothing in Debian says so.
  libc6: (draft) => {
    draft.relate("Requires(pre)", "base-files");
    // A feature of the loader that rpm's generator asks for, and does not find provided.
    draft.relate("Provides", "rtld(GNU_HASH)");
  },
  "libc-bin": (draft) => {
    draft.file("/etc/nsswitch.conf", draft.text("/usr/share/libc-bin/nsswitch.conf"), {
      marks: ["config(noreplace)"],
    });
    draft.file("/etc/ld.so.cache", "", { marks: ["ghost"] });
    draft.run({ section: "post", interpreter: "/usr/sbin/ldconfig" });
    // rpm writes the paths to the script, and reports an error when nobody reads them.
    const body = "while read -r path; do :; done\n/usr/sbin/ldconfig";
    draft.run({ section: "transfiletriggerin", trigger: "/usr/lib /etc/ld.so.conf.d", body });
  },
  // It needs login.defs; Essential packages are not named in Depends.
  passwd: (draft) => draft.relate("Requires", "base-passwd", "login"),
  "iputils-ping": (draft) => draft.capabilities("/usr/bin/ping", "cap_net_raw=ep"),
  "ca-certificates": (draft) => {
    const certificates = [...draft.entries.keys()].filter((path) =>
      /^\/usr\/share\/ca-certificates\/.*\.crt$/.test(path),
    );
    const bundle = certificates.sort().map((path) => draft.text(path));
    draft.file("/etc/ssl/certs/ca-certificates.crt", bundle.join(""));
  },
  "libpam-runtime": (draft) => {
    for (const type of ["auth", "account", "password", "session"])
      draft.file(`/etc/pam.d/common-${type}`, `${type} required pam_unix.so\n`, { marks: ["config(noreplace)"] });
    draft.file("/etc/pam.d/common-session-noninteractive", "session required pam_unix.so\n", {
      marks: ["config(noreplace)"],
    });
  },
  "nginx-common": (draft) => {
    createUser(draft, "nginx", "/var/lib/nginx", "/usr/sbin/nologin", "Web server");
    draft.directory("/var/lib/nginx", 0o750, "nginx", "nginx");
    draft.directory("/var/log/nginx", 0o755, "nginx", "adm");
    draft.symlink("/etc/nginx/sites-enabled/default", "../sites-available/default");
    // A container logs to its standard streams; an image has no /var/log.
    draft.edit("/etc/nginx/nginx.conf", (text) =>
      text
        .replace(/^user .*;/m, "user nginx;")
        .replace(/^error_log .*;/m, "error_log stderr;")
        .replace(/^(\s*)access_log .*;/m, "$1access_log /dev/stdout;"),
    );
    // A rootless build has no right to port 80, not even to test the configuration.
    draft.edit("/etc/nginx/sites-available/default", (text) =>
      text.replace(/^\s*listen \[::\]:80 .*\n/m, "").replace(/^(\s*listen) 80 /m, "$1 8080 "),
    );
    draft.directory("/var/www");
    draft.directory("/var/www/html");
    draft.file("/var/www/html/index.html", draft.text("/usr/share/nginx/html/index.html"));
  },
  "postgresql-common": (draft) => {
    createUser(draft, "postgres", "/var/lib/postgresql", "/bin/bash", "PostgreSQL administrator");
    draft.directory("/etc/postgresql", 0o755, "postgres", "postgres");
    draft.directory("/var/lib/postgresql", 0o755, "postgres", "postgres");
    draft.directory("/var/log/postgresql", 0o1775, "root", "postgres");
    draft.directory("/run/postgresql", 0o2775, "postgres", "postgres");
  },
  debianutils: (draft) => draft.alternative("/usr/bin/which", "which.debianutils"),
  mawk: (draft) => {
    draft.alternative("/usr/bin/awk", "mawk");
    draft.alternative("/usr/bin/nawk", "mawk");
  },
  gcc: (draft) => {
    draft.alternative("/usr/bin/cc", "gcc");
    draft.alternative("/usr/bin/c99", "c99-gcc");
  },
  "g++": (draft) => draft.alternative("/usr/bin/c++", "g++"),
};

const families: readonly (readonly [RegExp, Adjustment])[] = [
  [
    /^openjdk-\d+-jre-headless$/,
    (draft) => {
      const java = [...draft.entries.keys()].find((path) => /^\/usr\/lib\/jvm\/java-\d+-[^/]+\/bin\/java$/.test(path));
      if (java === undefined) return;
      draft.alternative("/usr/bin/java", java);
      draft.alternative("/usr/bin/keytool", java.replace(/java$/, "keytool"));
    },
  ],
  [
    /^php\d+\.\d+-cli$/,
    (draft) => {
      const php = [...draft.entries.keys()].find((path) => /^\/usr\/bin\/php\d+\.\d+$/.test(path));
      if (php !== undefined) draft.alternative("/usr/bin/php", php);
    },
  ],
];

/** Changes the package of that name, if anything is known about it. */
export function adjust(name: string, draft: Draft): void {
  adjustments[name]?.(draft);
  for (const [pattern, adjustment] of families) if (pattern.test(name)) adjustment(draft);
}

/** The user exists before the files that it owns are installed. useradd takes the day from SOURCE_DATE_EPOCH. */
function createUser(draft: Draft, name: string, home: string, shell: string, comment: string): void {
  draft.relate("Requires(pre)", "passwd", "libc-bin");
  const body = [
    `getent group ${name} >/dev/null || groupadd --system ${name}`,
    `getent passwd ${name} >/dev/null ||`,
    `  useradd --system --gid ${name} --home-dir ${home} --no-create-home --shell ${shell} --comment "${comment}" ${name}`,
    "exit 0",
  ];
  draft.run({ section: "pre", body: body.join("\n") });
}
