/** The transaction, by the host's dnf (4 or 5): exactly the given files, no repository, the host's configuration kept out. */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { formatNevra } from "../model/nevra.js";
import type { VerifiedPackage } from "../model/package.js";
import { isProgram } from "../programs.js";
import { writeMacros } from "./macros.js";
import { type ProcessResult, runProcess } from "./process.js";
import { programFiles } from "./sandbox.js";
import { type InstallRequest, scriptletEnvironment, type TransactionSetting, transactionFailure } from "./setting.js";
import { runTransaction, type TransactionOptions } from "./transaction.js";

/**
 * Node can neither set a child's umask nor let it die with its parent, where setpriv (util-linux) can. One pipe for both
 * outputs keeps their lines in order.
 */
const LAUNCHER = `umask 022; exec 2>&1
if command -v setpriv >/dev/null; then exec setpriv --pdeathsig KILL -- "$@"; else exec "$@"; fi`;

/** dnf's program on `PATH`. Throws an `RpmociError` of kind `environment` when there is none. */
export async function findDnf(environment: NodeJS.ProcessEnv): Promise<string> {
  const directories = (environment.PATH ?? "").split(delimiter).filter((directory) => directory !== "");
  for (const name of ["dnf", "dnf5", "dnf-3"]) {
    for (const directory of directories) {
      const path = join(directory, name);
      if (await isProgram(path)) return path;
    }
  }
  throw new RpmociError("dnf was not found on PATH, and packages are installed with it", {
    kind: "environment",
    code: "DNF_MISSING",
    hint: "install it with the system's package manager: apt-get install dnf, dnf install dnf, or zypper install dnf",
  });
}

/** As `installPackages`, with dnf's `program`. */
export async function installWithDnf(
  program: string,
  request: InstallRequest,
  { macros, home, emulation }: TransactionSetting,
  emit: Emit,
): Promise<void> {
  const { packages, root, scratch } = request;
  await writeMacros(home, macros);
  const files = await linkPackages(packages, join(scratch, "packages"));
  const config = await writeConfig(request);
  const log: string[] = [];
  const onLine = (line: string): void => {
    log.push(line);
    emit({ type: "install-output", line });
  };
  const foreign = emulation.kind === "native" ? [] : [`--forcearch=${request.arch}`];
  const installation = [`--config=${config}`, `--installroot=${root}`, "--releasever=0", ...foreign, "--assumeyes"];
  const command = [program, ...installation, "install", ...files] as const;
  const unsandboxed = ["/bin/sh", "-c", LAUNCHER, "sh", ...command] as const;
  const options = { environment: scriptletEnvironment(home, request.sourceDateEpoch), onLine, abort: request.abort };
  const readable = [...packages.map((entry) => entry.path), ...(await programFiles(program))];
  const result = await request.sandbox
    .run(root, readable, (sandbox) =>
      sandbox === null && ["native", "system"].includes(emulation.kind)
        ? runProcess(unsandboxed, options)
        : runInChild(sandbox === null ? unsandboxed : command, { ...options, emulation, sandbox }),
    )
    .catch((error: unknown) => {
      request.abort?.throwIfAborted();
      if (error instanceof RpmociError) throw error;
      throw new RpmociError(`Failed to run ${program}: ${messageOf(error)}`, {
        kind: "install",
        code: "DNF_NOT_STARTED",
        cause: error,
      });
    });
  if (result.code !== 0) throw failed(result.code, result.signal, log);
}

async function runInChild(run: readonly [string, ...string[]], options: TransactionOptions): Promise<ProcessResult> {
  const { ran, error = "" } = await runTransaction({ run }, options);
  if (ran === undefined) throw new Error(error);
  return ran;
}

/** dnf takes files by the extension `.rpm`, and names them in its messages. A local RPM may call itself anything. */
async function linkPackages(packages: readonly VerifiedPackage[], directory: string): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true });
  return Promise.all(
    packages.map(async (entry) => {
      const link = join(directory, `${formatNevra(entry).replace(/[^\w.+^~-]/g, "_")}.rpm`);
      await symlink(entry.path, link);
      return link;
    }),
  );
}

async function writeConfig({ scratch, docs, base }: InstallRequest): Promise<string> {
  const directory = async (name: string): Promise<string> => {
    const path = join(scratch, name);
    await mkdir(path, { recursive: true });
    return path;
  };
  const options: Readonly<Record<string, string>> = {
    reposdir: await directory("repositories"),
    varsdir: await directory("variables"),
    tsflags: docs ? "" : "nodocs",
    install_weak_deps: "0",
    gpgcheck: "0",
    pkg_gpgcheck: "0",
    localpkg_gpgcheck: "0",
    // Of packages that are there, those that are obsoleted must go.
    obsoletes: base === null ? "0" : "1",
    best: "1",
    skip_broken: "0",
    strict: "1",
    protected_packages: "",
    installonly_limit: "0",
    keepcache: "0",
    color: "never",
    module_platform_id: "platform:rpmoci",
  };
  const path = join(scratch, "dnf.conf");
  const lines = Object.entries(options).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(path, `[main]\n${lines.join("")}`);
  return path;
}

function failed(code: number | null, signal: NodeJS.Signals | null, log: readonly string[]): RpmociError {
  return transactionFailure(
    `dnf install: dnf ${code === null ? `was ended by ${signal}` : `failed with exit code ${code}`}`,
    log,
  );
}
