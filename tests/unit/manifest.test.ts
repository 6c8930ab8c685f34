import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import test, { type TestContext } from "node:test";
import { RpmociError } from "../../src/errors.js";
import { loadManifest, lockfilePathOf, parseManifest } from "../../src/manifest/load.js";
import { findLocalPackages } from "../../src/manifest/local-packages.js";
import { findItemLines, findLine } from "../../src/manifest/locate.js";
import { repositoryIdOf } from "../../src/manifest/repository-id.js";
import { readSources } from "../../src/manifest/sources.js";
import { packageRoot } from "../../src/package-root.js";
import { realData } from "../support/real-data.js";

const PATH = "/somewhere/rpmoci.toml";
const MINIMAL = 'contents = { repositories = ["fedora"], packages = ["bash"] }';

function fault(text: string): RpmociError {
  try {
    parseManifest(text, PATH);
  } catch (error) {
    assert(error instanceof RpmociError);
    assert.equal(error.kind, "manifest");
    return error;
  }
  assert.fail(`accepted: ${text}`);
}

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test("every key has its place", () => {
  const manifest = parseManifest(
    `
    [contents]
    archs = ["x86_64", "arm64"]
    repositories = [
      "fedora",
      "https://example.org/$basearch/os",
      { url = "https://example.org/two/", id = "two", options = { includepkgs = "a,b", gpgcheck = false, priority = 5 } },
    ]
    packages = ["postgresql", "skopeo-1.9.*", "/usr/bin/ld", "path/to/local-*.rpm"]
    modules = ["nodejs:20", "perl:5.30/common"]
    module_platform_id = "platform:el9"
    gpgkeys = ["https://example.org/KEY", "file:///etc/pki/key"]
    releasever = "9"
    docs = true
    langs = ["de", "pt_BR"]
    os_release = false
    exclude = ["bash"]
    remove_files = ["/usr/share/man/**"]
    base = { image = "oci:../base:1.0" }
    require_signed = true
    [image]
    user = "u:g"
    workingdir = "/w"
    stopsignal = "SIGINT"
    author = "A B"
    entrypoint = ["e", ""]
    cmd = ["c"]
    exposed_ports = ["8080/tcp"]
    volumes = ["/data"]
    [image.envs]
    PATH = "/bin"
    "WITH.DOT" = ""
    [layers]
    compression = "zstd"
    level = 19
    strategy = "source"
    max = 12
    groups = [{ name = "base", packages = ["glibc*", "bash"] }]
    [policy]
    forbidden = ["telnet*"]
    allowed_licenses = ["MIT"]
    max_package_size = 100
    max_installed_size = "1.5K"
    max_image_size = "2GiB"
    [image.labels]
    "org.example.a" = "b"
    [accounts]
    users = [{ name = "a", uid = 1 }, { name = "b", uid = 2, gid = 3, home = "/b", shell = "/s", gecos = "B", groups = ["g"] }]
    groups = [{ name = "g", gid = 4 }, { name = "h", gid = 5, members = ["a"] }]
    run_as = "a:g"
    [certificates]
    additional = ["certs/ca.pem"]
    [[paths]]
    type = "directory"
    path = "/d"
    mode = "1777"
    uid = 7
    gid = "g"
    [[paths]]
    type = "file"
    path = "/f"
    content = "x"
    [[paths]]
    type = "file"
    path = "/f"
    source = "etc/f"
    [[paths]]
    type = "symlink"
    path = "/s"
    target = "../f"
    [[paths]]
    type = "hardlink"
    path = "/h"
    target = "/f"
    [[paths]]
    type = "permissions"
    path = "/p"
    recursive = true
    mode = "644"
    [[paths]]
    type = "capabilities"
    path = "/c"
    capabilities = "cap_chown=ep"
    [[paths]]
    type = "remove"
    path = "/r"
    `,
    "sub/foo.toml",
  );
  assert.deepEqual(manifest, {
    path: resolve("sub/foo.toml"),
    lockfilePath: resolve("sub/foo.lock"),
    archs: ["x86_64", "aarch64"],
    arch: undefined,
    repositories: [
      { kind: "system", id: "fedora" },
      {
        kind: "url",
        id: "example.org_$basearch_os",
        url: "https://example.org/$basearch/os",
        options: {},
      },
      {
        kind: "url",
        id: "two",
        url: "https://example.org/two/",
        options: { includepkgs: "a,b", gpgcheck: "false", priority: "5" },
      },
    ],
    packages: ["postgresql", "skopeo-1.9.*", "/usr/bin/ld", "path/to/local-*.rpm"],
    modules: ["nodejs:20", "perl:5.30/common"],
    modulePlatformId: "platform:el9",
    gpgkeys: ["https://example.org/KEY", "file:///etc/pki/key"],
    releasever: "9",
    docs: true,
    langs: ["de", "pt_BR"],
    osRelease: false,
    exclude: ["bash"],
    baseImage: "oci:../base:1.0",
    removeFiles: ["/usr/share/man/**"],
    requireSigned: true,
    image: {
      user: "u:g",
      workingdir: "/w",
      stopsignal: "SIGINT",
      author: "A B",
      entrypoint: ["e", ""],
      cmd: ["c"],
      exposedPorts: ["8080/tcp"],
      volumes: ["/data"],
      envs: { PATH: "/bin", "WITH.DOT": "" },
      labels: { "org.example.a": "b" },
      annotations: undefined,
    },
    layers: {
      compression: "zstd",
      level: 19,
      strategy: "source",
      max: 12,
      groups: [{ name: "base", packages: ["glibc*", "bash"] }],
    },
    policy: {
      forbidden: ["telnet*"],
      allowedLicenses: ["MIT"],
      maxPackageSize: 100,
      maxInstalledSize: 1536,
      maxImageSize: 2 * 2 ** 30,
      requireSignatures: false,
    },
    accounts: {
      users: [
        { name: "a", uid: 1, gid: undefined, home: "/home/a", shell: "/sbin/nologin", gecos: "", groups: [] },
        { name: "b", uid: 2, gid: 3, home: "/b", shell: "/s", gecos: "B", groups: ["g"] },
      ],
      groups: [
        { name: "g", gid: 4, members: [] },
        { name: "h", gid: 5, members: ["a"] },
      ],
      runAs: "a:g",
    },
    paths: [
      { type: "directory", path: "/d", mode: 0o1777, uid: 7, gid: "g" },
      { type: "file", path: "/f", content: "x", mode: undefined, uid: undefined, gid: undefined },
      {
        type: "file",
        path: "/f",
        source: { path: resolve("sub/etc/f"), context: resolve("sub") },
        mode: undefined,
        uid: undefined,
        gid: undefined,
      },
      { type: "symlink", path: "/s", target: "../f" },
      { type: "hardlink", path: "/h", target: "/f" },
      { type: "permissions", path: "/p", recursive: true, mode: 0o644, uid: undefined, gid: undefined },
      { type: "capabilities", path: "/c", capabilities: "cap_chown=ep" },
      { type: "remove", path: "/r" },
    ],
    certificates: [{ path: resolve("sub/certs/ca.pem"), context: resolve("sub") }],
    origins: {
      packages: [0, 1, 2, 3].map((index) => ({ file: resolve("sub/foo.toml"), index })),
      osRelease: resolve("sub/foo.toml"),
    },
  });
});

