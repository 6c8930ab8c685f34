import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { RpmociError } from "../../src/errors.js";
import { parseManifest } from "../../src/manifest/load.js";
import type { RepositoryConfig } from "../../src/model/repository.js";
import { DEFAULT_TRANSFER } from "../../src/model/transport.js";
import { configureRepositories } from "../../src/repository/configure.js";
import { expandVariables } from "../../src/repository/expansion.js";
import { parseIni } from "../../src/repository/ini.js";
import { readDnfConfiguration, readSystemRepositories, type SystemRepositories } from "../../src/repository/system.js";
import { systemVariables, type Variables } from "../../src/repository/variables.js";

/** A directory that stands for `/`, with these files. */
function systemWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

async function configure(
  repository: string,
  systemRoot: string,
  { environment = {}, gpgkeys = [] }: { environment?: NodeJS.ProcessEnv; gpgkeys?: string[] } = {},
): Promise<RepositoryConfig> {
  const text = `contents = { packages = [], repositories = [${repository}], gpgkeys = ${JSON.stringify(gpgkeys)} }`;
  const manifest = parseManifest(text, "rpmoci.toml");
  const [config] = await configureRepositories(manifest, { arch: "x86_64", environment, systemRoot });
  assert(config !== undefined);
  return config;
}

/** A repository of the manifest with these options, on a system without any configuration. */
function withOptions(t: TestContext, options: Readonly<Record<string, string>>): Promise<RepositoryConfig> {
  const pairs = Object.entries(options).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return configure(`{ id = "r", url = "https://h/r", options = { ${pairs.join(", ")} } }`, systemWith(t, {}));
}

async function variablesOf(
  root: string,
  {
    arch = "x86_64",
    environment = {},
    releasever,
  }: { arch?: string; environment?: NodeJS.ProcessEnv; releasever?: string } = {},
): Promise<Variables> {
  const { variableDirectories: directories } = await readDnfConfiguration(root);
  return systemVariables({ arch, environment, root, directories, releasever, needsRelease: true });
}

async function systemOf(root: string): Promise<SystemRepositories> {
  return readSystemRepositories(await readDnfConfiguration(root));
}

/** The definitions' options. */
function optionsOf({ definitions }: SystemRepositories): Record<string, Readonly<Record<string, string>>> {
  return Object.fromEntries([...definitions].map(([id, { options }]) => [id, options]));
}

test("variables are expanded in both spellings, and unknown ones left", () => {
  const variables = new Map([
    ["basearch", "x86_64"],
    ["releasever", "9"],
    ["empty", ""],
  ]);
  const texts = {
    "https://h/$basearch/os": "https://h/x86_64/os",
    "https://h/\u0024{releasever}stream": "https://h/9stream",
    "$releasever-$basearch": "9-x86_64",
    $RELEASEVER: "9",
    "a$empty-b": "a-b",
    "$unknown/\u0024{other}": "$unknown/\u0024{other}",
    $releaseverx: "$releaseverx",
    "100$ $": "100$ $",
  };
  for (const [text, expanded] of Object.entries(texts)) assert.equal(expandVariables(text, variables).text, expanded);
  assert.deepEqual(expandVariables("$unknown/\u0024{other}/$", variables).unknown, ["unknown", "other"]);
});

test("variables have defaults and alternatives, nested as in dnf", () => {
  const variables = new Map([
    ["set", "yes"],
    ["empty", ""],
  ]);
  const texts = {
    "<${set:-default}>": "<yes>",
    "<${empty:-default}>": "<default>",
    "<${unset:-default}>": "<default>",
    "<${set:+other}>": "<other>",
    "<${empty:+other}><${unset:+other}>": "<><>",
    "${set:+${unset:-foobar}}": "foobar",
    "${unset:-a$set/${set}b}c": "ayes/yesbc",
    "${unset:-}": "",
    "\\$set \\\\ $set": "$set \\ yes",
    "${unset:-open": "${unset:-open",
    "\u0024{set:?x}": "\u0024{set:?x}",
  };
  for (const [text, expanded] of Object.entries(texts)) {
    assert.deepEqual(expandVariables(text, variables), { text: expanded, unknown: [] }, text);
  }
  // What is not taken need not have a value.
  assert.deepEqual(expandVariables("\u0024{set:-$unset}\u0024{set:+$other}", variables).unknown, ["other"]);
  const nested = (depth: number): string => `${"${unset:-".repeat(depth)}x${"}".repeat(depth)}`;
  assert.equal(expandVariables(nested(32), variables).text, "x");
  assert.match(expandVariables(nested(100_000), variables).text, /^\$/);
});

