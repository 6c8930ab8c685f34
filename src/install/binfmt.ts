/** binfmt_misc: by which interpreter the kernel runs programs of other architectures. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { programMagic } from "./foreign-program.js";

/** Where systems have it. */
const DIRECTORY = "/proc/sys/fs/binfmt_misc";

export interface Handler {
  readonly interpreter: string;
  /** Its letters; `F`: the interpreter was opened when it was registered, and need not be in a root. */
  readonly flags: string;
}

/** The system's handler that is on and takes `program`, a whole file; null when there is none, or none can be seen. */
export async function systemHandler(program: Buffer, directory = DIRECTORY): Promise<Handler | null> {
  const names = await readdir(directory).catch(() => []);
  // Of several, the kernel takes the one that was registered last, which nothing tells.
  for (const name of names.sort()) {
    if (name === "register" || name === "status") continue;
    const text = await readFile(join(directory, name), "utf8").catch(() => "");
    const handler = parseHandler(text);
    if (handler !== null && matches(program, handler))
      return { interpreter: handler.interpreter, flags: handler.flags };
  }
  return null;
}

interface Entry extends Handler {
  readonly offset: number;
  readonly magic: Buffer;
  readonly mask: Buffer;
}

function parseHandler(text: string): Entry | null {
  const [state, ...lines] = text.split("\n");
  if (state !== "enabled") return null;
  const value = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}: `))?.replace(/^\S+ /, "");
  const interpreter = value("interpreter");
  const magic = Buffer.from(value("magic") ?? "", "hex");
  if (interpreter === undefined || magic.length === 0) return null;
  const mask = value("mask");
  return {
    interpreter,
    flags: value("flags:") ?? value("flags") ?? "",
    offset: Number(value("offset") ?? "0"),
    magic,
    mask: mask === undefined ? Buffer.alloc(magic.length, 0xff) : Buffer.from(mask, "hex"),
  };
}

function matches(program: Buffer, { offset, magic, mask }: Entry): boolean {
  return magic.every((byte, index) => {
    const bits = mask[index] ?? 0xff;
    return ((program[offset + index] ?? 0) & bits) === (byte & bits);
  });
}

/**
 * The line that registers `interpreter` for programs of an architecture: opened at once (`F`), with the credentials of
 * the program (`C`, which implies `O`), and told how the program was called (`P`) when it understands that. Null for a path
 * or an architecture that cannot be registered.
 */
export function registration(arch: string, interpreter: string, preservesName: boolean): string | null {
  const pattern = programMagic(arch);
  const delimiter = [":", "|", ",", "%"].find((character) => !interpreter.includes(character));
  // The kernel has room for so much, its end included.
  if (pattern === null || delimiter === undefined || Buffer.byteLength(interpreter) > 127) return null;
  const { magic, mask } = pattern;
  const fields = ["", "rpmoci", "M", "", escaped(magic), escaped(mask), interpreter];
  return [...fields, preservesName ? "POCF" : "OCF"].join(delimiter);
}

function escaped(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