test("what is left out has its default", () => {
  for (const text of [MINIMAL, `${MINIMAL}\n[image]`]) {
    const { path, lockfilePath, repositories, packages, ...rest } = parseManifest(text, PATH);
    assert.deepEqual(rest, {
      archs: undefined,
      arch: undefined,
      modules: [],
      modulePlatformId: undefined,
      gpgkeys: [],
      releasever: undefined,
      docs: false,
      langs: undefined,
      osRelease: true,
      exclude: [],
      baseImage: undefined,
      removeFiles: [],
      requireSigned: false,
      image: {
        user: undefined,
        workingdir: undefined,
        stopsignal: undefined,
        author: undefined,
        entrypoint: [],
        cmd: [],
        exposedPorts: [],
        volumes: [],
        envs: {},
        labels: {},
        annotations: undefined,
      },
      layers: { compression: "gzip", level: undefined, strategy: "single", max: 40, groups: [] },
      policy: {
        forbidden: [],
        allowedLicenses: undefined,
        maxPackageSize: undefined,
        maxInstalledSize: undefined,
        maxImageSize: undefined,
        requireSignatures: false,
      },
      accounts: { users: [], groups: [], runAs: undefined },
      paths: [],
      certificates: [],
      origins: { packages: packages.map((_, index) => ({ file: path, index })), osRelease: path },
    });
  }
});

