import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import test from "node:test";
import { digestOf, layerEntries, readImage } from "../support/image.js";
import { digestByOrdinaryUser } from "../support/ordinary-user.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { Scene } from "../support/scene.js";

/** As Fedora's: users, groups, and where passwords are. */
const setup: RpmFixture = {
  name: "setup",
  requires: ["filesystem"],
  files: {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\ndaemon:x:2:2:daemon:/sbin:/sbin/nologin\n",
    "/etc/group": "root:x:0:\ndaemon:x:2:\nusers:x:100:daemon\n",
    "/etc/shadow": { content: "root:*:19000:0:99999:7:::\n", mode: 0 },
    "/etc/gshadow": { content: "root:::\nusers:::daemon", mode: 0 },
  },
};

const ACCOUNTS = `
[accounts]
run_as = "web:users"
[[accounts.groups]]
name = "web"
gid = 2000
[[accounts.groups]]
name = "users"
gid = 100
members = ["db"]
[[accounts.users]]
name = "web"
uid = 1000
gecos = "Wëb server,,,"
shell = "/bin/sh"
groups = ["users", "daemon"]
[[accounts.users]]
name = "db"
uid = 1001
home = "/var/lib/db/home"
`;

async function accountsScene(t: Parameters<typeof Scene.create>[0], accounts: string, packages: readonly string[]) {
  const scene = await Scene.create(t);
  await scene.publish([setup]);
  scene.writeManifest({ packages });
  appendFileSync(scene.path("rpmoci.toml"), accounts);
  return scene;
}

test("accounts are added to those of packages, homes are made, and the image runs as run_as", async (t) => {
  const scene = await accountsScene(t, ACCOUNTS, ["app", "setup"]);
  const digests = new Set<string | null>();
  for (const engine of ["dnf", "rpm"]) {
    const result = await scene.build(["--engine", engine]);
    assert.equal(result.code, 0, result.stderr);
    digests.add(digestOf(scene.layout, "test"));
  }
  const entries = await layerEntries(scene.layout, "test");
  const content = (path: string): string => Buffer.from(entries.get(path)?.content ?? "", "latin1").toString();
  assert.equal(
    content("etc/passwd"),
    "root:x:0:0:root:/root:/bin/bash\ndaemon:x:2:2:daemon:/sbin:/sbin/nologin\n" +
      "web:x:1000:2000:Wëb server,,,:/home/web:/bin/sh\ndb:x:1001:1001::/var/lib/db/home:/sbin/nologin\n",
  );
  assert.equal(content("etc/group"), "root:x:0:\ndaemon:x:2:web\nusers:x:100:daemon,db,web\nweb:x:2000:\ndb:x:1001:\n");
  // 2024-07-03, in days.
  const shadow = "root:*:19000:0:99999:7:::\nweb:!*:19907::::::\ndb:!*:19907::::::\n";
  assert.equal(content("etc/shadow"), shadow);
  assert.equal(content("etc/gshadow"), "root:::\nusers:::daemon,db,web\nweb:!*::\ndb:!*::\n");
  const attributes = (path: string) => {
    const { mode, uid, gid, mtime } = entries.get(path) ?? {};
    return [mode, uid, gid, mtime];
  };
  assert.deepEqual(attributes("etc/shadow"), [0, 0, 0, 1_720_000_000]);
  assert.deepEqual(attributes("etc/passwd"), [0o644, 0, 0, 1_720_000_000]);
  assert.deepEqual(attributes("home"), [0o755, 0, 0, 1_720_000_000]);
  assert.deepEqual(attributes("home/web"), [0o700, 1000, 2000, 1_720_000_000]);
  assert.deepEqual(attributes("var/lib/db/home"), [0o700, 1001, 1001, 1_720_000_000]);
  assert.deepEqual(attributes("var/lib/db"), [0o755, 0, 0, 1_720_000_000]);
  assert.equal(readImage(scene.layout, "test").config.config.User, "web:users");

  const byUser = await digestByOrdinaryUser(scene, t);
  if (byUser !== null) digests.add(byUser);
  assert.equal(digests.size, 1);
});

