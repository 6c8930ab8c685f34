/** Metadata as a broken disk, a broken program or an attacker may leave it. The same in every run. */
import { randomIntegers } from "../../support/random.js";
import { type Compression, compress, compressions } from "./compression.js";

export const metadataParts = ["repomd", "primary", "filelists"] as const;
export type MetadataPart = (typeof metadataParts)[number];

/** The uncompressed files of a repository. */
export type MetadataTexts = Readonly<Record<MetadataPart, string>>;

/**
 * `error`: it must be refused. `equal`: refused, or read as if it were not damaged. `similar`: refused, or read with at
 * most one package that differs. `any`: refused, or read as whatever it says.
 */
export type Expectation = "error" | "equal" | "similar" | "any";

export interface Damage {
  readonly name: string;
  readonly part: MetadataPart;
  readonly bytes: Uint8Array;
  readonly expected: Expectation;
}

type Maker = (part: MetadataPart, text: string) => readonly Damage[];

function textDamage(part: MetadataPart, name: string, text: string, expected: Expectation): Damage {
  return { name: `${part}: ${name}`, part, bytes: Buffer.from(text), expected };
}

/** Every so many bytes, from nothing to all but the closing tag. */
function truncatedTexts(part: MetadataPart, text: string): readonly Damage[] {
  const end = text.lastIndexOf(">");
  return Array.from({ length: 40 }, (_, step) => {
    const length = Math.floor((end * step) / 39);
    return textDamage(part, `${length} bytes of the text`, text.slice(0, length), "error");
  });
}

function flippedTexts(part: MetadataPart, text: string): readonly Damage[] {
  const random = randomIntegers(text.length + part.length);
  return Array.from({ length: 60 }, () => {
    const bytes = Buffer.from(text);
    const at = random(bytes.length);
    const bit = random(8);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    return { name: `${part}: bit ${bit} of byte ${at}`, part, bytes, expected: "similar" };
  });
}

function damagedArchives(compression: Compression): Maker {
  return (part, text) => {
    const whole = compress(compression, Buffer.from(text));
    const random = randomIntegers(whole.length);
    const cuts = [1, 2, 4, 6, 10, 20, whole.length >> 1, whole.length - 9, whole.length - 4, whole.length - 1];
    return [
      ...cuts.map((length): Damage => {
        // What is left of the magic number is not one any more.
        return {
          name: `${part}: ${length} bytes of its ${compression}`,
          part,
          bytes: whole.subarray(0, length),
          expected: "error",
        };
      }),
      ...Array.from({ length: 12 }, (): Damage => {
        const bytes = Buffer.from(whole);
        const at = random(bytes.length);
        const bit = random(8);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        return { name: `${part}: bit ${bit} of byte ${at} of its ${compression}`, part, bytes, expected: "equal" };
      }),
    ];
  };
}

const root = /<(repomd|metadata|filelists)[ >]/;

/** The text with something between its declaration and its root element. */
function withProlog(text: string, prolog: string): string {
  return text.replace(root, (tag) => `${prolog}\n${tag}`);
}

function laughs(levels: number): string {
  const entities = Array.from({ length: levels }, (_, level) => {
    return `<!ENTITY e${level + 1} "${`&e${level};`.repeat(10)}">`;
  });
  return `<!DOCTYPE d [<!ENTITY e0 "ha">${entities.join("")}]>`;
}

/** The first text inside an element of that name becomes something else. */
function withContent(text: string, content: string): string {
  return text.replace(/<(summary|version|revision|file)>[^<]*</, (_whole, name) => `<${name}>${content}<`);
}

