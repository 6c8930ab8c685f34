/** A distribution of a dozen tiny packages that has one of everything; images of it are built in a second. */
import type { RpmFixture } from "./rpm-fixture.js";

const ROOT_DIRECTORIES = ["/etc", "/usr", "/usr/bin", "/usr/share", "/usr/share/doc", "/var", "/var/log", "/var/lib"];

/** The packages, by name; tests add, replace or leave out what they are about. */
export const tinyPackages: Readonly<Record<string, RpmFixture>> = {
  filesystem: {
    name: "filesystem",
    version: "3.18",
    dirs: {
      ...Object.fromEntries(ROOT_DIRECTORIES.map((path) => [path, {}])),
      "/tmp": { mode: 0o1777 },
      "/var/cache": {},
      "/var/tmp": { mode: 0o1777 },
      "/usr/lib/sysimage/rpm": {},
    },
  },
  "tiny-release": {
    name: "tiny-release",
    requires: ["filesystem"],
    files: { "/etc/os-release": "ID=tiny\nVERSION_ID=1\n" },
  },
  app: {
    name: "app",
    version: "2.0",
    requires: ["libtiny >= 1.0", "filesystem"],
    recommends: ["app-extras"],
    files: {
      "/usr/bin/app": { content: "#!/bin/false\n", mode: 0o755 },
      "/usr/bin/app-link": { hardlinkTo: "/usr/bin/app", mode: 0o755 },
      "/usr/bin/app-symlink": { symlinkTo: "app" },
      "/etc/app.conf": { content: "key=value\n", config: "noreplace" },
      "/usr/share/doc/app/README": { content: "read me\n", doc: true },
    },
    dirs: { "/var/log/app": { mode: 0o750 } },
  },
  "app-extras": { name: "app-extras", files: { "/usr/share/extras": "extra\n" } },
  libtiny: {
    name: "libtiny",
    version: "1.2",
    epoch: 1,
    arch: "x86_64",
    provides: ["libtiny.so.1(TINY_1.0)(64bit)", "virtual-thing = 5"],
    files: { "/usr/lib64/libtiny.so.1": { content: "not really\n", mode: 0o755 } },
  },
  capable: {
    name: "capable",
    arch: "x86_64",
    files: { "/usr/bin/capable": { content: "#!/bin/false\n", mode: 0o755, caps: "cap_net_raw=ep" } },
  },
  "tool-1.8": { name: "tool", version: "1.8.0", files: { "/usr/bin/tool": "1.8\n" } },
  "tool-1.9": { name: "tool", version: "1.9.2", files: { "/usr/bin/tool": "1.9\n" } },
  "tool-2.0": { name: "tool", version: "2.0.1", files: { "/usr/bin/tool": "2.0\n" } },
  chatty: {
    name: "chatty",
    scriptlets: [
      {
        section: "post",
        interpreter: "<lua>",
        body: 'print("chatty says hello")\nlocal f = io.open("/var/log/chatty.log", "w")\nf:write(os.time())\nf:close()',
      },
    ],
    requires: ["filesystem"],
  },
  failing: {
    name: "failing",
    scriptlets: [{ section: "pre", interpreter: "<lua>", body: 'error("failing on purpose")' }],
  },
};
