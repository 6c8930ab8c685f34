/** `rpmoci layers`: how the image is cut into layers. */
import { knownLayers } from "../layout/known-layers.js";
import { partOf } from "../lockfile/parts.js";
import { loadManifest } from "../manifest/load.js";
import { ANNOTATION_LAYER_PACKAGES } from "../model/descriptor.js";
import type { LayerPlan } from "../model/layer-plan.js";
import type { LockedLayerPlan, Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import { packagesKey } from "../plan/packages-key.js";
import { planLayers } from "../plan/plan-layers.js";
import { type ArchitectureOption, askedArchitecture } from "./architectures.js";
import { readExistingLockfile } from "./existing-lockfile.js";
import type { CommonOptions } from "./options.js";

/**
 * The plan of a lockfile for a manifest that it fits: the lockfile's own, or, when `[layers]` has changed since, the one
 * that `update` would write for the same packages. It depends on the two files only. Null for a single layer.
 */
export function planFor(lock: Lockfile, manifest: Manifest): LockedLayerPlan | null {
  const { packages, localPackages, layerPlan } = lock;
  return planLayers({ packages, localPackages, section: manifest.layers, previous: layerPlan });
}

export interface LayerReport {
  readonly name: string;
  /** Names, sorted. */
  readonly packages: readonly string[];
  /** Bytes of the RPM files, as far as the lockfile knows them. */
  readonly size: number;
  /** Whether an image of the layout has a layer of the same packages; null when no layout was given. */
  readonly reused: boolean | null;
}

export interface LayerPlanOptions extends Pick<CommonOptions, "manifestPath">, ArchitectureOption {
  /** A layout with earlier images. */
  readonly layout?: string | undefined;
  /** Of one image in it; all count by default. */
  readonly tag?: string | undefined;
}

/**
 * The layers that a build makes of the locked packages, the lowest first, without the topmost one, which holds what no
 * package owns. Empty for a single layer. Needs no root. Throws an `RpmociError`, of kind `lockfile` when there is none.
 */
export async function layerPlan(options: LayerPlanOptions): Promise<readonly LayerReport[]> {
  const { manifestPath, layout, tag } = options;
  const manifest = await loadManifest(manifestPath);
  const whole = await readExistingLockfile(manifest.lockfilePath);
  const lock = partOf(whole, askedArchitecture(options), manifest.lockfilePath);
  const plan: LayerPlan = planFor(lock, manifest) ?? { layers: [] };
  const sizes = new Map<string, number>();
  for (const { name, size = 0 } of lock.packages) sizes.set(name, (sizes.get(name) ?? 0) + size);
  const known = layout === undefined ? null : await knownPackages(layout, tag);
  return plan.layers.map((layer) => ({
    name: layer.name,
    packages: layer.packages,
    size: layer.packages.reduce((sum, member) => sum + (sizes.get(member) ?? 0), 0),
    reused: known?.has(packagesKey(layer, lock.packages, manifest.layers)) ?? null,
  }));
}

async function knownPackages(layout: string, tag: string | undefined): Promise<ReadonlySet<string>> {
  const layers = [...(await knownLayers(layout, tag)).values()];
  return new Set(layers.flatMap(({ descriptor }) => descriptor.annotations?.[ANNOTATION_LAYER_PACKAGES] ?? []));
}
