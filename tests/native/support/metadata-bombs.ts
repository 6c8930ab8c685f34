/** Small files that unpack to hundreds of megabytes. */
import { compressions, compressOutput } from "./compression.js";
import type { Damage, MetadataPart } from "./damaged-metadata.js";

interface Filling {
  readonly name: string;
  /** A shell command whose output stands inside the root element, or null for nothing but zeros. */
  readonly inside: string | null;
}

const MEBIBYTE = 2 ** 20;

function repeated(text: string, bytes: number): string {
  return `yes '${text}' | tr -d '\\n' | head -c ${Math.floor(bytes / text.length) * text.length}`;
}

const fillings: readonly Filling[] = [
  { name: "zeros", inside: null },
  { name: "blanks", inside: repeated(" ", 512 * MEBIBYTE) },
  {
    name: "a name",
    inside: `printf '<package type="rpm"><name>'; ${repeated("aaaaaaaa", 512 * MEBIBYTE)}; printf '</name></package>'`,
  },
  {
    name: "an attribute",
    inside: `printf '<package type="'; ${repeated("aaaaaaaa", 128 * MEBIBYTE)}; printf '"></package>'`,
  },
  { name: "an element's name", inside: `printf '<'; ${repeated("aaaaaaaa", 128 * MEBIBYTE)}; printf '/>'` },
  { name: "a comment", inside: `printf '<!--'; ${repeated("aaaaaaaa", 128 * MEBIBYTE)}; printf '%s' '-->'` },
  { name: "a nest", inside: repeated("<a>", 256 * MEBIBYTE) },
  { name: "packages", inside: repeated('<package type="rpm"/>', 256 * MEBIBYTE) },
  {
    name: "requirements",
    inside: `printf '<package type="rpm"><name>a</name><format><rpm:requires>'; ${repeated('<rpm:entry name="a"/>', 256 * MEBIBYTE)}; printf '</rpm:requires></format></package>'`,
  },
];

const roots: Record<MetadataPart, string> = {
  repomd: '<repomd xmlns="http://linux.duke.edu/metadata/repo">',
  primary: '<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm">',
  filelists: '<filelists xmlns="http://linux.duke.edu/metadata/filelists">',
};

/** Every filling in zstd, which is quick, and nests in all compressions. */
export function bombs(): readonly Damage[] {
  return (["repomd", "primary", "filelists"] as const).flatMap((part) =>
    fillings.flatMap(({ name, inside }) => {
      const kinds = name === "a nest" && part === "primary" ? compressions : (["zstd"] as const);
      const closing = roots[part].match(/\w+/)?.[0];
      const command =
        inside === null ? `head -c ${512 * MEBIBYTE} /dev/zero` : `printf '%s' '${roots[part]}'; ${inside}; printf '</${closing}>'`;
      return kinds.map(
        (kind): Damage => ({
          name: `${part}: ${name} as ${kind}`,
          part,
          bytes: compressOutput(kind, command),
          expected: "error",
        }),
      );
    }),
  );
}
