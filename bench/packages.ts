/** How long does it take to fetch packages, and to verify them? */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { LockedPackage } from "../src/model/lockfile.js";
import type { Candidate } from "./measure.js";

/** Connections at once, as many as ours. */
const CONNECTIONS = 8;

export interface PackagesSubject {
  readonly packages: number;
  readonly bytes: number;
  readonly questions: readonly (readonly [string, readonly Candidate[]])[];
  dispose(): void;
}

/** `distribution` is a folder that scripts/distribution made, with signed packages. */
export async function preparePackagesSubject(distribution: string): Promise<PackagesSubject> {
  const repository = join(distribution, "repo");
  const names = readdirSync(repository, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".rpm"));
  const key = join(distribution, "keys", "RPM-GPG-KEY-demo.asc");
  const folder = mkdtempSync(join(tmpdir(), "rpmoci-bench-"));
  const { server, url } = await serve(repository);
  const bytes = names.reduce((sum, name) => sum + statSync(join(repository, name)).size, 0);
  return {
    packages: names.length,
    bytes,
    questions: [
      ["Fetch from loopback", fetching(repository, names, url, folder)],
      ["Verify", verifying(repository, names, key, folder)],
    ],
    dispose: () => {
      server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function serve(folder: string): Promise<{ server: ChildProcess; url: string }> {
  const program = resolve(import.meta.dirname, "../../../bench/static-server.py");
  const server = spawn("python3", [program, folder], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(server.stdout, "data");
  return { server, url: `http://127.0.0.1:${String(port).trim()}` };
}

function fetching(repository: string, names: readonly string[], url: string, folder: string): readonly Candidate[] {
  const locked = names.map((name): LockedPackage => {
    const content = readFileSync(join(repository, name));
    const checksum = { algorithm: "sha256", value: createHash("sha256").update(content).digest("hex") } as const;
    const rest = { sourceRpm: undefined, buildTime: undefined, signedBy: undefined, sha256: undefined };
    const size = content.length;
    return { name, evr: "0", arch: "noarch", repositoryId: "bench", checksum, location: name, size, ...rest };
  });
  const list = join(folder, "list.json");
  writeFileSync(list, JSON.stringify(locked));
  const entries = names.map((name) => `url = "${url}/${encodeURIComponent(name)}"\noutput = "${name}"\n`);
  const config = join(folder, "curl.config");
  writeFileSync(config, entries.join(""));
  const stage = join(import.meta.dirname, "fetch-stage.js");
  // A folder of its own each time: the file system is slow to use again what was removed a moment ago.
  const within = (command: string): string => `cd "$(mktemp -d -p ${folder})" && ${command}`;
  return [
    { name: "rpmoci, with checksums", script: within(`${process.execPath} ${stage} ${url} ${list} .`) },
    { name: "curl -Z", script: within(`curl -s -Z --parallel-max ${CONNECTIONS} -K ${config} >${folder}/log 2>&1`) },
  ];
}

function verifying(repository: string, names: readonly string[], key: string, folder: string): readonly Candidate[] {
  const files = names.map((name) => `'${join(repository, name)}'`).join(" ");
  const database = `--dbpath ${folder}/rpmdb`;
  execFileSync("bash", ["-c", `rpmkeys ${database} --import ${key}`]);
  const stage = join(import.meta.dirname, "verify-stage.js");
  return [
    { name: "rpmoci", script: `${process.execPath} ${stage} ${key} ${files}` },
    { name: "rpmkeys -K", script: `rpmkeys ${database} -K ${files} >${folder}/log` },
  ];
}
