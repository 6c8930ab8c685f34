/** Every manifest of examples/ is built, from repositories on this machine that pass for those that it names. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { type ExampleHosts, startExampleHosts } from "../support/example-hosts.js";
import { ownPackage } from "../support/example-packages.js";
import { blobPath, readImage } from "../support/image.js";
import { projectRoot } from "../support/project.js";
import { buildRpms } from "../support/rpm-fixture.js";
import { type RunResult, run } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const root = join(projectRoot, "examples");
const names = readdirSync(root, { recursive: true, encoding: "utf8" })
  // Others are built by tests of their own, which make what these two need.
  .filter((name) => name.endsWith("/rpmoci.toml") && !/local\/architectures|topics\/base-image/.test(name))
  .map(dirname)
  .sort();
const isRoot = process.geteuid?.() === 0;

/** A copy of all examples, in which one is built. */
class Example {
  readonly #copy: string;
  /** Before the command: what makes the system's repositories those of the example. */
  readonly #prefix: readonly string[];

  constructor(
    t: TestContext,
    readonly name: string,
    readonly hosts: ExampleHosts,
  ) {
    this.#copy = temporaryDirectory(t);
    cpSync(root, this.#copy, { recursive: true });
    this.#prefix = name === "topics/system-repositories" ? this.#systemRepositories() : [];
  }

  get directory(): string {
    return join(this.#copy, this.name);
  }

  /** A mount namespace in which the system has the repositories of a Fedora system. */
  #systemRepositories(): readonly string[] {
    const dnf = join(this.#copy, "dnf");
    mkdirSync(join(dnf, "definitions"), { recursive: true });
    writeFileSync(join(dnf, "dnf.conf"), "[main]\nreposdir=/etc/dnf/definitions\n");
    const definitions = ["fedora", "updates"].map(
      (id) =>
        `[${id}]\nname=${id}\nbaseurl=file://$distribution/repo\ngpgkey=file://$distribution/keys/RPM-GPG-KEY-demo.asc\n`,
    );
    writeFileSync(join(dnf, "definitions/fedora.repo"), definitions.join("\n"));
    return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/dnf && exec "$@"', dnf];
  }

  run(...args: readonly string[]): Promise<RunResult> {
    const [program = "", ...rest] = [...this.#prefix, process.execPath, join(projectRoot, "dist/main.js"), ...args];
    const env = {
      ...this.hosts.env,
      XDG_CACHE_HOME: join(this.#copy, "cache"),
      NO_COLOR: "1",
      SOURCE_DATE_EPOCH: "1720000000",
    };
    return run(program, rest, { cwd: this.directory, timeout: 120_000, env });
  }

  async prepare(): Promise<void> {
    if (this.name === "topics/local-packages") await buildRpms(join(this.directory, "rpms"), [ownPackage]);
  }
}

async function succeeds(result: Promise<RunResult>): Promise<string> {
  const { code, stdout, stderr } = await result;
  assert.equal(code, 0, stderr);
  return stdout;
}

/** A build leaves the image that the manifest asks for; building again gives the same; a flipped bit is found. */
async function buildAndVerify(example: Example): Promise<void> {
  await example.prepare();
  await succeeds(example.run("build", "--engine", "rpm", "--image", "image", "--tag", "example"));
  assert.match(
    await succeeds(example.run("verify", "image:example", "--rebuild")),
    /^built again, it is identical: sha256:/m,
  );
  const [layer] = readImage(join(example.directory, "image"), "example").manifest.layers;
  const path = blobPath(join(example.directory, "image"), layer?.digest ?? "");
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const damaged = await example.run("verify", "image:example");
  assert.equal(damaged.code, 6, damaged.stdout);
  assert.ok(`${damaged.stdout}${damaged.stderr}`.includes(layer?.digest ?? "no layer"), damaged.stdout);
}

test("every example is built, is the same when it is built again, and a flipped bit of it is found", {
  concurrency: 2,
}, async (t) => {
  assert.ok(names.length >= 20);
  const manifests = names.map((name) => readFileSync(join(root, name, "rpmoci.toml"), "utf8"));
  const hosts = await startExampleHosts(t, [
    ...manifests,
    readFileSync(join(root, "topics/include/base.toml"), "utf8"),
  ]);
  const tests = names.map((name) =>
    t.test(name, async (t) => {
      if (name === "topics/system-repositories" && !isRoot) return t.skip("only root can mount");
      await buildAndVerify(new Example(t, name, hosts));
    }),
  );
  await Promise.all(tests);
});
