/** The small XML files of repositories, `repomd.xml` and metalinks; the large ones are libsolv's to read. */
import { XMLParser, XMLValidator } from "fast-xml-parser";

/** Characters. Far more than any of them has; what the parser makes of much more takes minutes and gigabytes. */
const LONGEST = 1 << 20;

/** The parser quotes what it does not understand as a whole. */
const LONGEST_REASON = 200;

/**
 * The document as nested objects: attributes are `@name`, text is `#text`, namespace prefixes are gone, and elements
 * whose names are in `repeated` are always lists. Values stay text. Throws an `Error` for what is not well-formed
 * or far too long, and for a document type: entities could make it endless.
 */
export function parseXml(text: string, repeated: readonly string[]): unknown {
  if (text.length > LONGEST) throw new Error("it is longer than 1 MiB");
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
