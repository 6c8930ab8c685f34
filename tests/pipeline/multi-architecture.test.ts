/** One manifest, two architectures: an image index that other people's tools read, of roots that run. */
import assert from "node:assert/strict";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { type Architecture, architectures } from "../../scripts/distribution/architecture.js";
import { parseLockfile } from "../../src/lockfile/read.js";
import type { ImageIndex } from "../../src/model/descriptor.js";
import type { LockedPackage } from "../../src/model/lockfile.js";
import { distributionFixture } from "../support/distribution-fixture.js";
import { emulatorOf, machines, runInEmulatedRoot, whyNotRegistered } from "../support/emulated-root.js";
import { startServer } from "../support/http-server.js";
import { digestOf, readBlob } from "../support/image.js";
import { type ImageReader, imageReaders, umoci } from "../support/image-readers.js";
import { projectRoot } from "../support/project.js";
import { type RunResult, rpmoci, run, runSuccessfully } from "../support/run.js";
import { removeTree, temporaryDirectory } from "../support/temporary-directory.js";

const OWN: Architecture = process.arch === "arm64" ? "aarch64" : "x86_64";
const FOREIGN: Architecture = OWN === "aarch64" ? "x86_64" : "aarch64";

/** What must run in each root, with what it must say on either output. */
const PROGRAMS: readonly (readonly [command: readonly string[], said: (architecture: Architecture) => RegExp])[] = [
  [["/usr/sbin/nginx", "-v"], () => /^nginx version: nginx\//],
  [["/usr/bin/uname", "--machine"], (architecture) => new RegExp(`^${architecture}\n$`)],
];

const emulator = emulatorOf(FOREIGN);
const isRegistered = existsSync(`/proc/sys/fs/binfmt_misc/${machines[FOREIGN].emulator.replace("-static", "")}`);
const cannotRegister = whyNotRegistered();
const skip =
  (process.geteuid?.() !== 0 && "only root can unpack and change the root directory") ||
  (emulator === null && `${machines[FOREIGN].emulator} is not installed`) ||
  (!isRegistered && cannotRegister);

interface Built {
  readonly directory: string;
  readonly layout: string;
  build(tag: string, options?: readonly string[]): Promise<RunResult>;
  /** On a system whose emulator cannot be run. */
  buildWithout(tag: string, options?: readonly string[]): Promise<RunResult>;
}

/** The distribution behind one URL for both architectures, and the image of it; null where there are no packages. */
async function buildBoth(t: TestContext): Promise<Built | null> {
  const own = await distributionFixture(t);
  if (own === null) return null;
  const foreign = await distributionFixture(t, "small", "elf", FOREIGN);
  if (foreign === null) return null;
  const directory = temporaryDirectory(t);
  const server = await startServer({ folders: { [`/${OWN}`]: own.folder, [`/${FOREIGN}`]: foreign.folder } });
  t.after(() => server.close());
  const example = readFileSync(join(projectRoot, "examples/local/architectures/rpmoci.toml"), "utf8");
  // It names a folder; here the same files come over HTTP.
  writeFileSync(join(directory, "rpmoci.toml"), example.replaceAll("file://$distribution", server.url));
  const environment = { XDG_CACHE_HOME: join(directory, "cache"), SOURCE_DATE_EPOCH: "1750000000" };
  const command = (tag: string, options: readonly string[]): readonly string[] => {
    return ["build", "--no-cache", "--image", "image", "--tag", tag, ...options];
  };
  const built: Built = {
    directory,
    layout: join(directory, "image"),
    build: (tag, options = []) => rpmoci(command(tag, options), { cwd: directory, env: environment }),
    buildWithout(tag, options = []) {
      const hide = ["--mount", "sh", "-euc", 'mount --bind /dev/null "$1"; shift; exec "$@"', "sh", emulator ?? ""];
      const program = [process.execPath, join(projectRoot, "dist/main.js"), ...command(tag, options)];
      return run("unshare", [...hide, ...program], { cwd: directory, env: { ...environment, NO_COLOR: "1" } });
    },
  };
  const result = await built.build("test");
  assert.equal(result.code, 0, result.stderr);
  return built;
}

/** `e_machine` of all ELF files in a folder of programs. */
function machinesIn(folder: string): number[] {
  const programs = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return programs.flatMap(({ name }) => {
    const file = openSync(join(folder, name), "r");
    const header = Buffer.alloc(20);
    readSync(file, header);
    closeSync(file);
    return header.toString("latin1", 0, 4) === "\x7fELF" ? [header.readUInt16LE(18)] : [];
  });
}

async function assertInstalled(root: string, packages: readonly LockedPackage[]): Promise<void> {
  const format = "%{NAME} %{EVR} %{ARCH}\\n";
  const args = ["--root", root, "--dbpath", "/var/lib/rpm", "-qa", "--qf", format];
  const installed = (await runSuccessfully("rpm", args)).trim().split("\n");
  assert.deepEqual(installed.sort(), packages.map(({ name, evr, arch }) => `${name} ${evr} ${arch}`).sort());
}

function assertSays({ code, stdout, stderr }: RunResult, command: readonly string[], said: RegExp): void {
  assert.equal(code, 0, `${command.join(" ")}: ${stderr}`);
  assert.match(`${stdout}${stderr}`, said);
}

test("an index of two architectures, each of which is whole and runs", { skip }, async (t) => {
  const built = await buildBoth(t);
  if (built === null) return;
  const { directory, layout } = built;
  const lock = parseLockfile(readFileSync(join(directory, "rpmoci.lock"), "utf8"), "rpmoci.lock");
  const locked = new Map([lock, ...lock.others].map(({ arch, packages }) => [arch, packages]));

  await t.test("skopeo finds both platforms, and copies the index as it is", async () => {
    const index = JSON.parse(await runSuccessfully("skopeo", ["inspect", "--raw", `oci:${layout}:test`]));
    assert.equal(index.mediaType, "application/vnd.oci.image.index.v1+json");
    assert.deepEqual(
      index.manifests.map(({ platform }: { platform: unknown }) => platform),
      architectures.map((architecture) => machines[architecture].platform),
    );
    const copy = join(directory, "copy");
    await runSuccessfully("skopeo", [
      "copy",
      "-q",
      "--all",
      "--insecure-policy",
      `oci:${layout}:test`,
      `oci:${copy}:test`,
    ]);
    assert.equal(digestOf(copy, "test"), digestOf(layout, "test"));
  });

  const roots = new Map<Architecture, string>();
  for (const architecture of architectures) {
    const { elf, platform } = machines[architecture];
    const packages = locked.get(architecture) ?? [];
    const single = join(directory, "single");
    const platformOf = ["--override-os", platform.os, "--override-arch", platform.architecture];
    const copy = ["copy", "-q", "--insecure-policy", `oci:${layout}:test`, `oci:${single}:${architecture}`];
    await runSuccessfully("skopeo", [...platformOf, ...copy]);

    const unpack = async (reader: ImageReader): Promise<string> => {
      const folder = join(directory, architecture, reader.name.replaceAll(/\W/g, "-"));
      mkdirSync(folder, { recursive: true });
      t.after(() => removeTree(folder));
      return await reader.unpack(single, architecture, folder);
    };
    // That they all read what is for this machine is other tests' concern.
    for (const reader of architecture === FOREIGN ? imageReaders : [umoci]) {
      await t.test(
        `${reader.name} unpacks ${architecture}: the locked packages, and programs for it`,
        {
          skip: reader.skip,
        },
        async () => {
          const root = await unpack(reader);
          const found = ["bin", "sbin"].flatMap((name) => machinesIn(join(root, "usr", name)));
          assert.ok(found.length > 100, `${found.length} programs`);
          assert.deepEqual([...new Set(found)], [elf]);
          assert.ok(
            packages.some(({ arch }) => arch === architecture) && packages.some(({ arch }) => arch === "noarch"),
          );
          await assertInstalled(root, packages);
          roots.set(architecture, root);
        },
      );
    }
  }
  const [own, foreign] = [roots.get(OWN), roots.get(FOREIGN)];
  assert.ok(own !== undefined && foreign !== undefined, "nobody has unpacked both");

  await t.test("packages require of each other what their ELF files do", async () => {
    const query = (...args: string[]): Promise<string> =>
      runSuccessfully("rpm", ["--root", foreign, "--dbpath", "/var/lib/rpm", "-q", ...args]);
    const symbols = /^libc\.so\.6\(GLIBC_2\.34\)\(64bit\)$/m;
    assert.match(await query("--requires", "nginx"), symbols);
    assert.match(await query("--provides", "libc6"), symbols);
    const [loader, isa] =
      FOREIGN === "aarch64" ? ["ld-linux-aarch64.so.1", "aarch-64"] : ["ld-linux-x86-64.so.2", "x86-64"];
    assert.ok((await query("--provides", "libc6")).includes(`\n${loader}()(64bit)\n`));
    assert.ok((await query("--provides", "nginx")).includes(`\nnginx(${isa}) = `));
  });

  await t.test("scriptlets did the same in both", () => {
    for (const name of ["passwd", "group", "shadow", "gshadow"]) {
      const texts: readonly string[] = [own, foreign].map((root) => readFileSync(join(root, "etc", name), "utf8"));
      assert.equal(texts[1], texts[0]);
      assert.match(texts[1] ?? "", /^nginx:/m);
    }
    // ldconfig's, with the paths of libraries.
    const cache = readFileSync(join(foreign, "etc/ld.so.cache"), "latin1");
    assert.ok(cache.includes(`/${FOREIGN}-linux-gnu/libc.so.6`));
  });

  await t.test(`programs of ${OWN} run in their root`, async () => {
    for (const [command, said] of PROGRAMS) assertSays(await run("chroot", [own, ...command]), command, said(OWN));
  });

  await t.test(`programs of ${FOREIGN} run by QEMU, with the root for their libraries`, async () => {
    for (const [[program = "", ...args], said] of PROGRAMS) {
      const command = ["-L", foreign, join(foreign, program), ...args];
      assertSays(await run(emulator ?? "", command), command, said(FOREIGN));
    }
  });

  await t.test(
    `programs of ${FOREIGN} run with their root for the root directory`,
    {
      skip: cannotRegister,
    },
    async () => {
      const script = "getent passwd nginx && ldconfig -p && nginx -v && uname -m";
      const command = ["/bin/sh", "-c", script];
      const result = await runInEmulatedRoot(foreign, FOREIGN, emulator ?? "", command);
      assertSays(result, command, new RegExp(`^nginx:x:.*libc\\.so\\.6 .*\\n${FOREIGN}\\n`, "s"));
    },
  );

  await t.test("the architecture alone, by the other engine, gives the image that the index has", async () => {
    const result = await built.build("alone", ["--locked", "--arch", FOREIGN, "--engine", "rpm"]);
    assert.equal(result.code, 0, result.stderr);
    const index = readBlob<ImageIndex>(layout, digestOf(layout, "test") ?? "");
    assert.equal(digestOf(layout, "alone"), index.manifests[architectures.indexOf(FOREIGN)]?.digest);
  });

  await t.test(
    "without an emulator, packages without scriptlets give the same image, and others are told",
    {
      skip: isRegistered && "the system has an emulator of its own",
    },
    async () => {
      const refused = await built.buildWithout("refused", ["--locked", "--arch", FOREIGN]);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /%pre of nginx-common/);
      const text = readFileSync(join(directory, "rpmoci.toml"), "utf8");
      const files = text.replace('"nginx", ', "").replace("[contents]", "[contents]\nos_release = false");
      writeFileSync(join(directory, "files.toml"), files);
      const options = ["--file", "files.toml", "--arch", FOREIGN];
      for (const result of [await built.build("files", options), await built.buildWithout("without", options)])
        assert.equal(result.code, 0, result.stderr);
      assert.equal(digestOf(layout, "without"), digestOf(layout, "files"));
    },
  );
});