test("varsdir replaces the folders of variables, and contents.releasever wins over all", async (t) => {
  const root = systemWith(t, {
    "etc/dnf/dnf.conf": "[main]\nvarsdir=/first /second\n",
    "etc/dnf/vars/site": "unread",
    "first/site": "first",
    "second/site": "second",
    "second/releasever": "8",
    "etc/os-release": "ID=fedora\nVERSION_ID=41\n",
  });
  const environment = { DNF_VAR_releasever: "7.5" };
  const names = ["site", "releasever", "releasever_major", "releasever_minor"];
  const values = (variables: Variables): unknown => names.map((name) => variables.get(name));
  assert.deepEqual(values(await variablesOf(root)), ["second", "8", "8", ""]);
  assert.deepEqual(values(await variablesOf(root, { environment })), ["second", "7.5", "7", "5"]);
  assert.deepEqual(values(await variablesOf(root, { environment, releasever: "9.4" })), ["second", "9.4", "9", "4"]);
});

test("variables come from the system and the environment, the later winning", async (t) => {
  const root = systemWith(t, {
    "etc/os-release": 'NAME="CentOS Stream"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="9.4"\n',
    "etc/yum/vars/both": "yum\n",
    "etc/yum/vars/old": "yes\n",
    "etc/dnf/vars/both": "dnf\nsecond line\n",
    "etc/dnf/vars/overridden": "file",
    "etc/dnf/vars/blank": "",
    "etc/dnf/vars/basearch": "no",
  });
  const environment = { DNF0: "zero", DNF10: "no", DNF_VAR_overridden: "environment", DNF_VAR_arch: "no", OTHER: "no" };
  const variables = await variablesOf(root, { arch: "i686", environment });
  assert.deepEqual(Object.fromEntries(variables), {
    arch: "i686",
    basearch: "i386",
    releasever: "9",
    releasever_major: "9",
    releasever_minor: "",
    both: "dnf",
    old: "yes",
    overridden: "environment",
    blank: "",
    DNF0: "zero",
  });
});

test("the release is known on distributions of RPMs only", async (t) => {
  const release = async (text: string, environment: NodeJS.ProcessEnv = {}): Promise<(string | undefined)[]> => {
    const variables = await variablesOf(systemWith(t, { "etc/os-release": text }), { environment });
    return ["releasever", "releasever_major", "releasever_minor"].map((name) => variables.get(name));
  };
  assert.deepEqual(await release("ID=fedora\nVERSION_ID=41\n"), ["41", "41", ""]);
  assert.deepEqual(await release('ID="rhel"\nVERSION_ID="9.4"\n'), ["9", "9", ""]);
  assert.deepEqual(await release("ID=azurelinux\nVERSION_ID=3.0\n"), ["3.0", "3", "0"]);
  assert.deepEqual(await release("ID=debian\nVERSION_ID=12\n"), [undefined, undefined, undefined]);
  assert.deepEqual(await release("ID=debian\n", { DNF_VAR_releasever: "8.1" }), ["8.1", "8", "1"]);
});

test("INI is read as dnf reads it", () => {
  const sections = parseIni(
    [
      "before = any section",
      "[copr:host:user:name]",
      'name = A\'s "name" ; with # all',
      "# baseurl = comment",
      "baseurl=https://h/a?b=c#d",
      "\thttps://h/b",
      "  # a comment between",
      "  https://h/c",
      'password = p;a#s\\s"w',
      "empty =",
      "no value",
      "",
      "  indented = key",
      "[a.b.c] # comment",
      "x=1",
      "x = 2",
      "[copr:host:user:name]",
      "more = yes",
    ].join("\r\n"),
  );
  assert.deepEqual(Object.fromEntries(sections), {
    "copr:host:user:name": {
      name: 'A\'s "name" ; with # all',
      baseurl: "https://h/a?b=c#d https://h/b https://h/c",
      password: 'p;a#s\\s"w',
      empty: "",
      indented: "key",
      more: "yes",
    },
    "a.b.c": { x: "2" },
  });
});

