/** Some sandboxes have no devices. */
import { join } from "node:path";
import { hex, type Kind, makeTree, plannedNode } from "../../support/tree-plan.js";

/** Kinds of inodes that cannot be made in `folder`, where an attempt at each of them is left. */
export async function unmakeableKinds(folder: string): Promise<ReadonlySet<Kind>> {
  const without = new Set<Kind>();
  for (const kind of ["character", "block", "socket", "fifo"] as const) {
    const nodes = [plannedNode("directory"), plannedNode(kind, { device: [1, 3] })];
    const names = ["", hex("probe")].map((path, node) => ({ path, node }));
    await makeTree(join(folder, `probe-${kind}`), { nodes, names }).catch(() => without.add(kind));
  }
  return without;
}
