/** `rpmoci why`: how a package came into the lockfile. */
import { chainsTo, type ExplainedChain } from "../explain/chains.js";
import type { GraphPackage } from "../explain/graph.js";
import type { ArchitectureOption } from "./architectures.js";
import { readLockedGraph } from "./locked-graph.js";
import type { CommonOptions } from "./options.js";

/** More chains than anybody reads. */
const MOST_CHAINS = 1000;
const FEW_CHAINS = 5;

export interface WhyOptions extends CommonOptions, ArchitectureOption {
  /** What a manifest's packages take: a name, a NEVRA, a glob, a capability, a file's path. */
  readonly package: string;
  /**
   * The shortest chains from everything in the manifest that leads to the package, at most a thousand; else the shortest
   * of all, at most five.
   */
  readonly all?: boolean;
}

export interface PackageReasons {
  readonly package: GraphPackage;
  /** In the order of the manifest and of names; empty when nothing is known to ask for the package. */
  readonly chains: readonly ExplainedChain[];
  /** How many there are without the limit. */
  readonly total: number;
}

/**
 * Why locked packages are in the image, by what repositories say of them now. Needs no root. Throws an `RpmociError`: of
 * kind `lockfile` when there is no lockfile that fits the manifest, of kind `resolve` when it has no such package.
 */
export async function why(options: WhyOptions): Promise<readonly PackageReasons[]> {
  const { graph, found } = await readLockedGraph(options, options.package);
  const all = options.all === true;
  return found.packages.flatMap((index) => {
    const subject = graph.packages[index];
    if (subject === undefined) return [];
    return [{ package: subject, ...chainsTo(graph, index, { all, limit: all ? MOST_CHAINS : FEW_CHAINS }) }];
  });
}