test("the system's repositories: inheritance, order, and what is no repository", async (t) => {
  const root = systemWith(t, {
    "etc/dnf/dnf.conf":
      "[main]\ngpgcheck=0\nrepo_gpgcheck=1\ntimeout = 7\nsslverify=no\nproxy=http://p:1\nexcludepkgs=kernel\nbest=1\n[inmain]\nbaseurl=http://main/\n",
    "etc/yum.repos.d/b.repo": "[second]\nbaseurl=http://b/\n[twice]\nbaseurl=http://late/\n",
    "etc/yum.repos.d/a.repo": "[first]\nbaseurl=http://a/\ngpgcheck=1\n[twice]\nbaseurl=http://early/\n",
    "etc/yum.repos.d/ignored.repo.rpmnew": "[ignored]\nbaseurl=http://i/\n",
    "etc/distro.repos.d/z.repo": "[third]\nbaseurl=http://z/\n[twice]\nbaseurl=http://latest/\n[main]\nx=1\n",
  });
  const system = await systemOf(root);
  const inherited = { repo_gpgcheck: "1", timeout: "7", sslverify: "no", proxy: "http://p:1" };
  assert.deepEqual(optionsOf(system), {
    inmain: { ...inherited, gpgcheck: "0", baseurl: "http://main/" },
    first: { ...inherited, gpgcheck: "1", baseurl: "http://a/" },
    twice: { ...inherited, gpgcheck: "0", baseurl: "http://latest/" },
    second: { ...inherited, gpgcheck: "0", baseurl: "http://b/" },
    third: { ...inherited, gpgcheck: "0", baseurl: "http://z/" },
  });
  assert.equal(system.directories.length, 3);
});

test("reposdir replaces the directories", async (t) => {
  const root = systemWith(t, {
    "etc/dnf/dnf.conf": "[main]\nreposdir=/one, /two\n",
    "etc/yum.repos.d/a.repo": "[hidden]\nbaseurl=http://a/\n",
    "two/a.repo": "[b]\nbaseurl=http://two/\n",
    "one/z.repo": "[b]\nbaseurl=http://one/\n",
  });
  const system = await systemOf(root);
  assert.deepEqual(system.directories, [join(root, "one"), join(root, "two")]);
  assert.deepEqual(optionsOf(system), { b: { baseurl: "http://one/" } });
});

test("a repository of the system is configured from its file, one that is not there is named", async (t) => {
  const root = systemWith(t, {
    "etc/yum.repos.d/a.repo": [
      "[fedora.x]",
      "name=Fedora",
      "enabled=0",
      "metalink=https://mirrors/$basearch",
      "gpgkey=file:///etc/pki/KEY-$basearch",
      "  https://h/KEY2",
      "metadata_expire=7d",
      "repo_gpgcheck=1",
      "cost = 500",
      "[bare]",
      "enabled=1",
      "[list]",
      "mirrorlist=https://m/",
    ].join("\n"),
  });
  const config = await configure('"fedora.x"', root, { gpgkeys: ["https://global/KEY", "https://h/KEY2"] });
  assert.ok(Math.abs(config.definedAt - Date.now()) < 60_000);
  assert.deepEqual(config, {
    definedAt: config.definedAt,
    metadataExpire: 7 * 86_400,
    id: "fedora.x",
    baseUrls: [],
    mirrorSource: { kind: "metalink", url: "https://mirrors/x86_64" },
    priority: 99,
    cost: 500,
    gpgcheck: true,
    repoGpgcheck: true,
    gpgkeys: ["https://global/KEY", "https://h/KEY2", "file:///etc/pki/KEY-x86_64"],
    includePackages: [],
    excludePackages: [],
    moduleHotfixes: false,
    skipIfUnavailable: false,
    transfer: DEFAULT_TRANSFER,
  });
  assert.equal((await configure('"list"', root)).mirrorSource?.kind, "mirrorlist");
  await assert.rejects(configure('"absent"', root), (error: RpmociError) => {
    assert.equal(error.code, "REPOSITORY_UNKNOWN");
    assert.equal(error.message, "Repository not found in system config, repoid: 'absent'");
    assert.match(error.hint ?? "", /fedora\.x, bare, list/);
    return true;
  });
  await assert.rejects(configure('"absent"', systemWith(t, {})), /Repository not found/);
  await assert.rejects(configure('"bare"', root), { code: "REPOSITORY_WITHOUT_URL", kind: "manifest" });
});

