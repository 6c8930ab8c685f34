/** Every manifest of examples/ is built, from repositories on this machine that pass for those that it names. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { hostArchitecture, platformOf } from "../../src/model/architecture.js";
import type { ImageIndex, ImageManifest } from "../../src/model/descriptor.js";
import { type ExampleHosts, startExampleHosts } from "../support/example-hosts.js";
import { ownPackage } from "../support/example-packages.js";
import { blobPath, digestOf, readBlob } from "../support/image.js";
import { projectRoot } from "../support/project.js";
import { buildRpms } from "../support/rpm-fixture.js";
import { type RunResult, run } from "../support/run.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const root = join(projectRoot, "examples");
const names = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith("/rpmoci.toml"))
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
    // Whoever tries an example leaves its lockfile there.
    cpSync(root, this.#copy, { recursive: true, filter: (path) => !path.endsWith(".lock") });
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
    if (this.name === "topics/base-image") {
      await succeeds(this.run("build", "-f", "../minimal/rpmoci.toml", "--image", "base", "--tag", "1.0"));
    }
  }
}

async function succeeds(result: Promise<RunResult>): Promise<string> {
  const { code, stdout, stderr } = await result;
  assert.equal(code, 0, stderr);
  return stdout;
}

/** What a tag names; of an index, the image that can be run here. */
function imageOfThisMachine(layout: string, tag: string): ImageManifest {
  const document = readBlob<ImageManifest | ImageIndex>(layout, digestOf(layout, tag) ?? "no such tag");
  if (!("manifests" in document)) return document;
  const { architecture } = platformOf(hostArchitecture());
  const own = document.manifests.find(({ platform }) => platform?.architecture === architecture);
  return readBlob(layout, own?.digest ?? "no image for this machine");
}

/** A build leaves the image that the manifest asks for; building again gives the same; a flipped bit is found. */
async function buildAndVerify(example: Example): Promise<void> {
  await example.prepare();
  await succeeds(example.run("build", "--engine", "rpm", "--image", "image", "--tag", "example"));
  assert.match(
    await succeeds(example.run("verify", "image:example", "--rebuild")),
    /^built again, it is identical: sha256:/m,
  );
  const layout = join(example.directory, "image");
  const [layer] = imageOfThisMachine(layout, "example").layers;
  const path = blobPath(layout, layer?.digest ?? "");
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
