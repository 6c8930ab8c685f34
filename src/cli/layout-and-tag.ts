/** `LAYOUT[:TAG]`. */
import { existsSync } from "node:fs";

export interface LayoutAndTag {
  readonly layout: string;
  readonly tag?: string;
}

/** A directory may have a colon in its name. */
export function parseLayoutAndTag(text: string): LayoutAndTag {
  const [, layout, tag] = /^(.+):([^/]+)$/.exec(text) ?? [];
  if (layout !== undefined && tag !== undefined && !existsSync(text)) return { layout, tag };
  return { layout: text };
}