function entityTricks(part: MetadataPart, text: string): readonly Damage[] {
  const trick = (name: string, prolog: string, content: string, expected: Expectation): Damage =>
    textDamage(part, name, withProlog(withContent(text, content), prolog), expected);
  return [
    trick("a billion laughs", laughs(9), "&e9;", "error"),
    trick("a million laughs", laughs(6), "&e6;", "any"),
    trick("quadratic blow-up", `<!DOCTYPE d [<!ENTITY a "${"a".repeat(100_000)}">]>`, "&a;".repeat(100_000), "error"),
    trick("an entity of itself", '<!DOCTYPE d [<!ENTITY a "&b;"><!ENTITY b "&a;">]>', "&a;", "error"),
    trick("an external entity", '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "&a;", "any"),
    trick("an endless external entity", '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///dev/zero">]>', "&a;", "any"),
    trick("an external definition", '<!DOCTYPE d SYSTEM "file:///dev/zero">', "text", "any"),
    trick("a parameter entity", '<!DOCTYPE d [<!ENTITY % a SYSTEM "file:///dev/zero"> %a;]>', "text", "any"),
    trick("an undefined entity", "", "&nothing;", "error"),
    trick("a bare ampersand", "", "a & b", "error"),
    trick("a reference to NUL", "", "&#0;", "error"),
    trick("a reference beyond Unicode", "", "&#x110000;", "error"),
    trick("a CDATA section", "", "<![CDATA[</package><!--]]>", "any"),
  ];
}

function strangeTexts(part: MetadataPart, text: string): readonly Damage[] {
  const whole = Buffer.from(text);
  const bytes = (name: string, content: Uint8Array, expected: Expectation): Damage => ({
    name: `${part}: ${name}`,
    part,
    bytes: content,
    expected,
  });
  const declared = (encoding: string): string => text.replace(/encoding="[^"]*"/, `encoding="${encoding}"`);
  const noise = Buffer.from(
    Array.from(
      { length: 5000 },
      (
        (random) => () =>
          random(256)
      )(randomIntegers(7)),
    ),
  );
  return [
    textDamage(part, "no bytes", "", "error"),
    textDamage(part, "blanks", " \n\n", "error"),
    bytes("noise", noise, "error"),
    bytes("zeros", Buffer.alloc(100_000), "error"),
    textDamage(part, "a page of a web server", "<!DOCTYPE html><html><body><p>Not Found</body></html>", "error"),
    textDamage(part, "a well-formed page", "<html><body><p>Not Found</p></body></html>", "error"),
    textDamage(part, "another root element", text.replace(root, "<other ").replace(/<\/\w+>\s*$/, "</other>"), "error"),
    textDamage(part, "an empty other root element", "<other/>", "error"),
    textDamage(part, "JSON", '{"packages": []}', "error"),
    textDamage(part, "something behind the end", `${text}<more/>`, "error"),
    textDamage(part, "the text twice", text + text, "error"),
    textDamage(part, "an unknown encoding", declared("x-none"), "error"),
    textDamage(part, "another encoding", declared("ISO-8859-1"), "any"),
    textDamage(part, "a false encoding", declared("UTF-16"), "error"),
    bytes("UTF-16", Buffer.from(`\ufeff${declared("UTF-16")}`, "utf16le"), "equal"),
    bytes("a byte order mark", Buffer.concat([Buffer.from("\ufeff"), whole]), "equal"),
    bytes("NUL inside", Buffer.from(withContent(text, "a\0b")), "error"),
    bytes("bytes that are not UTF-8", Buffer.from(withContent(text, "\u00ff\u00fe"), "latin1"), "error"),
    textDamage(
      part,
      "a deep nest",
      withProlog(text, "").replace(/<\/\w+>\s*$/, (tag) => nest(100_000) + tag),
      "error",
    ),
    bytes("gzip twice", compress("gzip", compress("gzip", whole)), "error"),
    ...compressions.map((name) => bytes(`nothing as ${name}`, compress(name, Buffer.alloc(0)), "error")),
  ];
}

function nest(depth: number): string {
  return `${"<a>".repeat(depth)}${"</a>".repeat(depth)}`;
}

const numbers = [
  "99999999999",
  "99999999999999999999999999",
  "4294967296",
  "2147483648",
  "-1",
  "-9223372036854775809",
  "",
  "abc",
  "1e309",
  "0x7fffffff",
  " 1 ",
  "NaN",
];

const paths = [
  "../../../../etc/shadow",
  "/etc/shadow",
  "//host/file",
  "a/../../b",
  "..",
  ".",
  "",
  "a\nb",
  "a&#10;b",
  "a&#1;b",
  "file:///etc/shadow",
  "http://localhost:1/x.rpm",
  "a\\..\\..\\b",
  "%2e%2e/%2e%2e/etc/shadow",
  "x".repeat(100_000),
  "../".repeat(2000),
  "a/".repeat(20_000),
];

/** Values of one attribute or element, wherever the pattern's first group stands between its second and third. */
function replaced(
  part: MetadataPart,
  text: string,
  what: string,
  pattern: RegExp,
  values: readonly string[],
): readonly Damage[] {
  if (!pattern.test(text)) throw new Error(`${part} has no ${what}`);
  return values.map((value) => {
    const changed = text.replace(pattern, (_whole, before, after) => `${before}${value}${after}`);
    return textDamage(part, `${what} ${JSON.stringify(value.slice(0, 40))}`, changed, "any");
  });
}

function wrongNumbers(part: MetadataPart, text: string): readonly Damage[] {
  const inPart: Record<MetadataPart, readonly (readonly [string, RegExp])[]> = {
    repomd: [
      ["size", /(<size>)[^<]*(<)/],
      ["open size", /(<open-size>)[^<]*(<)/],
      ["timestamp", /(<timestamp>)[^<]*(<)/],
      ["revision", /(<revision>)[^<]*(<)/],
    ],
    primary: [
      ["number of packages", /(packages=")[^"]*(")/],
      ["epoch", /(epoch=")[^"]*(")/],
      ["package size", /(package=")[^"]*(")/],
      ["installed size", /(installed=")[^"]*(")/],
      ["build time", /(build=")[^"]*(")/],
      ["header's start", /(start=")[^"]*(")/],
      ["version", /(ver=")[^"]*(")/],
      ["checksum", /(<checksum [^>]*>)[^<]*(<)/],
      ["checksum's algorithm", /(<checksum type=")[^"]*(")/],
    ],
    filelists: [
      ["number of packages", /(packages=")[^"]*(")/],
      ["epoch", /(epoch=")[^"]*(")/],
      ["pkgid", /(pkgid=")[^"]*(")/],
    ],
  };
  return inPart[part].flatMap(([what, pattern]) => replaced(part, text, what, pattern, numbers));
}

function wrongPaths(part: MetadataPart, text: string): readonly Damage[] {
  const inPart: Record<MetadataPart, readonly (readonly [string, RegExp])[]> = {
    repomd: [["location", /(<location href=")[^"]*(")/]],
    primary: [
      ["location", /(<location href=")[^"]*(")/],
      ["file", /(<file>)[^<]*(<)/],
      ["base", /(<location )(href)/],
    ],
    filelists: [["file", /(<file>)[^<]*(<)/]],
  };
  return inPart[part].flatMap(([what, pattern]) => {
    const values = what === "base" ? paths.map((path) => `xml:base="${path}" `) : paths;
    return replaced(part, text, what, pattern, values);
  });
}

/** Elements that are not there, are there twice, or are empty. */
function wrongElements(part: MetadataPart, text: string): readonly Damage[] {
  const names = [...new Set([...text.matchAll(/<([\w:-]+)[ >/]/g)].map((match) => match[1] ?? ""))];
  return names.flatMap((name) => {
    const first = new RegExp(`<${name}(?: [^>]*)?(?:/>|(?<!/)>[^]*?</${name}>)`);
    const all = new RegExp(first, "g");
    return [
      textDamage(part, `no ${name}`, text.replace(first, ""), "any"),
      textDamage(part, `no ${name} at all`, text.replace(all, ""), "any"),
      textDamage(part, `${name} twice`, text.replace(first, "$&$&"), "any"),
      textDamage(part, `${name} within itself`, text.replace(first, `<${name}>$&</${name}>`), "any"),
      textDamage(
        part,
        `${name} without attributes`,
        text.replace(new RegExp(`<${name} [^>]*?(/?)>`), `<${name}$1>`),
        "any",
      ),
      textDamage(part, `empty ${name}`, text.replace(first, `<${name}/>`), "any"),
    ];
  });
}

/** Filelists that belong to other packages than the primary metadata has. */
function wrongPackageIds(part: MetadataPart, text: string): readonly Damage[] {
  if (part === "repomd") return [];
  const identity = part === "primary" ? /(<checksum type="sha256" pkgid="YES">)([^<]*)(<)/g : /(pkgid=")([^"]*)(")/g;
  const values = [...text.matchAll(identity)].map((match) => match[2] ?? "");
  const withIds = (name: string, id: (index: number) => string): Damage => {
    let index = 0;
    return textDamage(
      part,
      name,
      text.replace(identity, (_whole, before, _id, after) => `${before}${id(index++)}${after}`),
      "any",
    );
  };
  return [
    withIds("one pkgid for all", () => values[0] ?? ""),
    withIds("pkgids of no package", (index) => index.toString(16).padStart(64, "0")),
    withIds("pkgids in turn", (index) => values[(index + 1) % values.length] ?? ""),
    withIds("pkgids that are cut short", (index) => values[index]?.slice(0, 10) ?? ""),
  ];
}

const makers: readonly Maker[] = [
  truncatedTexts,
  flippedTexts,
  ...compressions.map(damagedArchives),
  entityTricks,
  strangeTexts,
  wrongNumbers,
  wrongPaths,
  wrongElements,
  wrongPackageIds,
];

/** All damages of all files. */
export function damages(texts: MetadataTexts): readonly Damage[] {
  return metadataParts.flatMap((part) => makers.flatMap((make) => make(part, texts[part])));
}