const CONTENTS = '[contents]\nrepositories = ["r"]\npackages = []\n';
const faults: readonly (readonly [string, string, string])[] = [
  ["an unknown table", `${CONTENTS}[imag]\n`, `${PATH}:4: unknown key "imag"; did you mean "image"?`],
  ["an unknown key at the top", `extra = 1\n${CONTENTS}`, `${PATH}:1: unknown key "extra"`],
  [
    "an unknown key of contents",
    `${CONTENTS}package = []\n`,
    `${PATH}:4: unknown key "contents.package"; did you mean "packages"?`,
  ],
  ["an unknown dotted key", `${CONTENTS}a.b = 1\n`, `${PATH}:4: unknown key "contents.a"`],
  ["an unknown key of image", `${CONTENTS}\n[image]\nuser = "u"\n\nuid = 3\n`, `${PATH}:8: unknown key "image.uid"`],
  [
    "an unknown key of a repository",
    '[contents]\npackages = []\nrepositories = [\n  { url = "https://h/", name = "x" },\n]\n',
    `${PATH}:3: unknown key "contents.repositories.0.name"`,
  ],
  [
    "an unknown key of a repository's table",
    '[contents]\npackages = []\n[[contents.repositories]]\nurl = "https://h/"\nname = "x"\n',
    `${PATH}:5: unknown key "contents.repositories.0.name"`,
  ],
  ["missing contents", "[image]\n", `${PATH}: the key "contents" is missing`],
  [
    "missing packages",
    '[image]\n[contents]\nrepositories = ["r"]\n',
    `${PATH}:2: the key "contents.packages" is missing`,
  ],
  [
    "a repository without a URL",
    '[contents]\npackages = []\nrepositories = [{ id = "x" }]\n',
    `${PATH}:3: the key "contents.repositories.0.url" is missing`,
  ],
  ["a wrong type", `${CONTENTS}docs = "yes"\n`, `${PATH}:4: contents.docs must be boolean, not "yes"`],
  ["a text for a list", `${CONTENTS}exclude = "bash"\n`, `${PATH}:4: contents.exclude must be an array, not "bash"`],
  ["a number in a list", `${CONTENTS}exclude = ["a", 5]\n`, `${PATH}:4: contents.exclude.1 must be string, not 5`],
  ["a text for a table", `${CONTENTS}[image]\nenvs = "x"\n`, `${PATH}:5: image.envs must be a table, not "x"`],
  ["a level that gzip does not have", `${CONTENTS}[layers]\nlevel = 10\n`, `${PATH}:5: layers.level is above 9`],
  [
    "a level without compression",
    `${CONTENTS}[layers]\nlevel = 1\ncompression = "none"\n`,
    `${PATH}:5: layers.level has no meaning without compression`,
  ],
  [
    "a bound on one layer",
    `${CONTENTS}[layers]\nmax = 3\n`,
    `${PATH}:5: layers.max has no meaning without a strategy other than "single"`,
  ],
  ["a number as a label", `${CONTENTS}[image.labels]\na = 1\n`, `${PATH}:5: image.labels.a must be string, not 1`],
  ["a key that is no URL", `${CONTENTS}gpgkeys = ["KEY"]\n`, `${PATH}:4: contents.gpgkeys.0 = "KEY" is not a URL`],
  [
    "a port that is none",
    `${CONTENTS}[image]\nexposed_ports = ["http"]\n`,
    `${PATH}:5: image.exposed_ports.0 = "http" is not a port such as 8080, 8080/tcp or 53/udp`,
  ],
];
for (const [name, text, message] of faults) {
  test(`refused with its line: ${name}`, () => assert.equal(fault(text).message, message));
}

