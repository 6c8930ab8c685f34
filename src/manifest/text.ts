/** The text of a manifest, and the document that it is. */
import { parse, TomlError } from "smol-toml";
import { messageOf, RpmociError } from "../errors.js";

/** Throws an `RpmociError` of kind `manifest`; `path` is used in its message. */
export function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw syntaxError(path, "it is not encoded in UTF-8", error);
  }
}

/** Throws an `RpmociError` of kind `manifest` that names the line and the column. */
export function parseDocument(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const at = error instanceof TomlError ? `:${error.line}:${error.column}` : "";
    throw syntaxError(`${path}${at}`, firstLine(messageOf(error)), error);
  }
}

function syntaxError(where: string, reason: string, cause: unknown): RpmociError {
  return new RpmociError(`${where}: not valid TOML: ${reason}`, { kind: "manifest", code: "MANIFEST_SYNTAX", cause });
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? text).replace(/^Invalid TOML document: /, "");
}
