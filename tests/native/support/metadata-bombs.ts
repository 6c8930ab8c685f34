/** Small files that unpack to hundreds of mebibytes. */
import { type Compression, compress, compressions } from "./compression.js";
import type { Damage, Expectation, MetadataPart } from "./damaged-metadata.js";

interface Filling {
  readonly name: string;
  readonly before?: string;
  /** What is repeated between the two. */
  readonly unit: string;
  readonly after?: string;
  readonly mebibytes: number;
  readonly parts?: readonly MetadataPart[];
  /** `error` if absent. */
  readonly expected?: Expectation;
}

const MEBIBYTE = 2 ** 20;

const fillings: readonly Filling[] = [
  { name: "zeros", unit: "\0", mebibytes: 1024 },
  // Well-formed, and no more than a large repository has: what it takes counts.
  { name: "blanks", unit: " ", mebibytes: 100, parts: ["primary"], expected: "any" },
  {
    name: "requirements",
    before: '<package type="rpm"><name>a</name><format><rpm:requires>',
    unit: '<rpm:entry name="a"/>',
    after: "</rpm:requires></format></package>",
    mebibytes: 100,
    parts: ["primary"],
    expected: "any",
  },
  { name: "a name", before: '<package type="rpm"><name>', unit: "a", after: "</name></package>", mebibytes: 1024 },
  { name: "an attribute", before: '<package type="', unit: "a", after: '"/>', mebibytes: 1024 },
  { name: "an element's name", before: "<", unit: "a", after: "/>", mebibytes: 1024 },
  { name: "a comment", before: "<!--", unit: "a", after: "-->", mebibytes: 1024 },
  { name: "an instruction", before: "<?a ", unit: "a", after: "?>", mebibytes: 1024 },
  { name: "a nest", unit: "<a>", mebibytes: 1024 },
  { name: "packages", unit: '<package type="rpm"/>', mebibytes: 1024, parts: ["primary"] },
  {
    name: "a name in pieces",
    before: '<package type="rpm"><name>',
    unit: "aaaaaaaaaa<!---->",
    after: "</name></package>",
    mebibytes: 1024,
  },
  {
    name: "a name in CDATA sections",
    before: '<package type="rpm"><name>',
    unit: "<![CDATA[aaaaaaaaaa]]>",
    after: "</name></package>",
    mebibytes: 1024,
  },
];

const roots: Record<MetadataPart, string> = {
  repomd: '<repomd xmlns="http://linux.duke.edu/metadata/repo">',
  primary: '<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm">',
  filelists: '<filelists xmlns="http://linux.duke.edu/metadata/filelists">',
};

/** Each part compressed alone: readers of all formats but bzip2 take what is joined for one file. */
function joined(compression: Compression, before: string, unit: string, mebibytes: number, after: string): Buffer {
  const times = Math.floor(MEBIBYTE / unit.length);
  const filling = compress(compression, Buffer.from(unit.repeat(times)));
  const repeats = Array.from({ length: mebibytes }, () => filling);
  return Buffer.concat([
    compress(compression, Buffer.from(before)),
    ...repeats,
    compress(compression, Buffer.from(after)),
  ]);
}

/** Every filling in zstd, and nests in all compressions. */
export function bombs(): readonly Damage[] {
  const whole = fillings.flatMap((filling) => {
    const { name, before = "", unit, after = "", mebibytes, expected = "error" } = filling;
    return (filling.parts ?? ["primary", "filelists"]).map((part): Damage => {
      const closing = `</${roots[part].match(/\w+/)?.[0]}>`;
      const bytes = joined("zstd", roots[part] + before, unit, mebibytes, after + closing);
      return { name: `${part}: ${name} as zstd`, part, bytes, expected };
    });
  });
  const nest = Buffer.from(roots.primary + "<a>".repeat(8 * MEBIBYTE));
  const nests = compressions.map(
    (kind): Damage => ({ name: `a nest as ${kind}`, part: "primary", bytes: compress(kind, nest), expected: "error" }),
  );
  return [...whole, ...nests];
}
