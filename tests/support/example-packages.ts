/** What the examples' repositories have: packages of the names that examples want, with next to nothing in them. */
import { type ModuleDocument, moduleYaml } from "./modular-repository.js";
import type { RpmFixture } from "./rpm-fixture.js";

const program = (path: string, rest: Partial<RpmFixture> = {}): RpmFixture => {
  const name = path.replace(/.*\//, "");
  const file = { content: `#!/bin/sh\necho ${name}\n`, mode: 0o755 };
  return { name, arch: "x86_64", requires: ["filesystem"], ...rest, files: { [path]: file, ...rest.files } };
};

const BUNDLE = "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem";

const authorities: RpmFixture = {
  name: "ca-certificates",
  requires: ["filesystem"],
  files: {
    [BUNDLE]: { content: "", mode: 0o444 },
    "/etc/pki/tls/certs/ca-bundle.crt": { symlinkTo: BUNDLE },
  },
};

export const examplePackages: readonly RpmFixture[] = [
  {
    name: "filesystem",
    files: {
      "/etc/passwd": "root:x:0:0:root:/root:/usr/bin/bash\n",
      "/etc/group": "root:x:0:\n",
    },
    dirs: {
      ...Object.fromEntries(["/etc", "/usr", "/usr/bin", "/usr/sbin", "/usr/share", "/var"].map((path) => [path, {}])),
      ...Object.fromEntries(["/tmp", "/var/tmp"].map((path) => [path, { mode: 0o1777 }])),
      "/usr/lib/sysimage/rpm": {},
    },
  },
  {
    name: "release",
    requires: ["filesystem"],
    provides: ["system-release"],
    files: { "/etc/os-release": "ID=example\nVERSION_ID=1\n" },
  },
  program("/usr/bin/bash", { license: "GPL-3.0-or-later" }),
  program("/usr/bin/openssl", { license: "Apache-2.0" }),
  program("/usr/bin/tini"),
  program("/usr/bin/python3.12", { name: "python3.12" }),
  program("/usr/bin/python3", { name: "python3" }),
  program("/usr/bin/coreutils"),
  program("/usr/bin/psql", { name: "postgresql", version: "16.1" }),
  program("/usr/bin/gpg", { name: "gnupg" }),
  program("/usr/sbin/nginx", {
    version: "1.26.2",
    license: "BSD-2-Clause",
    requires: ["filesystem", "/usr/bin/openssl", "/usr/bin/bash"],
    files: {
      "/etc/nginx/nginx.conf": { content: "# nothing\n", config: "noreplace" },
      "/usr/share/nginx/html/index.html": "<p>It works.\n",
      "/usr/share/man/man8/nginx.8": { content: ".TH nginx 8\n", doc: true },
      "/usr/share/info/nginx.info": "nothing\n",
      "/usr/share/man/de/man8/nginx.8": { content: ".TH nginx 8\n", lang: "de" },
      "/usr/share/locale/de/nginx": { content: "Hallo\n", lang: "de" },
      "/usr/share/locale/fr/nginx": { content: "Bonjour\n", lang: "fr" },
    },
    dirs: { "/etc/nginx": {}, "/var/log/nginx": {} },
  }),
  ...["glibc-langpack-en", "glibc"].map((name) => ({ name })),
  authorities,
  { ...authorities, name: "ca-certificates-mozilla" },
  ...["18", "20"].map((version) => program("/usr/bin/node", { name: "nodejs", version })),
];

/** An RPM file of the user's own. */
export const ownPackage: RpmFixture = { name: "own", requires: ["bash"], files: { "/usr/share/own": "own\n" } };

export const exampleGroups = `<?xml version="1.0" encoding="UTF-8"?>
<comps>
  <group>
    <id>web-server</id><name>Web Server</name><description/>
    <packagelist><packagereq type="mandatory">ca-certificates</packagereq></packagelist>
  </group>
</comps>
`;

const streams: readonly ModuleDocument[] = ["18", "20"].map((stream) => ({
  name: "nodejs",
  stream,
  requires: { platform: ["el9"] },
  artifacts: [`nodejs-0:${stream}-1.x86_64`],
  profiles: { common: ["nodejs"] },
}));

export const exampleModules = streams.map(moduleYaml).join("");