test("repositories keep the manifest's order", async (t) => {
  const manifest = parseManifest(
    'contents = { packages = [], repositories = ["https://h/z", "https://h/a"] }',
    "rpmoci.toml",
  );
  const configs = await configureRepositories(manifest, {
    arch: "x86_64",
    environment: {},
    systemRoot: systemWith(t, {}),
  });
  assert.deepEqual(
    configs.map(({ id }) => id),
    ["h_z", "h_a"],
  );
});

const honoured: readonly (readonly [Readonly<Record<string, string>>, Partial<RepositoryConfig>])[] = [
  [{}, { gpgcheck: true, priority: 99, cost: 1000, baseUrls: ["https://h/r"], transfer: DEFAULT_TRANSFER }],
  [{ priority: "10" }, { priority: 10 }],
  [{ cost: "-5" }, { cost: -5 }],
  [{ gpgcheck: "false" }, { gpgcheck: false }],
  [{ gpgcheck: "1" }, { gpgcheck: true }],
  [{ pkg_gpgcheck: "no" }, { gpgcheck: false }],
  [{ includepkgs: "a, b  c*" }, { includePackages: ["a", "b", "c*"] }],
  [{ excludepkgs: "x", exclude: "y" }, { excludePackages: ["y", "x"] }],
  [{ skip_if_unavailable: "True" }, { skipIfUnavailable: true }],
  [{ module_hotfixes: "1" }, { moduleHotfixes: true }],
  [{ gpgkey: "https://k/1,https://k/2 https://k/1" }, { gpgkeys: ["https://k/1", "https://k/2"] }],
  [{ gpgkey: "/etc/pki/a" }, { gpgkeys: ["file:///etc/pki/a"] }],
  [{ sslverify: "off" }, { transfer: { ...DEFAULT_TRANSFER, sslverify: false } }],
  [{ sslcacert: "/ca" }, { transfer: { ...DEFAULT_TRANSFER, sslcacert: "/ca" } }],
  [
    { sslclientcert: "/c", sslclientkey: "/k" },
    { transfer: { ...DEFAULT_TRANSFER, sslclientcert: "/c", sslclientkey: "/k" } },
  ],
  [{ timeout: "2m" }, { transfer: { ...DEFAULT_TRANSFER, timeout: 120 } }],
  [{ minrate: "2k" }, { transfer: { ...DEFAULT_TRANSFER, minrate: 2048 } }],
  [{ retries: "7" }, { transfer: { ...DEFAULT_TRANSFER, retries: 7 } }],
  [{ proxy: "_none_" }, { transfer: DEFAULT_TRANSFER }],
  [{ proxy_auth_method: "Digest" }, { transfer: { ...DEFAULT_TRANSFER, proxyAuthentication: "digest" } }],
  [{ proxy_auth_method: "ntlm_wb" }, { transfer: { ...DEFAULT_TRANSFER, proxyAuthentication: "ntlm" } }],
  [{ sslverifystatus: "1" }, { transfer: { ...DEFAULT_TRANSFER, sslverifystatus: true } }],
  [
    { proxy: "http://p:3128", proxy_username: "u@x", proxy_password: "p:w" },
    { transfer: { ...DEFAULT_TRANSFER, proxy: "http://u%40x:p%3Aw@p:3128/" } },
  ],
  [
    { username: "u", password: "p" },
    { transfer: { ...DEFAULT_TRANSFER, credentials: { username: "u", password: "p" } } },
  ],
  [{ username: "u" }, { transfer: { ...DEFAULT_TRANSFER, credentials: { username: "u", password: "" } } }],
  [{ password: "p" }, { transfer: DEFAULT_TRANSFER }],
  [{ name: "N", enabled: "0", metadata_expire: "1", fastestmirror: "1", keepcache: "1" }, { id: "r" }],
  [{}, { metadataExpire: 172_800, definedAt: 0 }],
  [{ metadata_expire: "6h" }, { metadataExpire: 21_600 }],
  [{ metadata_expire: "1.5D" }, { metadataExpire: 129_600 }],
  [{ metadata_expire: "0" }, { metadataExpire: 0 }],
  [{ metadata_expire: "-1" }, { metadataExpire: null }],
  [{ metadata_expire: "never" }, { metadataExpire: null }],
  [{ ip_resolve: "IPv6" }, { transfer: { ...DEFAULT_TRANSFER, ipVersion: 6 } }],
  [{ ip_resolve: "4" }, { transfer: { ...DEFAULT_TRANSFER, ipVersion: 4 } }],
  [{ ip_resolve: "whatever" }, { transfer: DEFAULT_TRANSFER }],
  [{ user_agent: "me/1" }, { transfer: { ...DEFAULT_TRANSFER, headers: { "user-agent": "me/1" } } }],
  [{ timeout: "0" }, { transfer: DEFAULT_TRANSFER }],
  [
    { proxy_sslverify: "0", proxy_sslcacert: "/ca" },
    {
      transfer: {
        ...DEFAULT_TRANSFER,
        proxyTls: { ...DEFAULT_TRANSFER.proxyTls, sslverify: false, sslcacert: "/ca" },
      },
    },
  ],
  [{ metalink: "https://m/" }, { baseUrls: ["https://h/r"], mirrorSource: { kind: "metalink", url: "https://m/" } }],
  [{}, { repoGpgcheck: false }],
  [{ repo_gpgcheck: "0" }, { repoGpgcheck: false }],
  [
    { repo_gpgcheck: "1", gpgcheck: "0" },
    { repoGpgcheck: true, gpgcheck: false },
  ],
];
for (const [options, expected] of honoured) {
  test(`honoured: ${JSON.stringify(options)}`, async (t) => {
    const config = await withOptions(t, options);
    for (const [name, value] of Object.entries(expected))
      assert.deepEqual(config[name as keyof RepositoryConfig], value, name);
  });
}

