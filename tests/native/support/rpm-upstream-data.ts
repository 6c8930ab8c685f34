/** RPMs and keys that other projects made, when they are at hand. */

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { realData } from "../../support/real-data.js";
import { toolEnvironment } from "./rpm-tools.js";

const { folder: directory, skip } = realData("rpms");
const files = !skip
  ? readdirSync(directory, { recursive: true, encoding: "utf8" })
      .map((name) => path.join(directory, name))
      .sort()
  : [];

export const realRpms = {
  /** For `test`'s option of that name. */
  skip,
  packages: files.filter((file) => file.endsWith(".rpm")),
  keys: files.filter((file) => path.basename(path.dirname(file)) === "keys" && /\.(asc|pub)$/.test(file)),
};

/** What `rpmkeys --checksig` says when it must find both digests and signatures, and which lines it prints for that. */
export function rpmkeysReport(file: string, dbPath: string): { passed: boolean; elements: string[]; text: string } {
  const { status, stdout, stderr } = checksig(dbPath, ["-v", file]);
  const elements = stdout.split("\n").filter((line) => line.startsWith("    "));
  return { passed: status === 0, elements: elements.map((line) => line.trim()), text: stdout + stderr };
}

/** Those of the files that `rpmkeys --checksig` lets pass, when it must find both digests and signatures. */
export function rpmkeysPass(files: readonly string[], dbPath: string): ReadonlySet<string> {
  const { stdout } = checksig(dbPath, files);
  // A file that is no package does not end its line.
  return new Set(stdout.split("\n").flatMap((line) => line.match(/([^:]*): digests signatures OK$/)?.[1] ?? []));
}

function checksig(dbPath: string, args: readonly string[]) {
  const policy = ["--define", "_pkgverify_level all", "--define", "_pkgverify_flags 0x0"];
  return spawnSync("rpmkeys", [...policy, "--dbpath", dbPath, "-K", ...args], {
    encoding: "utf8",
    env: { ...toolEnvironment, LC_ALL: "C" },
  });
}
