import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import type { RpmociEvent } from "../../src/events.js";
import { RpmociError, type UpdateResult, update } from "../../src/index.js";
import { startServer, type TestServer } from "../support/http-server.js";
import { Scene } from "../support/scene.js";

/** A system whose dnf has these plugins, by name, and whose repository `tiny` lies where nothing is. */
class PluginScene {
  readonly events: RpmociEvent[] = [];

  private constructor(
    readonly scene: Scene,
    readonly root: string,
    readonly other: TestServer,
  ) {}

  static async create(t: TestContext, plugins: Readonly<Record<string, string>>, main = ""): Promise<PluginScene> {
    const scene = await Scene.create(t, { packages: ["tool-1.8", "tool-2.0"] });
    const other = await startServer({ folders: { "/elsewhere/9": scene.repository } });
    t.after(() => other.close());
    const root = scene.path("system");
    const files = {
      "etc/dnf/dnf.conf": `[main]\npluginpath=/plugins\npluginconfpath=/plugins.conf\nreposdir=/definitions\nvarsdir=/vars\n${main}\n`,
      "vars/release": "9\n",
      "definitions/tiny.repo": `[tiny]\nname=Tiny\nenabled=0\nbaseurl=${scene.server.url}/nothing/$release\ngpgkey=${scene.keyUrl}\n[other]\nname=Other\nbaseurl=http://127.0.0.1:9/\n`,
      ...Object.fromEntries(Object.entries(plugins).map(([name, text]) => [`plugins/${name}.py`, text])),
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    scene.writeManifest({ repositories: ["tiny"], packages: ["tool"], gpgkeys: [], os_release: false });
    return new PluginScene(scene, root, other);
  }

  update(environment: NodeJS.ProcessEnv = {}): Promise<UpdateResult> {
    this.events.length = 0;
    return update({
      manifestPath: this.scene.path("rpmoci.toml"),
      cacheDirectory: this.scene.path("cache"),
      systemRoot: this.root,
      environment: { ...process.env, ...environment },
      emit: (event) => this.events.push(event),
      refresh: true,
    });
  }

  warnings(): readonly string[] {
    return this.events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
  }
}

/** A plugin of dnf 4 with this body of `config()`, which dnf calls when the definitions have been read. */
function plugin(body: string, name = "moving"): string {
  const indented = body.replaceAll("\n", "\n        ");
  return `import dnf\nclass Moving(dnf.Plugin):\n    name = "${name}"\n    def config(self):\n        ${indented}\n`;
}

const move = (url: string): string =>
  plugin(
    `print("plugins may print")
import os; os.system("echo and their programs, too; echo and complain >&2")
for repo in self.base.repos.iter_enabled():
    assert repo.id == "tiny"
    repo.baseurl = ["${url}/elsewhere/$release"]
    repo.excludepkgs = ["tool-2*"]
    repo.set_http_headers(["X-Entitlement: s3cret"])`,
  );

test("what a plugin of dnf makes of a system repository is what counts", async (t) => {
  const setUp = await PluginScene.create(t, {});
  const { scene, root, other } = setUp;
  await assert.rejects(setUp.update(), /nothing\/9\/repodata\/repomd\.xml: not found/);
  assert.ok(setUp.events.some((event) => event.type === "debug" && /dnf has no plugins/.test(event.message)));
  mkdirSync(join(root, "plugins"));
  writeFileSync(join(root, "plugins/moving.py"), move(other.url));
  const { lockfile } = await setUp.update();
  assert.deepEqual(
    lockfile.packages.map(({ name, evr, repositoryId }) => [name, evr, repositoryId]),
    [["tool", "1.8.0-1", "tiny"]],
  );
  assert.deepEqual(
    [...lockfile.repositoryKeys.values()].map(({ gpgcheck, keys }) => [gpgcheck, keys.length]),
    [[true, 1]],
  );
  assert.ok(other.requests.length >= 2);
  for (const { headers } of other.requests) assert.equal(headers["x-entitlement"], "s3cret");
  // The key lies on another host.
  const keyRequests = scene.server.requests.filter(({ path }) => path.startsWith("/keys/"));
  assert.ok(keyRequests.length > 0 && keyRequests.every(({ headers }) => headers["x-entitlement"] === undefined));
  assert.deepEqual(setUp.warnings(), []);
  const debug = setUp.events.flatMap((event) => (event.type === "debug" ? [event.message] : []));
  for (const line of ["dnf: plugins may print", "dnf: and their programs, too", "dnf: and complain"])
    assert.ok(debug.includes(line), line);
});

test("client certificates that a plugin names are used", async (t) => {
  const setUp = await PluginScene.create(t, {
    entitlement: plugin('repo = self.base.repos["tiny"]\nrepo.sslclientcert = "/nowhere/entitlement.pem"'),
  });
  await assert.rejects(setUp.update(), /Failed to read sslclientcert \/nowhere\/entitlement\.pem/);
});

test("plugins that are turned off change nothing", async (t) => {
  const off = await PluginScene.create(t, { moving: plugin("raise SystemExit(7)") }, "plugins=0");
  await assert.rejects(off.update(), /nothing\/9/);
  const one = await PluginScene.create(t, { moving: plugin("raise SystemExit(7)") });
  mkdirSync(join(one.root, "plugins.conf"));
  writeFileSync(join(one.root, "plugins.conf/moving.conf"), "[main]\nenabled = 0\n");
  await assert.rejects(one.update(), /nothing\/9/);
  assert.deepEqual([...off.warnings(), ...one.warnings()], []);
});

test("a plugin that fails is a warning, and an error where it is one of dnf's", async (t) => {
  const setUp = await PluginScene.create(t, {
    broken: "import no_such_module\n",
    failing: plugin('raise ValueError("no luck")', "failing"),
  });
  await assert.rejects(setUp.update(), /nothing\/9/);
  assert.equal(setUp.warnings().length, 2);
  assert.match(setUp.warnings().join("\n"), /dnf: .*broken.*no_such_module/);
  assert.match(setUp.warnings().join("\n"), /dnf: ValueError: no luck/);
  const fatal = await PluginScene.create(t, {
    refusing: plugin('import dnf.exceptions\nraise dnf.exceptions.Error("this system is not registered")'),
  });
  await assert.rejects(fatal.update(), (error: RpmociError) => {
    assert.ok(error instanceof RpmociError);
    assert.deepEqual([error.kind, error.code], ["environment", "DNF_PLUGIN_FAILED"]);
    assert.match(error.message, /this system is not registered/);
    return true;
  });
});

test("where dnf cannot be asked, a warning says so and the files are read", async (t) => {
  const setUp = await PluginScene.create(t, { ending: plugin("import os; os._exit(3)") });
  await assert.rejects(setUp.update(), /nothing\/9/);
  assert.match(
    setUp.warnings().join("\n"),
    /^dnf cannot be asked what its plugins make of .*: \S*python\S* failed: status 3$/,
  );
  await assert.rejects(setUp.update({ PATH: "/nowhere" }), /nothing\/9/);
  assert.match(setUp.warnings().join("\n"), /^dnf cannot be asked .*: dnf was not found on PATH/);
});

test("a repository that a plugin adds can be named; one that nobody has is told from it", async (t) => {
  const adding = plugin('self.base.repos.add_new_repo("added", self.base.conf, baseurl=["http://127.0.0.1:9/x"])');
  const setUp = await PluginScene.create(t, { adding });
  const { scene } = setUp;
  scene.writeManifest({ repositories: ["absent"], packages: ["tool"], os_release: false });
  await assert.rejects(setUp.update(), (error: RpmociError) => {
    assert.match(error.message, /Repository not found in system config, repoid: 'absent'/);
    assert.match(error.hint ?? "", /tiny, other, added/);
    return true;
  });
  scene.writeManifest({ repositories: ["added"], packages: ["tool"], os_release: false });
  await assert.rejects(setUp.update(), /"added".*127\.0\.0\.1:9\/x.*connection refused/);
});