test("all problems are told at once", () => {
  const error = fault(`${CONTENTS}docs = 1\n[image]\nuser = 2\nbogus = 3\n`);
  assert.equal(error.code, "MANIFEST_INVALID");
  assert.deepEqual([error.message, ...error.details].map((text) => text.slice(PATH.length)).sort(), [
    ":4: contents.docs must be boolean, not 1",
    ":6: image.user must be string, not 2",
    ':7: unknown key "image.bogus"',
  ]);
});

test("TOML that is none is refused with line and column", () => {
  const error = fault("[contents]\npackages = [\n  oops\n]\n");
  assert.equal(error.code, "MANIFEST_SYNTAX");
  assert.match(error.message, /^\/somewhere\/rpmoci\.toml:3:\d+: not valid TOML: \S/);
  assert.match(fault("[contents]\na = 1\na = 2\n").message, /^\/somewhere\/rpmoci\.toml:3:/);
});

test("two repositories of one id are refused", () => {
  const text = (entries: string): string => `contents = { packages = [], repositories = [${entries}] }`;
  const error = fault(text('"a", { url = "https://h/", id = "a" }'));
  assert.equal(error.code, "MANIFEST_DUPLICATE_REPOSITORY");
  assert.match(error.message, /"a" occurs twice/);
  assert.equal(fault(text('"https://h/x", "http://h/x"')).code, "MANIFEST_DUPLICATE_REPOSITORY");
  assert.equal(parseManifest(text('"https://h/x", "https://h/x/"'), PATH).repositories.length, 2);
});

test("ids are made of host and path", () => {
  const ids = {
    "https://packages.microsoft.com/cbl-mariner/2.0/prod/base/x86_64":
      "packages.microsoft.com_cbl-mariner_2.0_prod_base_x86_64",
    "https://example.org/a/": "example.org_a_",
    "https://example.org": "example.org_",
    "https://user:secret@example.org:8443/a?b=c#d": "example.org_a",
    "https://EXAMPLE.org/A": "example.org_A",
    "https://example.org/$releasever/$basearch/": "example.org_$releasever_$basearch_",
    "file:///srv/repo": "_srv_repo",
  };
  for (const [url, id] of Object.entries(ids)) assert.equal(repositoryIdOf(url), id);
});

test("a repository id of the system may hold colons", () => {
  const [repository] = parseManifest(
    'contents = { packages = [], repositories = ["copr:copr.fedorainfracloud.org:group:project"] }',
    PATH,
  ).repositories;
  assert.deepEqual(repository, { kind: "system", id: "copr:copr.fedorainfracloud.org:group:project" });
});

test("ports have the forms of the image specification", () => {
  const ports = (text: string): string => `${MINIMAL}\nimage = { exposed_ports = ["${text}"] }`;
  for (const good of ["80", "8080/tcp", "53/udp", "132/sctp", "8000-8010/tcp"])
    assert.deepEqual(parseManifest(ports(good), PATH).image.exposedPorts, [good]);
  for (const bad of ["", "tcp", "80/", "80/icmp", "/tcp", "80:80", "-1", "123456", "80/tcp "])
    assert.match(fault(ports(bad)).message, /is not a port/, bad);
});

