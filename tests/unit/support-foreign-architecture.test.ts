import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { type Architecture, debianName } from "../../scripts/distribution/architecture.js";
import { ArchiveUnavailableError, DebianArchive } from "../../scripts/distribution/debian-archive.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const FOREIGN: Architecture = process.arch === "arm64" ? "x86_64" : "aarch64";
const OWN: Architecture = process.arch === "arm64" ? "aarch64" : "x86_64";

const skip = !existsSync("/etc/debian_version") && "only Debian and its kin have sources of their own";

/** A system whose apt has these lines for sources, and hooks: a folder of which each run would leave a file. */
function systemWith(t: TestContext, sources: readonly string[]): { cache: string; hooks: string } {
  const folder = temporaryDirectory(t);
  const [etc, hooks] = [join(folder, "etc"), join(folder, "hooks")];
  for (const name of [join(etc, "apt.conf.d"), join(etc, "trusted.gpg.d"), hooks]) mkdirSync(name, { recursive: true });
  writeFileSync(join(etc, "sources.list"), sources.map((line) => `${line}\n`).join(""));
  writeFileSync(join(etc, "apt.conf.d/hooks"), `APT::Update::Pre-Invoke { "touch ${hooks}/ran"; };\n`);
  const configuration = join(folder, "system.conf");
  writeFileSync(configuration, `Dir::Etc "${etc}";\nAcquire::Retries "0";\n`);
  const before = process.env.APT_CONFIG;
  process.env.APT_CONFIG = configuration;
  t.after(() => {
    if (before === undefined) delete process.env.APT_CONFIG;
    else process.env.APT_CONFIG = before;
  });
  return { cache: join(folder, "cache"), hooks };
}

/** Makes an unsigned archive that has libc6 in one version for each of the architectures. Returns the line for it. */
function archiveOf(t: TestContext, versions: Readonly<Partial<Record<Architecture, string>>>): string {
  const folder = temporaryDirectory(t);
  const architectures = Object.keys(versions) as Architecture[];
  const hashes = architectures.map((architecture) => {
    const path = `main/binary-${debianName(architecture)}/Packages`;
    const fields = {
      Package: "libc6",
      Version: versions[architecture],
      Architecture: debianName(architecture),
      Filename: `pool/libc6_${debianName(architecture)}.deb`,
      Size: 1,
      SHA256: "0".repeat(64),
    };
    const text = `${Object.entries(fields)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join("")}\n`;
    mkdirSync(join(folder, "dists/test", path, ".."), { recursive: true });
    writeFileSync(join(folder, "dists/test", path), text);
    return ` ${createHash("sha256").update(text).digest("hex")} ${text.length} ${path}\n`;
  });
  const release = `Suite: test\nCodename: test\nComponents: main\nArchitectures: ${architectures.map(debianName).join(" ")}\n`;
  writeFileSync(join(folder, "dists/test/Release"), `${release}SHA256:\n${hashes.join("")}`);
  return `deb [trusted=yes] file:${folder} test main`;
}

test("packages of another architecture are found by the system's sources, and the system does not notice", {
  skip,
}, async (t) => {
  const source = archiveOf(t, { [OWN]: "1-1", [FOREIGN]: "2-1" });
  const { cache, hooks } = systemWith(t, [source]);
  const [archive] = await Promise.all([1, 2, 3].map(() => DebianArchive.open(cache, FOREIGN)));
  assert.ok(archive !== undefined);
  const [libc] = (await archive.index()).closure(["libc6"]);
  assert.deepEqual([libc?.version, libc?.architecture], ["2-1", debianName(FOREIGN)]);
  assert.ok(!existsSync(join(hooks, "ran")), "a hook of the system ran");
});

test("sources without packages of the architecture are told, with where else there may be some", {
  skip,
}, async (t) => {
  const { cache } = systemWith(t, [archiveOf(t, { [OWN]: "1-1" })]);
  await assert.rejects(DebianArchive.open(cache, FOREIGN), (error: Error) => {
    assert.ok(error instanceof ArchiveUnavailableError);
    assert.match(error.message, new RegExp(`have no packages for ${debianName(FOREIGN)}; .*ports[.]ubuntu[.]com`));
    return true;
  });
});

test("a source that is gone is told, and the others are used", { skip }, async (t) => {
  const gone = `deb [trusted=yes] file:${temporaryDirectory(t)} gone main`;
  const { cache } = systemWith(t, [archiveOf(t, { [FOREIGN]: "3-1" }), gone]);
  const lines: string[] = [];
  const archive = await DebianArchive.open(cache, FOREIGN, (line) => lines.push(line));
  assert.ok((await archive.index()).has("libc6"));
  assert.match(lines.join("\n"), /^not every source has lists for .*dists\/gone/s);
});
