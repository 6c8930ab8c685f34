/** The smallest programs of other architectures, to find out whether they run here, and how the kernel knows them. */
import { baseArchitecture } from "../model/architecture.js";

interface Machine {
  readonly bits: 32 | 64;
  readonly endianness: "little" | "big";
  /** `e_machine` and `e_flags` of the ELF header. */
  readonly machine: number;
  readonly flags: number;
  /** exit(0), in instructions as they lie in memory. */
  readonly exit: readonly number[];
  /** As QEMU calls it. */
  readonly qemu: string;
}

/** By `baseArchitecture`. */
const MACHINES: Readonly<Record<string, Machine>> = {
  x86_64: {
    bits: 64,
    endianness: "little",
    machine: 62,
    flags: 0,
    // mov eax, 60; xor edi, edi; syscall
    exit: [0xb8, 0x3c, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05],
    qemu: "x86_64",
  },
  i386: {
    bits: 32,
    endianness: "little",
    machine: 3,
    flags: 0,
    // mov eax, 1; xor ebx, ebx; int 0x80
    exit: [0xb8, 0x01, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80],
    qemu: "i386",
  },
  aarch64: {
    bits: 64,
    endianness: "little",
    machine: 183,
    flags: 0,
    // mov x8, 93; mov x0, 0; svc 0
    exit: [0xa8, 0x0b, 0x80, 0xd2, 0, 0, 0x80, 0xd2, 0x01, 0, 0, 0xd4],
    qemu: "aarch64",
  },
  armhfp: {
    bits: 32,
    endianness: "little",
    machine: 40,
    // EABI version 5, with floating point in registers
    flags: 0x05000400,
    // mov r7, 1; mov r0, 0; svc 0
    exit: [0x01, 0x70, 0xa0, 0xe3, 0, 0, 0xa0, 0xe3, 0, 0, 0, 0xef],
    qemu: "arm",
  },
  ppc64le: {
    bits: 64,
    endianness: "little",
    machine: 21,
    // ELF version 2
    flags: 2,
    // li r0, 1; li r3, 0; sc
    exit: [0x01, 0, 0, 0x38, 0, 0, 0x60, 0x38, 0x02, 0, 0, 0x44],
    qemu: "ppc64le",
  },
  s390x: {
    bits: 64,
    endianness: "big",
    machine: 22,
    flags: 0,
    // lghi %r2, 0; svc 1
    exit: [0xa7, 0x29, 0, 0, 0x0a, 0x01],
    qemu: "s390x",
  },
  riscv64: {
    bits: 64,
    endianness: "little",
    machine: 243,
    // double-precision floating point in registers
    flags: 4,
    // li a7, 93; li a0, 0; ecall
    exit: [0x93, 0x08, 0xd0, 0x05, 0x13, 0x05, 0, 0, 0x73, 0, 0, 0],
    qemu: "riscv64",
  },
  loongarch64: {
    bits: 64,
    endianness: "little",
    machine: 258,
    flags: 0x43,
    // ori $a7, $zero, 93; ori $a0, $zero, 0; syscall 0
    exit: [0x0b, 0x74, 0x81, 0x03, 0x04, 0, 0x80, 0x03, 0, 0, 0x2b, 0],
    qemu: "loongarch64",
  },
};

/** Those that are known here, as `baseArchitecture` has them. */
export const KNOWN_MACHINES: readonly string[] = Object.keys(MACHINES);

/**
 * A static ELF program of some instructions, or one that ends at once with exit code 0; null for an architecture that is
 * not known here.
 */
export function foreignProgram(arch: string, instructions?: readonly number[]): Buffer | null {
  const machine = MACHINES[baseArchitecture(arch)];
  if (machine === undefined) return null;
  const { bits, endianness, exit } = machine;
  const code = instructions ?? exit;
  const wide = bits === 64;
  const header = wide ? 64 : 52;
  const segment = wide ? 56 : 32;
  const start = header + segment;
  const address = 0x400000;
  const size = start + code.length;
  const fields: (readonly [number, number])[] = [];
  const half = (value: number): unknown => fields.push([value, 2]);
  const word = (value: number): unknown => fields.push([value, 4]);
  const long = (value: number): unknown => fields.push([value, wide ? 8 : 4]);
  half(2); // an executable file
  half(machine.machine);
  word(1);
  long(address + start);
  long(header);
  long(0);
  word(machine.flags);
  for (const value of [header, segment, 1, wide ? 64 : 40, 0, 0]) half(value);
  // One segment that is loaded, read and executed.
  word(1);
  if (wide) word(5);
  for (const value of [0, address, address, size, size]) long(value);
  if (!wide) word(5);
  long(0x10000);
  const identity = [0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, endianness === "little" ? 1 : 2, 1];
  const padding = new Array<number>(16 - identity.length).fill(0);
  const encoded = fields.flatMap(([value, width]) => bytesOf(value, width, endianness));
  return Buffer.from([...identity, ...padding, ...encoded, ...code]);
}

function bytesOf(value: number, width: number, endianness: Machine["endianness"]): readonly number[] {
  const bytes = Array.from({ length: width }, (_, index) => Math.floor(value / 256 ** index) % 256);
  return endianness === "little" ? bytes : bytes.reverse();
}

/** The name of QEMU's program without its prefix: `aarch64`. */
export function qemuName(arch: string): string | undefined {
  return MACHINES[baseArchitecture(arch)]?.qemu;
}

/**
 * By what binfmt_misc knows a program of the architecture: the first bytes, and which bits of them count: of executable
 * and position-independent files, of whatever operating system's ABI.
 */
export function programMagic(arch: string): { readonly magic: Buffer; readonly mask: Buffer } | null {
  const program = foreignProgram(arch);
  if (program === null) return null;
  const magic = program.subarray(0, 20);
  const mask = Buffer.alloc(20, 0xff);
  mask[7] = 0;
  const type = magic[5] === 1 ? 16 : 17;
  mask[type] = 0xfe;
  return { magic, mask };
}
