/** `rpmoci tree`: what requires what in the lockfile. */
import { RpmociError } from "../errors.js";
import type { GraphPackage } from "../explain/graph.js";
import { type TreeRoot, treesOf, unreachedPackages } from "../explain/tree.js";
import type { ArchitectureOption } from "./architectures.js";
import { readLockedGraph } from "./locked-graph.js";
import type { CommonOptions } from "./options.js";

export interface TreeOptions extends CommonOptions, ArchitectureOption {
  /** As for `why`; all that the manifest asks for by default. */
  readonly package?: string | undefined;
  /** Show what requires the package rather than what it requires. */
  readonly inverse?: boolean;
  /** How many levels below the roots to show; all by default. */
  readonly depth?: number | undefined;
}

export interface Tree {
  /** Absolute. */
  readonly manifestPath: string;
  /** In the order of the manifest, or of the packages' names. */
  readonly roots: readonly TreeRoot[];
  /** Packages that nothing in the manifest is known to lead to; empty in a tree of one package. */
  readonly unreached: readonly GraphPackage[];
}

/** The locked packages as trees, by what repositories say of them now. Needs no root. Throws as `why` does. */
export async function tree(options: TreeOptions): Promise<Tree> {
  const { inverse = false, depth = Number.POSITIVE_INFINITY } = options;
  const query = options.package ?? null;
  if (inverse && query === null) {
    throw new RpmociError("an inverse tree needs a package to begin with", {
      kind: "usage",
      code: "PACKAGE_MISSING",
      hint: "name one: rpmoci tree --inverse PACKAGE",
    });
  }
  const { manifest, graph, found } = await readLockedGraph(options, query);
  const roots = treesOf(graph, query === null ? null : found.packages, { inverse, depth });
  const unreached = query === null ? unreachedPackages(graph) : [];
  return {
    manifestPath: manifest.path,
    roots,
    unreached: unreached.map((index) => graph.packages[index]).filter((entry) => entry !== undefined),
  };
}
