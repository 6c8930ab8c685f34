/** Finds out how programs of an architecture can be run here. */
import { execFile } from "node:child_process";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../errors.js";
import { baseArchitecture, hostArchitecture } from "../model/architecture.js";
import { isProgram } from "../programs.js";
import { registration, systemHandler } from "./binfmt.js";
import type { Emulation } from "./emulation.js";
import { foreignProgram, qemuName } from "./foreign-program.js";
import { runTransaction } from "./transaction.js";

/** What else processors run, by what they are. */
const COMPATIBLE: Readonly<Record<string, readonly string[]>> = { x86_64: ["i386"], aarch64: ["armhfp"] };

export interface EmulationOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** A directory of the caller's, in which programs may be run. */
  readonly scratch: string;
}

/**
 * Finds out, by running a program of `arch` in a root directory that has nothing else. What is configured on this system
 * comes before what can be had without; nothing of the system is changed.
 */
export async function chooseEmulation(arch: string, options: EmulationOptions): Promise<Emulation> {
  const [base, host] = [baseArchitecture(arch), baseArchitecture(hostArchitecture())];
  if (base === host) return { kind: "native" };
  const program = foreignProgram(arch);
  if (program === null) return { kind: "none", reason: `${arch} is not known here` };
  const root = await mkdtemp(join(options.scratch, "probe-"));
  try {
    await writeFile(join(root, "program"), program, { mode: 0o755 });
    return await chooseFor(arch, program, root, options);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function chooseFor(arch: string, program: Buffer, root: string, options: EmulationOptions): Promise<Emulation> {
  const environment = withSystemPrograms(options.environment);
  const probe = ["chroot", root, "/program"] as const;
  const handler = await systemHandler(program);
  if (await succeeds(probe, environment)) {
    const compatible = COMPATIBLE[baseArchitecture(hostArchitecture())]?.includes(baseArchitecture(arch)) === true;
    if (compatible && handler === null) return { kind: "compatible" };
    return { kind: "system", interpreter: handler?.interpreter ?? null };
  }
  const found = await findInterpreter(arch, options.environment);
  if ("reason" in found) return { kind: "none", reason: `${unreachable(handler)}${found.reason}` };
  const emulation: Emulation = { kind: "namespace", ...found };
  const said: string[] = [];
  const onLine = (line: string): void => void said.push(line);
  const failure = await runTransaction({ run: probe }, { sandbox: null, environment, emulation, onLine }).then(
    ({ ran, error }) => (ran?.code === 0 ? null : (said.at(-1) ?? error ?? "a program that it ran failed")),
    messageOf,
  );
  if (failure === null) return emulation;
  return {
    kind: "none",
    reason: `${unreachable(handler)}${found.interpreter} cannot be registered in a user namespace: ${failure}`,
  };
}

/** An interpreter that works outside of a root only. */
function unreachable(handler: { readonly interpreter: string; readonly flags: string } | null): string {
  if (handler === null) return "";
  const why = handler.flags.includes("F") ? "does not run" : "is registered without the flag F, and is not in the root";
  return `${handler.interpreter} of binfmt_misc ${why}; `;
}

function withSystemPrograms(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const path = [environment.PATH ?? "", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(delimiter);
  return { PATH: path, LC_ALL: "C" };
}

async function succeeds([program = "", ...args]: readonly string[], environment: NodeJS.ProcessEnv): Promise<boolean> {
  return promisify(execFile)(program, args, { env: environment }).then(
    () => true,
    () => false,
  );
}

interface Interpreter {
  readonly interpreter: string;
  readonly registration: string;
}

/** QEMU's program for an architecture on `PATH`, which must not need libraries that the root does not have. */
async function findInterpreter(
  arch: string,
  environment: NodeJS.ProcessEnv,
): Promise<Interpreter | { readonly reason: string }> {
  const name = `qemu-${qemuName(arch)}`;
  let dynamic: string | null = null;
  for (const directory of (environment.PATH ?? "").split(delimiter).filter((part) => part.startsWith("/"))) {
    for (const path of [join(directory, `${name}-static`), join(directory, name)]) {
      if (!(await isProgram(path))) continue;
      if (!(await isStatic(path))) {
        dynamic ??= path;
        continue;
      }
      const line = registration(arch, path, await preservesName(path, environment));
      if (line !== null) return { interpreter: path, registration: line };
    }
  }
  if (dynamic !== null) return { reason: `${dynamic} is linked dynamically, and its libraries are not in the root` };
  return { reason: `${name}-static was not found on PATH` };
}

const PT_INTERP = 3;

/** Whether an ELF program of this machine asks for no dynamic loader. */
async function isStatic(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    if (bytesRead < 64 || buffer.toString("latin1", 0, 4) !== "\x7fELF" || buffer[4] !== 2) return false;
    const little = buffer[5] === 1;
    const half = (at: number): number => (little ? buffer.readUInt16LE(at) : buffer.readUInt16BE(at));
    const word = (at: number): number => (little ? buffer.readUInt32LE(at) : buffer.readUInt32BE(at));
    const start = word(little ? 32 : 36);
    const [size, count] = [half(54), half(56)];
    for (let index = 0; index < count; index += 1) {
      const at = start + index * size;
      if (at + 4 > bytesRead || word(at) === PT_INTERP) return false;
    }
    return true;
  } finally {
    await file.close();
  }
}

/** QEMU understands the flag P since version 6.0; without, a program does not learn by which name it was called. */
async function preservesName(path: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const { stdout } = await promisify(execFile)(path, ["--version"], { env: environment }).catch(() => ({ stdout: "" }));
  return Number(/version (\d+)\./.exec(stdout)?.[1] ?? 0) >= 6;
}
