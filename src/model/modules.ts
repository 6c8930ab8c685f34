/** Module streams: what a repository's `modules` metadata says, condensed to what resolving needs. */
import type { ModuleBuild } from "../native/binding.js";
import { compareText } from "./nevra.js";

/** What a `modulemd-defaults` document says. */
export interface ModuleDefault {
  readonly module: string;
  /** Null where only profiles have defaults. */
  readonly stream: string | null;
  /** When it was written, `YYYYMMDDhhmm`; 0 if unknown. */
  readonly modified: number;
}

export interface ModuleMetadata {
  readonly builds: readonly ModuleBuild[];
  /** At most one a module. */
  readonly defaults: readonly ModuleDefault[];
  /** What is wrong with documents that were left out. */
  readonly warnings: readonly string[];
}

/**
 * The default stream of each module that has one, sorted by module: what was written last, and none where documents of
 * the same time disagree. Unlike libmodulemd's, the answer does not depend on the order of repositories.
 */
export function defaultStreams(
  defaults: readonly ModuleDefault[],
): readonly { readonly module: string; readonly stream: string }[] {
  const latest = new Map<string, { modified: number; streams: Set<string> }>();
  for (const { module, stream, modified } of defaults) {
    if (stream === null) continue;
    const known = latest.get(module);
    if (known === undefined || modified > known.modified) latest.set(module, { modified, streams: new Set([stream]) });
    else if (modified === known.modified) known.streams.add(stream);
  }
  return [...latest]
    .flatMap(([module, { streams }]) => (streams.size === 1 ? [...streams].map((stream) => ({ module, stream })) : []))
    .sort((a, b) => compareText(a.module, b.module));
}
