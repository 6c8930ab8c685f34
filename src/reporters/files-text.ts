/** The files of an image, as text. */
import type { ListedFile } from "../index.js";
import { printable } from "./printable.js";
import { table } from "./table.js";

const TYPE_LETTERS: Readonly<Record<ListedFile["type"], string>> = {
  file: "-",
  directory: "d",
  symlink: "l",
  character: "c",
  block: "b",
  fifo: "p",
};

/** A line for each: mode, owner, size, number of the layer, package, digest where it is known, path. */
export function filesText(files: readonly ListedFile[]): string {
  const digests = files.some(({ digest }) => digest !== null);
  const rows = files.map((file) => [
    modeText(file),
    `${file.uid}:${file.gid}`,
    String(file.size),
    String(file.layer + 1),
    ownerText(file.packages),
    ...(digests ? [file.digest ?? "-"] : []),
    `${printable(file.path)}${file.linkTarget === null ? "" : ` -> ${printable(file.linkTarget)}`}`,
  ]);
  return table(rows, [1, 4, 5])
    .map((line) => `${line}\n`)
    .join("");
}

/** Hundreds of packages may own a directory. */
function ownerText([first = "-", ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

/** As `ls -l` has it. */
export function modeText({ type, mode }: Pick<ListedFile, "type" | "mode">): string {
  const bits = [..."rwxrwxrwx"].map((letter, index) => ((mode >> (8 - index)) & 1 ? letter : "-"));
  for (const [bit, index, letter] of [
    [0o4000, 2, "s"],
    [0o2000, 5, "s"],
    [0o1000, 8, "t"],
  ] as const) {
    if ((mode & bit) !== 0) bits[index] = bits[index] === "x" ? letter : letter.toUpperCase();
  }
  return `${TYPE_LETTERS[type]}${bits.join("")}`;
}
