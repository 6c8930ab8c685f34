/** Which files Debian's packages hold: the archive's own indices of contents, which apt fetches and verifies. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { runCommand } from "../packaging/command.js";
import { ArchiveUnavailableError, type DebianArchive } from "./debian-archive.js";

export interface PackageFiles {
  /** Debian's name of the package; all of its versions and architectures share one list. */
  readonly name: string;
  /** Absolute paths of all but directories, in the order of their bytes. */
  readonly files: readonly string[];
}

/**
 * Fetches the indices and sorts them by package into a file in `work`; `readPackageFiles` reads it. The millions of
 * lines are never in memory at once. Throws `ArchiveUnavailableError` where they cannot be had.
 */
export async function sortPackageFiles(archive: DebianArchive, work: string): Promise<string> {
  const sorted = join(work, "contents");
  const sort = spawn("sort", ["--unique", "--buffer-size=128M", `--temporary-directory=${work}`, "-o", sorted], {
    env: { ...process.env, LC_ALL: "C" },
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = once(sort, "close");
  await pipeline(ownedFiles(await fetchIndices(archive, work)), sort.stdin);
  const [status] = (await ended) as [number | null];
  if (status !== 0) throw new Error(`sort ended with status ${status}`);
  return sorted;
}

/** Each package once, in the order of their names' bytes. */
export async function* readPackageFiles(sorted: string): AsyncGenerator<PackageFiles> {
  let name = "";
  let files: string[] = [];
  for await (const lines of lineBatches(createReadStream(sorted, { highWaterMark: 1 << 20 }))) {
    for (const line of lines) {
      const tab = line.indexOf("\t");
      const owner = line.slice(0, tab);
      if (owner !== name) {
        if (name !== "") yield { name, files };
        name = owner;
        files = [];
      }
      files.push(line.slice(tab + 1));
    }
  }
  if (name !== "") yield { name, files };
}

/** Returns the paths of the indices; apt keeps them in a form that its helper unpacks. */
async function fetchIndices({ environment }: DebianArchive, work: string): Promise<string[]> {
  const target = "Acquire::IndexTargets::deb::Contents-deb";
  const settings = {
    "Dir::State::lists": join(work, "lists"),
    "APT::Update::Error-Mode": "any",
    "Acquire::Languages": "none",
    "Acquire::IndexTargets::deb::Packages::DefaultEnabled": "false",
    "Acquire::IndexTargets::deb-src::Sources::DefaultEnabled": "false",
    [`${target}::MetaKey`]: "$(COMPONENT)/Contents-$(ARCHITECTURE)",
    [`${target}::ShortDescription`]: "Contents-$(ARCHITECTURE)",
    [`${target}::Description`]: "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents (deb)",
    [`${target}::KeepCompressed`]: "true",
  };
  mkdirSync(join(work, "lists/partial"), { recursive: true });
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  try {
    await runCommand("apt-get", ["update", "--quiet", ...options], { env: environment });
  } catch (error) {
    throw new ArchiveUnavailableError(`the archive's contents could not be had: ${(error as Error).message}`);
  }
  const query = ["indextargets", ...options, "--format", "$(FILENAME)", "Identifier: Contents-deb"];
  const listed = (await runCommand("apt-get", query, { env: environment })).toString();
  const paths = listed.split("\n").filter((path) => path !== "");
  if (paths.length === 0) throw new ArchiveUnavailableError("the archive has no indices of contents");
  return paths.sort();
}

/** Lines of a package's name, a tab, and a path. */
async function* ownedFiles(indices: readonly string[]): AsyncGenerator<string> {
  for (const index of indices) {
    const helper = spawn("/usr/lib/apt/apt-helper", ["cat-file", index], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(helper, "close");
    for await (const lines of lineBatches(helper.stdout)) yield lines.map(ownershipOf).join("");
    const [status] = (await ended) as [number | null];
    if (status !== 0) throw new Error(`apt-helper ended with status ${status} for ${index}`);
  }
}

/** From `path   section/name,section/name`. A path that XML cannot hold is left out. */
function ownershipOf(line: string): string {
  const [, path, owners] = /^([^\p{Cc}]*[^\p{Cc} ]) +(\S+)$/u.exec(line) ?? [];
  if (path === undefined || owners === undefined) return "";
  return owners
    .split(",")
    .map((owner) => `${owner.slice(owner.lastIndexOf("/") + 1)}\t/${path}\n`)
    .join("");
}

async function* lineBatches(stream: Readable): AsyncGenerator<readonly string[]> {
  let rest = "";
  for await (const chunk of stream.setEncoding("utf8")) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield lines;
  }
  if (rest !== "") yield [rest];
}