test("a root without any accounts gets the files; image.user wins over run_as", async (t) => {
  const scene = await accountsScene(t, '[accounts]\nusers = [{ name = "a", uid = 7, home = "/usr" }]\nrun_as = "7"\n', [
    "app",
  ]);
  assert.equal((await scene.build()).code, 0);
  const entries = await layerEntries(scene.layout, "test");
  const summary = ["passwd", "group", "shadow", "gshadow"].map((name) => {
    const { content, mode = -1 } = entries.get(`etc/${name}`) ?? {};
    return `${mode.toString(8)} ${content}`;
  });
  assert.deepEqual(summary, [
    "644 a:x:7:7::/usr:/sbin/nologin\n",
    "644 a:x:7:\n",
    "0 a:!*:19907::::::\n",
    "0 a:!*::\n",
  ]);
  assert.deepEqual([entries.get("usr")?.uid, entries.get("usr")?.mode], [0, 0o755]);
  assert.equal(readImage(scene.layout, "test").config.config.User, "7");
  scene.writeManifest({}, { user: "other" });
  appendFileSync(scene.path("rpmoci.toml"), '[accounts]\nrun_as = "7"\n');
  assert.equal((await scene.build()).code, 0);
  assert.equal(readImage(scene.layout, "test").config.config.User, "other");
});

test("conflicts, and accounts that nobody knows, are told", async (t) => {
  const scene = await accountsScene(t, "", ["setup"]);
  const user = (rest: string) => `[[accounts.users]]\n${rest}\n`;
  for (const [accounts, message] of [
    [user('name = "daemon"\nuid = 9'), /accounts\.users: "daemon": the image has such a user, with the uid 2/],
    [user('name = "x"\nuid = 2'), /accounts\.users: "x": the uid 2 is that of the user "daemon"/],
    [user('name = "x"\nuid = 9\ngroups = ["nobodies"]'), /accounts\.users: "x": the image has no group "nobodies"/],
    [
      '[[accounts.groups]]\nname = "users"\ngid = 5',
      /accounts\.groups: "users": the image has such a group, with the gid 100/,
    ],
    ['[[accounts.groups]]\nname = "x"\ngid = 100', /accounts\.groups: "x": the gid 100 is that of the group "users"/],
    ['[[accounts.groups]]\nname = "x"\ngid = 5\nmembers = ["y"]', /accounts\.groups: "x": the image has no user "y"/],
    ['[accounts]\nrun_as = "missing"', /accounts\.run_as: the image has no user "missing"/],
    ['[accounts]\nrun_as = "0:missing"', /accounts\.run_as: the image has no group "missing"/],
    [
      user('name = "x"\nuid = 9\n[[accounts.users]]\nname = "x"\nuid = 8'),
      /rpmoci\.toml:\d+: accounts\.users have the same name twice/,
    ],
    [user('name = "a"\nuid = 9\n[[accounts.users]]\nname = "b"\nuid = 9'), /accounts\.users have the same uid twice/],
    [
      user('name = "a"\nuid = 9\n[[accounts.users]]\nname = "b:c"\nuid = 8'),
      /rpmoci\.toml:14: accounts\.users\.1\.name = "b:c" is not a name/,
    ],
    [user('name = "a"\nuid = -1'), /rpmoci\.toml:12: accounts\.users\.0\.uid = -1 is not an id up to 4294967294/],
    [user('name = "a"\nuid = 4294967295'), /accounts\.users\.0\.uid = 4294967295 is not an id/],
    [user('name = "a"\nuid = 1.5'), /accounts\.users\.0\.uid = 1\.5 is not an id/],
    [user('name = "a"\nuid = 9\ngecos = "a:b"'), /accounts\.users\.0\.gecos = "a:b" must have neither a colon/],
    [user('name = "a"\nuid = 9\nhome = "a"'), /accounts\.users\.0\.home = "a" is not an absolute path/],
    [user('name = "a"'), /the key "accounts\.users\.0\.uid" is missing/],
    [user('name = "a"\nuid = 9\nhome = "/etc/passwd"'), /cannot make the home directory \/etc\/passwd: .*/],
  ] as const) {
    scene.writeManifest({ packages: ["setup"] });
    appendFileSync(scene.path("rpmoci.toml"), accounts);
    const result = await scene.build(["--engine", "rpm"]);
    assert.match(result.stderr, message);
    assert.equal(result.code, /home directory/.test(result.stderr) ? 1 : 2, result.stderr);
  }
});
