/** `LAYOUT[:TAG]` on the command line. */
import { existsSync } from "node:fs";

/** A directory may have a colon in its name; a digest has one, too. */
export function parseLayoutReference(text: string): { readonly layout: string; readonly tag?: string } {
  const [, layout, tag] =
    /^(.+?)[:@](sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.exec(text) ?? /^(.+):([^/]+)$/.exec(text) ?? [];
  if (layout !== undefined && tag !== undefined && !existsSync(text)) return { layout, tag };
  return { layout: text };
}