/** dnf.conf(5) of dnf 4.20: "Repo options", and those for both [main] and repositories; and what dnf takes beside them. */
const DOCUMENTED = `baseurl cost enabled gpgkey metalink mirrorlist module_hotfixes name priority type
  bandwidth countme deltarpm deltarpm_percentage enablegroups excludepkgs fastestmirror gpgcheck includepkgs ip_resolve
  localpkg_gpgcheck max_parallel_downloads metadata_expire minrate password proxy proxy_username proxy_password
  proxy_auth_method proxy_sslcacert proxy_sslverify proxy_sslclientcert proxy_sslclientkey repo_gpgcheck retries
  skip_if_unavailable sslcacert sslverify sslverifystatus sslclientcert sslclientkey throttle timeout username user_agent
  cachedir enabled_metadata exclude max_downloads_per_mirror mediaid pkg_gpgcheck protected_packages`.split(/\s+/);

test("every option that dnf documents for repositories is known", async (t) => {
  const values: Readonly<Record<string, string>> = {
    proxy: "http://p:1",
    proxy_auth_method: "any",
    ip_resolve: "4",
    type: "rpm-md",
    metalink: "https://m/",
    mirrorlist: "https://m/",
    gpgkey: "https://k/",
    module_hotfixes: "0",
    sslverifystatus: "0",
  };
  for (const name of DOCUMENTED) {
    if (name === "baseurl") continue;
    await assert.doesNotReject(withOptions(t, { [name]: values[name] ?? "1" }), name);
  }
});

