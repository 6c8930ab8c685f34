/** The small XML files of repositories, `repomd.xml`, metalinks and comps; the large ones are libsolv's to read. */
import { XMLParser, XMLValidator } from "fast-xml-parser";

/** Characters. Far more than they have; what the parser makes of much more takes minutes and gigabytes. */
const LONGEST = 1 << 20;

export interface XmlOptions {
  /** Characters of the longest text that is read; 2^20 by default. */
  readonly longest?: number;
  /** Takes a document type that defines nothing itself; what it refers to is not read. */
  readonly documentType?: boolean;
}

/** One without definitions. */
const DOCUMENT_TYPE = /<!DOCTYPE[^<>[\]]*>/;

/** The parser quotes what it does not understand as a whole. */
const LONGEST_REASON = 200;

/**
 * The document as nested objects: attributes are `@name`, text is `#text`, namespace prefixes are gone, and elements
 * whose names are in `repeated` are always lists. Values stay text. Throws an `Error` for what is not well-formed
 * or far too long, and for a document type: entities could make it endless.
 */
export function parseXml(whole: string, repeated: readonly string[], options: XmlOptions = {}): unknown {
  const { longest = LONGEST, documentType = false } = options;
  if (whole.length > longest) throw new Error(`it is longer than ${Math.floor(longest / 2 ** 20)} MiB`);
  const text = documentType ? whole.replace(DOCUMENT_TYPE, "") : whole;
  if (text.includes("<!DOCTYPE")) throw new Error("it has a document type declaration");
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new Error(`${valid.err.msg.slice(0, LONGEST_REASON)} (line ${valid.err.line})`);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    parseTagValue: false,
    removeNSPrefix: true,
    alwaysCreateTextNode: true,
    isArray: (name) => repeated.includes(name),
  });
  return parser.parse(text);
}
