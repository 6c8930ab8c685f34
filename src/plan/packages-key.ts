/** Tells layers with the same packages, before they are made. */
import { createHash } from "node:crypto";
import type { LayersSection, PlannedLayer } from "../model/layer-plan.js";
import type { LockedPackage } from "../model/lockfile.js";

/**
 * 64 hexadecimal digits, the same for equal packages in equal compression. Layers that have them in common are almost
 * always the same: scriptlets of other packages may change whose files they hold.
 */
export function packagesKey(
  layer: PlannedLayer,
  packages: readonly LockedPackage[],
  { compression, level = 0 }: Pick<LayersSection, "compression" | "level">,
): string {
  const names = new Set(layer.packages);
  const lines = packages
    .filter(({ name }) => names.has(name))
    .map(({ name, evr, arch = "", checksum }) => [name, evr, arch, checksum.algorithm, checksum.value].join(" "));
  return createHash("sha256")
    .update([`${compression} ${level}`, ...lines.sort()].join("\n"))
    .digest("hex");
}