test("an option that is not dnf's is refused in the manifest, and passed over in the system's files", async (t) => {
  const root = systemWith(t, {
    "etc/yum.repos.d/a.repo": "[a]\nbaseurl=https://h/\nfrobnicate=1\nenablegroups=1\n",
  });
  assert.equal((await configure('"a"', root)).id, "a");
  const unsupported = systemWith(t, { "etc/yum.repos.d/a.repo": "[a]\nbaseurl=https://h/\nenablegroups=0\n" });
  await assert.rejects(configure('"a"', unsupported), /the option enablegroups = "0" is not supported/);
});

const refused: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
  [{ gpgchek: "0" }, /^repository "r": the option "gpgchek" is not supported$/],
  [{ type: "yast2" }, /the option type = "yast2" is not supported/],
  [{ enablegroups: "0" }, /the option enablegroups = "0" is not supported/],
  [{ sslverifystatus: "perhaps" }, /the option sslverifystatus = "perhaps" is not a boolean/],
  [{ proxy_auth_method: "token" }, /the option proxy_auth_method = "token" is not one of none, basic, digest, /],
  [{ ip_resolve: "5" }, /the option ip_resolve = "5" is not an IP version/],
  [{ metadata_expire: "soon" }, /the option metadata_expire = "soon" is not a number of seconds/],
  [{ metadata_expire: "-2" }, /the option metadata_expire = "-2" is not a number of seconds/],
  [{ repo_gpgcheck: "perhaps" }, /the option repo_gpgcheck = "perhaps" is not a boolean/],
  [{ baseurl: "https://other/" }, /the option "baseurl" is not supported/],
  [{ gpgcheck: "maybe" }, /the option gpgcheck = "maybe" is not a boolean/],
  [{ sslverify: "" }, /the option sslverify = "" is not a boolean/],
  [{ priority: "1.5" }, /the option priority = "1\.5" is not a whole number/],
  [{ timeout: "soon" }, /the option timeout = "soon" is not a number of seconds/],
  [{ gpgkey: "KEY" }, /KEY is not an http, https or file URL/],
  [{ gpgkey: "https://k/$nowhere" }, /the variable \$nowhere in https:\/\/k\/\$nowhere has no value/],
];
for (const [options, message] of refused) {
  test(`refused by name: ${JSON.stringify(options)}`, async (t) => {
    await assert.rejects(withOptions(t, options), (error: RpmociError) => {
      assert(error instanceof RpmociError);
      assert.equal(error.kind, "manifest");
      assert.match(error.message, message);
      return true;
    });
  });
}

test("base URLs: variables, slashes, paths, and foreign protocols", async (t) => {
  const root = systemWith(t, { "etc/dnf/vars/site": "mirror.example\n" });
  const urls = async (url: string): Promise<readonly string[]> => (await configure(`"${url}"`, root)).baseUrls;
  assert.deepEqual(await urls("https://h/$arch/\u0024{basearch}//"), ["https://h/x86_64/x86_64"]);
  assert.deepEqual(await urls("https://$site/x"), ["https://mirror.example/x"]);
  assert.deepEqual(await urls("file:///srv/repo/"), ["file:///srv/repo"]);
  assert.deepEqual(await urls("https://h/a,b c/"), ["https://h/a,b c"]);
  await assert.rejects(urls("ftp://h/x"), { code: "REPOSITORY_URL_INVALID" });
  await assert.rejects(urls("https://h/$releasever"), { code: "VARIABLE_UNKNOWN" });
});

test("credentials come from the environment by the upper-case id, and win over options", async (t) => {
  const root = systemWith(t, {});
  const environment = {
    "RPMOCI_H.EXAMPLE_A-B_HTTP_USERNAME": "user",
    "RPMOCI_H.EXAMPLE_A-B_HTTP_PASSWORD": "p:w",
    RPMOCI_OTHER_HTTP_USERNAME: "no",
  };
  const credentials = async (repository: string): Promise<unknown> =>
    (await configure(repository, root, { environment })).transfer.credentials;
  assert.deepEqual(await credentials('"https://h.example/a-b"'), { username: "user", password: "p:w" });
  assert.deepEqual(
    await credentials('{ url = "https://x/", id = "h.example_a-b", options = { username = "o", password = "o" } }'),
    { username: "user", password: "p:w" },
  );
  assert.equal(await credentials('"https://h.example/c"'), undefined);
});