test("the lockfile lies beside the manifest", () => {
  for (const [manifest, lockfile] of [
    ["/a/rpmoci.toml", "/a/rpmoci.lock"],
    ["/a/b.c.toml", "/a/b.c.lock"],
    ["/a/noextension", "/a/noextension.lock"],
  ] as const)
    assert.equal(lockfilePathOf(manifest), lockfile);
});

test("a manifest that cannot be read is named", async (t) => {
  const directory = temporary(t);
  for (const path of [join(directory, "absent.toml"), directory]) {
    await assert.rejects(loadManifest(path), (error: RpmociError) => {
      assert.equal(error.code, "MANIFEST_UNREADABLE");
      assert(error.message.includes(path) && error.hint?.includes("--file"));
      return true;
    });
  }
});

test("a line is found by its key", () => {
  const text = [
    "top = 1",
    "",
    "[contents]",
    'packages = ["packages"]',
    '"quoted key" = 1',
    "'single' = 1",
    "# docs = true",
    "  docs = true",
    "[ image . envs ]",
    "PATH = 1",
    "[image]",
    "user = 1",
    "a.b = 1",
    '[image."x.y"]',
    "[[contents.repositories]]",
    "url = 1",
  ].join("\r\n");
  const lines: readonly (readonly [readonly string[], number | null])[] = [
    [["top"], 1],
    [["contents"], 3],
    [["contents", "packages"], 4],
    [["contents", "quoted key"], 5],
    [["contents", "single"], 6],
    [["contents", "docs"], 8],
    [["image", "envs"], 9],
    [["image", "envs", "PATH"], 10],
    [["image", "PATH"], null],
    [["image"], 11],
    [["image", "user"], 12],
    [["image", "a"], 13],
    [["image", "x.y"], 14],
    [["contents", "repositories", "url"], 16],
    [["contents", "user"], null],
    [["a*b"], null],
    [[], null],
  ];
  for (const [path, line] of lines) assert.equal(findLine(text, path), line, path.join("."));
});

test("local packages are found from the current directory, else from the manifest's", async (t) => {
  const directory = temporary(t);
  const [here, there] = [join(directory, "here"), join(directory, "there")];
  for (const path of [here, there]) mkdirSync(join(path, "sub"), { recursive: true });
  for (const name of ["here/one-1.rpm", "there/one-1.rpm", "there/two.rpm", "there/sub/b.rpm", "there/sub/a.rpm"])
    writeFileSync(join(directory, name), "");
  const before = process.cwd();
  process.chdir(here);
  t.after(() => process.chdir(before));
  const find = (...packages: string[]): Promise<readonly string[]> => {
    const manifest = parseManifest(
      `contents = { repositories = [], packages = ${JSON.stringify(packages)} }`,
      join(there, "rpmoci.toml"),
    );
    return findLocalPackages(manifest, "fail");
  };
  assert.deepEqual(await find("one-*.rpm"), [join(here, "one-1.rpm")]);
  assert.deepEqual(await find("two.rpm", "bash"), [join(there, "two.rpm")]);
  assert.deepEqual(await find("sub/*.rpm", "sub/a.rpm"), [join(there, "sub/a.rpm"), join(there, "sub/b.rpm")]);
  assert.deepEqual(await find("../there/two.rpm", join(there, "t?o.rpm")), [join(there, "two.rpm")]);
  assert.deepEqual(await find("bash", "/usr/bin/ld"), []);
  await assert.rejects(find("none-*.rpm"), (error: RpmociError) => {
    assert.equal(error.message, "No package found for spec 'none-*.rpm'");
    assert.equal(error.kind, "manifest");
    return true;
  });
});

