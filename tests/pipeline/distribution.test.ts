import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { parseLockfile } from "../../src/lockfile/read.js";
import { type DistributionFixture, distributionFixture } from "../support/distribution-fixture.js";
import { startServer } from "../support/http-server.js";
import { digestOf, layerEntries, readImage } from "../support/image.js";
import { projectRoot } from "../support/project.js";
import { type RunResult, rpmoci, run, runSuccessfully } from "../support/run.js";
import { removeTree, temporaryDirectory } from "../support/temporary-directory.js";
import { assertSoundLayout } from "../support/validate-layout.js";

interface Example {
  readonly name: string;
  readonly set: "small" | "default";
  readonly kind: "plain" | "elf";
  /** Programs that must run in the unpacked root, with what they must say on either output. */
  readonly programs: readonly (readonly [readonly string[], RegExp])[];
}

const EXAMPLES: readonly Example[] = [
  { name: "nginx", set: "small", kind: "plain", programs: [[["nginx", "-t"], /test is successful/]] },
  { name: "nginx", set: "small", kind: "elf", programs: [[["nginx", "-t"], /test is successful/]] },
  {
    name: "python",
    set: "default",
    kind: "plain",
    programs: [
      [["python3", "-c", "import json, sqlite3, ssl; print(ssl.OPENSSL_VERSION)"], /^OpenSSL 3/],
      [["openssl", "version"], /^OpenSSL 3/],
    ],
  },
  { name: "postgresql", set: "default", kind: "elf", programs: [[["psql", "--version"], /^psql \(PostgreSQL\)/]] },
];

class Workshop {
  private constructor(
    readonly directory: string,
    readonly distribution: DistributionFixture,
    readonly url: string,
  ) {}

  /** The distribution behind HTTP, and a folder with the example's manifest. */
  static async open(t: TestContext, example: Example): Promise<Workshop | null> {
    const distribution = await distributionFixture(t, example.set, example.kind);
    if (distribution === null) return null;
    const directory = temporaryDirectory(t);
    const server = await startServer({ folders: { "/": distribution.folder } });
    t.after(() => server.close());
    cpSync(join(projectRoot, "examples/local", example.name, "rpmoci.toml"), join(directory, "example.toml"));
    // The examples name a folder; here the same files come over HTTP.
    const text = readFileSync(join(directory, "example.toml"), "utf8").replaceAll("file://$distribution", server.url);
    writeFileSync(join(directory, "rpmoci.toml"), text);
    return new Workshop(directory, distribution, server.url);
  }

  /** All of it, whatever was built before. */
  build(
    tag: string,
    environment: Readonly<Record<string, string | undefined>> = {},
    options: readonly string[] = [],
  ): Promise<RunResult> {
    return rpmoci(["build", "--no-cache", "--image", "image", "--tag", tag, ...options], {
      cwd: this.directory,
      env: { XDG_CACHE_HOME: join(this.directory, "cache"), ...environment },
    });
  }

  path(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }
}

/** The image's root as umoci unpacks it. */
async function unpack(t: TestContext, workshop: Workshop, tag: string): Promise<string> {
  const bundle = workshop.path(`bundle-${tag}`);
  t.after(() => removeTree(bundle));
  const rootless = process.geteuid?.() === 0 ? [] : ["--rootless"];
  await runSuccessfully("umoci", ["unpack", ...rootless, "--image", `${workshop.path("image")}:${tag}`, bundle]);
  return join(bundle, "rootfs");
}

for (const example of EXAMPLES) {
  test(`examples/local/${example.name} of the ${example.kind} distribution builds, and other tools agree`, async (t) => {
    const workshop = await Workshop.open(t, example);
    if (workshop === null) return;
    const result = await workshop.build("test");
    assert.equal(result.code, 0, result.stderr);
    const layout = workshop.path("image");
    assertSoundLayout(layout);

    await t.test("skopeo inspects it and copies it into a docker archive", async () => {
      const inspected = JSON.parse(await runSuccessfully("skopeo", ["inspect", `oci:${layout}:test`]));
      assert.equal(inspected.Digest, digestOf(layout, "test"));
      const archive = `docker-archive:${workshop.path("archive.tar")}:example:test`;
      await runSuccessfully("skopeo", ["copy", "--insecure-policy", `oci:${layout}:test`, archive]);
      rmSync(workshop.path("archive.tar"));
    });

    const root = await unpack(t, workshop, "test");
    await t.test("its programs run in the unpacked root", async (t) => {
      if (process.geteuid?.() !== 0) return t.skip("only root can change the root directory");
      for (const [command, said] of example.programs) {
        const { code, stdout, stderr } = await run("chroot", [root, ...command]);
        assert.equal(code, 0, `${command.join(" ")}: ${stderr}`);
        assert.match(`${stdout}${stderr}`, said);
      }
      const { config } = readImage(layout, "test").config;
      assert.ok((config.Entrypoint ?? []).length > 0);
    });

    await t.test("the rpm database is where scanners look, lists exactly the lock, and verifies", async (t) => {
      const fresh = await unpack(t, workshop, "test").catch(() => root);
      const dbPath = "/var/lib/rpm";
      const rpm = ["--root", fresh, "--dbpath", dbPath];
      if (process.geteuid?.() !== 0) return t.skip("rpm --root needs root");
      const installed = await runSuccessfully("rpm", [
        ...rpm,
        "-qa",
        "--qf",
        "%{NAME} %|EPOCH?{%{EPOCH}:}|%{EVR} %{ARCH}\\n",
      ]);
      const lock = parseLockfile(readFileSync(workshop.path("rpmoci.lock"), "utf8"), "rpmoci.lock");
      assert.deepEqual(
        installed.trim().split("\n").map(withoutRepeatedEpoch).sort(),
        lock.packages.map(({ name, evr, arch }) => `${name} ${evr} ${arch}`).sort(),
      );
      const verified = await run("rpm", [...rpm, "-Va"]);
      const complaints = verified.stdout.split("\n").filter((line) => line !== "" && !/^missing +d /.test(line));
      assert.deepEqual(
        complaints.filter((line) => !/ \/(run|var\/log|etc\/.*-$)/.test(line)),
        [],
      );
    });
  });
}

