/** Programs of another architecture, and machines without an emulator for it. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foreignProgram } from "../../src/install/foreign-program.js";
import { run } from "./run.js";

/** Another than this machine's, that QEMU knows. */
export const FOREIGN = process.arch === "arm64" ? "s390x" : "aarch64";

const QEMU = `qemu-${FOREIGN}-static`;

/** Ends at once, with success. */
export function idleProgram(): Buffer {
  const program = foreignProgram(FOREIGN);
  if (program === null) throw new Error(`${FOREIGN} is not known`);
  return program;
}

/**
 * By aarch64's instructions: makes the empty file /made. openat(AT_FDCWD, "/made", O_WRONLY | O_CREAT, 0644), exit(0); the
 * path follows them.
 */
export function writingProgram(): Buffer {
  const instructions = [
    0x92800c60, 0x10000101, 0xd2800822, 0xd2803483, 0xd2800708, 0xd4000001, 0xd2800ba8, 0xd2800000, 0xd4000001,
  ];
  const code = Buffer.alloc(4 * instructions.length);
  for (const [index, instruction] of instructions.entries()) code.writeUInt32LE(instruction, 4 * index);
  const program = foreignProgram("aarch64", [...code, ...Buffer.from("/made\0")]);
  if (program === null) throw new Error("aarch64 is not known");
  return program;
}

/** A `PATH` with every program of the system but QEMU's. */
export function pathWithoutQemu(directory: string): string {
  const programs = join(directory, "programs");
  mkdirSync(programs);
  for (const folder of ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)) {
      if (!name.startsWith("qemu-") && !existsSync(join(programs, name)))
        symlinkSync(join(folder, name), join(programs, name));
    }
  }
  return programs;
}

/** Why foreign programs cannot be run here without changing the system; null when they can. */
export async function whyNoEmulation(): Promise<string | null> {
  if (process.arch !== "x64") return "the test's program is for aarch64, on another machine";
  const qemu = await run(QEMU, ["--version"]).catch(() => null);
  if (qemu?.code !== 0) return `${QEMU} is not here`;
  const mount = ["--user", "--map-root-user", "--mount", "sh", "-c", "mount -t binfmt_misc none /mnt"];
  const { code } = await run("unshare", mount);
  return code === 0
    ? null
    : "the kernel has one binfmt_misc for all (it takes Linux 6.7), or allows no user namespaces";
}

/** Why the system must not have an emulator registered for what a test is about; null when it has none. */
export async function whyNotUnregistered(): Promise<string | null> {
  if (process.arch !== "x64") return "the test's program is for aarch64, on another machine";
  const directory = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  try {
    const program = join(directory, "program");
    writeFileSync(program, idleProgram(), { mode: 0o755 });
    // Where it cannot be run, a shell may be given it as a script.
    const result = await run(program, []).catch(() => null);
    return result?.code === 0 ? `the system runs programs of ${FOREIGN}` : null;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