test("local packages may have any name, and only files count", async (t) => {
  const directory = temporary(t);
  const names = ["libstdc++-1.rpm", "x~1.rpm", "copy (1).rpm", "[b].rpm", "{a,b}.rpm", ".hidden.rpm", "ü.rpm"];
  for (const name of names) writeFileSync(join(directory, name), "");
  mkdirSync(join(directory, "in (2)"));
  writeFileSync(join(directory, "in (2)/z.rpm"), "");
  mkdirSync(join(directory, "folder.rpm"));
  writeFileSync(join(directory, "folder.rpm/inside"), "");
  symlinkSync("x~1.rpm", join(directory, "link.rpm"));
  const find = (spec: string): Promise<readonly string[]> =>
    findLocalPackages(
      parseManifest(`contents = { repositories = [], packages = ['${spec}'] }`, join(directory, "rpmoci.toml")),
      "ignore",
    );
  for (const name of [...names, "link.rpm", "in (2)/z.rpm"])
    assert.deepEqual(await find(name), [join(directory, name)], name);
  assert.deepEqual(await find("in (2)/*.rpm"), [join(directory, "in (2)/z.rpm")]);
  assert.deepEqual(await find("folder.rpm"), []);
  assert.equal((await find("*.rpm")).length, names.length + 1);
});

test("the examples are manifests", async () => {
  const examples = join(packageRoot(), "examples");
  const names = readdirSync(examples, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".toml"));
  assert(names.length > 5);
  for (const name of names) {
    const manifest = await loadManifest(join(examples, name));
    await readSources(manifest, 0);
  }
});

const originals = realData("rpmoci");

test("the line of each item of an array is found, however it is written", () => {
  const cases: readonly [string, readonly number[]][] = [
    ['[contents]\npackages = ["a", "b"]', [2, 2]],
    ['[contents]\npackages = [ # "no"\n  "a", # ]\n\n  \'b]\',\n  "c\\"]",\n]\ngpgkeys = ["d"]', [3, 5, 6]],
    ['[contents]\npackages = [\n"""\na""", \'\'\'b\n\'\'\', "c"]', [3, 4, 5]],
    ["[contents]\npackages = []\ngpgkeys = ['d']", []],
    ['contents = { packages = ["a"] }', []],
    ["[image]\ncmd = ['a']", []],
  ];
  for (const [text, lines] of cases) assert.deepEqual(findItemLines(text, ["contents", "packages"]), lines, text);
});

test("the original's manifests are read", { skip: originals.skip }, () => {
  const directory = originals.folder;
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".toml"));
  assert(names.length >= 10);
  for (const name of names) {
    const manifest = parseManifest(readFileSync(join(directory, name), "utf8"), name);
    assert(manifest.packages.length > 0 && manifest.repositories.length > 0, name);
  }
});

test("a base image is a layout, an archive, or an image of a registry, seen from the manifest", (t) => {
  const directory = temporary(t);
  mkdirSync(join(directory, "shared"));
  const shared = (image: string) => `[contents]\nrepositories = []\npackages = []\nbase = { image = "${image}" }\n`;
  const imageOf = (image: string): string | undefined => {
    writeFileSync(join(directory, "shared/base.toml"), shared(image));
    const text = 'include = ["shared/base.toml"]\n[contents]\nrepositories = []\npackages = []\n';
    return parseManifest(text, join(directory, "rpmoci.toml")).baseImage;
  };
  assert.equal(imageOf("oci:layout:1.0"), "oci:shared/layout:1.0");
  assert.equal(imageOf("../layout"), "layout");
  assert.equal(imageOf("oci-archive:/srv/base.tar"), "oci-archive:/srv/base.tar");
  assert.equal(imageOf("registry:example.com/base:1"), "registry:example.com/base:1");
  for (const image of ["", "docker-daemon:base", "podman:base", "docker-archive:base.tar"]) {
    assert.throws(() => parseManifest(shared(image), "rpmoci.toml"), { code: "MANIFEST_INVALID" }, image);
  }
});
