/** The small XML files of repositories, `repomd.xml` and metalinks; the large ones are libsolv's to read. */
import { XMLParser, XMLValidator } from "fast-xml-parser";

/**
 * The document as nested objects: attributes are `@name`, text is `#text`, namespace prefixes are gone, and elements
 * whose names are in `repeated` are always lists. Values stay text. Throws an `Error` for what is not well-formed,
 * and for a document type: entities could make it endless.
 */
export function parseXml(text: string, repeated: readonly string[]): unknown {
  if (text.includes("<!DOCTYPE")) throw new Error("it has a document type declaration");
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new Error(`${valid.err.msg} (line ${valid.err.line})`);
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
