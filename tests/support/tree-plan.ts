/** Trees of files that are described first and made then: as often as needed, in any order. Root makes them. */
import { join } from "node:path";
import { projectRoot } from "./project.js";
import { runSuccessfully } from "./run.js";

export type Kind = "file" | "directory" | "symlink" | "fifo" | "socket" | "character" | "block";

export interface DataPart {
  readonly offset: number;
  readonly size: number;
  readonly seed: number;
  /** After how many bytes the contents repeat; 0 for noise. */
  readonly repeats: number;
}

/** An inode. Bytes are hexadecimal. */
export interface PlannedNode {
  readonly kind: Kind;
  /** Not of a symlink. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since the epoch. */
  readonly mtime: string;
  readonly xattrs: readonly (readonly [name: string, value: string])[];
  /** Of a symlink. */
  readonly target: string;
  /** Of a file, whose parts that are not in `data` are holes. */
  readonly size: number;
  readonly data: readonly DataPart[];
  /** Major and minor number. */
  readonly device: readonly [number, number];
}

export interface TreePlan {
  readonly nodes: readonly PlannedNode[];
  /** Paths without a slash at the end, that of the tree itself being empty. A node that is not a directory may have several. */
  readonly names: readonly { readonly path: string; readonly node: number }[];
}

export const hex = (text: string | Uint8Array): string => Buffer.from(text).toString("hex");

/** A node of which only what matters is given. */
export function plannedNode(kind: Kind, given: Partial<PlannedNode> = {}): PlannedNode {
  return {
    kind,
    mode: kind === "directory" ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    mtime: "1600000000000000000",
    xattrs: [],
    target: "",
    size: 0,
    data: [],
    device: [0, 0],
    ...given,
  };
}

/** The plan without inodes of some kinds, which are not directories. */
export function withoutKinds({ nodes, names }: TreePlan, kinds: ReadonlySet<Kind>): TreePlan {
  return { nodes, names: names.filter(({ node }) => !kinds.has(nodes[node]?.kind ?? "file")) };
}

/** Makes the tree as `root`, which must not exist. Names are made in their order, directories when first needed. */
export async function makeTree(root: string, plan: TreePlan): Promise<void> {
  await runSuccessfully("python3", [join(projectRoot, "tests/support/make-tree.py")], {
    input: JSON.stringify({ root, ...plan }),
    env: { LD_PRELOAD: undefined },
  });
}