/** `%{EVR}` has the epoch already where rpm knows it. */
function withoutRepeatedEpoch(line: string): string {
  return line.replace(/ (\d+:)\1/, " $1");
}

test("users, capabilities and hard links of real packages are in the layer", async (t) => {
  const workshop = await Workshop.open(t, { name: "nginx", set: "small", kind: "plain", programs: [] });
  if (workshop === null) return;
  const result = await workshop.build("test");
  assert.equal(result.code, 0, result.stderr);
  const entries = await layerEntries(workshop.path("image"), "test");
  assert.match(entries.get("etc/passwd")?.content ?? "", /^nginx:/m);
  assert.ok(
    [...entries.values()].some(({ uid, gid }) => uid !== 0 || gid !== 0),
    "everything belongs to root",
  );
  assert.equal(entries.get("etc/machine-id")?.size ?? 0, 0);
});

test("a local RPM is installed beside the distribution", async (t) => {
  const workshop = await Workshop.open(t, { name: "nginx", set: "small", kind: "plain", programs: [] });
  if (workshop === null) return;
  mkdirSync(workshop.path("local"));
  cpSync(join(workshop.distribution.folder, "local"), workshop.path("local"), { recursive: true });
  const manifest = readFileSync(workshop.path("rpmoci.toml"), "utf8");
  writeFileSync(
    workshop.path("rpmoci.toml"),
    manifest.replace('packages = ["nginx"]', 'packages = ["local/demo-site-*.rpm"]'),
  );
  const result = await workshop.build("test");
  assert.equal(result.code, 0, result.stderr);
  const lock = parseLockfile(readFileSync(workshop.path("rpmoci.lock"), "utf8"), "rpmoci.lock");
  assert.deepEqual(
    lock.localPackages.map(({ name }) => name),
    ["demo-site"],
  );
  assert.ok(lock.packages.some(({ name }) => name === "nginx"));
});

test("the distribution gives the same digest twice, by either engine, and as root of a user namespace", async (t) => {
  const workshop = await Workshop.open(t, { name: "postgresql", set: "default", kind: "elf", programs: [] });
  if (workshop === null) return;
  const environment = { SOURCE_DATE_EPOCH: "1750000000" };
  for (const tag of ["one", "two"]) {
    const result = await workshop.build(tag, { ...environment, TZ: tag === "two" ? "Asia/Tokyo" : "UTC" });
    assert.equal(result.code, 0, result.stderr);
  }
  const layout = workshop.path("image");
  assert.equal(digestOf(layout, "two"), digestOf(layout, "one"));
  const byRpm = await workshop.build("rpm", environment, ["--engine", "rpm"]);
  assert.equal(byRpm.code, 0, byRpm.stderr);
  assert.equal(digestOf(layout, "rpm"), digestOf(layout, "one"));
  const unshare = ["--user", "--map-auto", "--map-root-user"];
  if (process.geteuid?.() !== 0 || (await run("unshare", [...unshare, "true"])).code !== 0) return;
  for (const engine of ["dnf", "rpm"]) {
    const options = ["--locked", "--no-cache", "--engine", engine, "--image", "image", "--tag", `namespace-${engine}`];
    const build = [process.execPath, join(projectRoot, "dist/main.js"), "build", ...options];
    await runSuccessfully("unshare", [...unshare, ...build], {
      cwd: workshop.directory,
      env: { ...environment, XDG_CACHE_HOME: workshop.path("cache") },
    });
    assert.equal(digestOf(layout, `namespace-${engine}`), digestOf(layout, "one"), engine);
  }
});
