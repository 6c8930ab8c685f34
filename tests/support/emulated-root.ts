/** Programs of a root of another architecture, run by QEMU: with nothing of rpmoci's in between. */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "../../scripts/distribution/architecture.js";
import { type RunResult, run } from "./run.js";

export interface Machine {
  /** `e_machine` of ELF headers. */
  readonly elf: number;
  /** As OCI images have it. */
  readonly platform: { readonly architecture: string; readonly os: "linux"; readonly variant?: string };
  /** The name of QEMU's program in Debian. */
  readonly emulator: string;
}

export const machines: Readonly<Record<Architecture, Machine>> = {
  x86_64: { elf: 62, platform: { architecture: "amd64", os: "linux" }, emulator: "qemu-x86_64-static" },
  aarch64: {
    elf: 183,
    platform: { architecture: "arm64", os: "linux", variant: "v8" },
    emulator: "qemu-aarch64-static",
  },
};

/** The path of the emulator; null when it is not installed. */
export function emulatorOf(architecture: Architecture): string | null {
  const folders = (process.env.PATH ?? "").split(":");
  const paths = folders.map((folder) => join(folder, machines[architecture].emulator));
  return paths.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The reason why `runInEmulatedRoot` cannot do what it does here; false when it can. */
export function whyNotRegistered(): string | false {
  const mount = ["mount", "-t", "binfmt_misc", "binfmt_misc", "/proc/sys/fs/binfmt_misc"];
  const { status, stderr } = spawnSync("unshare", ["--user", "--map-auto", "--map-root-user", "--mount", ...mount]);
  return status !== 0 && `no binfmt_misc in a user namespace: ${String(stderr).trim()}`;
}

const ENTER = `
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
printf %s "$1" >/proc/sys/fs/binfmt_misc/register
root=$2
shift 2
exec chroot "$root" "$@"
`;

/**
 * Runs a command with the root as its root directory, in a user namespace that has a binfmt_misc with the emulator, which
 * the kernel allows since 6.7. Its ids other than root's are not those of the files.
 */
export function runInEmulatedRoot(
  root: string,
  architecture: Architecture,
  emulator: string,
  command: readonly string[],
): Promise<RunResult> {
  const enter = ["--user", "--map-auto", "--map-root-user", "--mount", "sh", "-euc", ENTER, "sh"];
  return run("unshare", [...enter, registration(architecture, emulator), root, ...command]);
}

/** The line for binfmt_misc: 64-bit little-endian ELF files of that machine, programs and what is loaded anywhere. */
function registration(architecture: Architecture, emulator: string): string {
  const escaped = (bytes: readonly number[]): string =>
    bytes.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  const zeros = [0, 0, 0, 0, 0, 0, 0, 0];
  const magic = escaped([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, ...zeros, 2, 0, machines[architecture].elf, 0]);
  const ones = zeros.map(() => 0xff);
  const mask = escaped([...ones.slice(1), 0, ...ones, 0xfe, 0xff, 0xff, 0xff]);
  return `:test:M::${magic}:${mask}:${emulator}:F`;
}
