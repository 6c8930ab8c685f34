/** The root's layers: those that an earlier build made are taken over, the others written. */
import { join } from "node:path";
import pMap from "p-map";
import { LayerCache } from "../layer/cache.js";
import { type BaseState, type ListedLayer, listLayers } from "../layer/list.js";
import { takeLayer } from "../layer/take.js";
import { writeLayers } from "../layer/write.js";
import { knownLayers } from "../layout/known-layers.js";
import type { LayoutTransaction } from "../layout/layout.js";
import { cacheFolders } from "../model/cache-folders.js";
import { ANNOTATION_LAYER_INPUTS, ANNOTATION_LAYER_PACKAGES, type Layer } from "../model/descriptor.js";
import type { LayerPlan, LayersSection } from "../model/layer-plan.js";
import type { LockedPackage } from "../model/lockfile.js";
import { packagesKey } from "../plan/packages-key.js";
import type { Context } from "./options.js";

export interface LayersRequest {
  /** The locked packages. */
  readonly packages: readonly LockedPackage[];
  readonly root: string;
  /** The rpm database's path inside the root; null when there is none. */
  readonly databasePath: string | null;
  /** What the root began as; its layers are not made. Null without a base image. */
  readonly base: BaseState | null;
  readonly plan: LayerPlan;
  readonly section: Pick<LayersSection, "compression" | "level">;
  /** Seconds. */
  readonly created: number;
  /** Seconds: when the build began to write the root. */
  readonly buildStart: number;
  readonly layout: LayoutTransaction;
  /** Of names of files in the layout's staging folder: there is one for each architecture. */
  readonly prefix: string;
  readonly reuse: LayerReuse;
}

export interface LayerReuse {
  /** Take over what an earlier build made. */
  readonly enabled: boolean;
  /** A layout that may have layers, and the tag of the image in it that has them. */
  readonly previous?: { readonly layout: string; readonly tag?: string | undefined } | undefined;
}

/** How many blobs are verified at a time. */
const CONCURRENT = 4;

/** The lowest first. Throws an `RpmociError` of kind `output`, and the signal's reason. */
export async function makeLayers(request: LayersRequest, context: Context): Promise<readonly Layer[]> {
  const { root, databasePath, base, plan, section, created, buildStart, layout, prefix, reuse } = request;
  const { emit, signal, cacheDirectory } = context;
  emit({ type: "layer-started" });
  const groups = plan.layers.map(({ packages }) => packages);
  const listed = await listLayers(
    { root, databasePath, base, groups, section, sourceDateEpoch: created, buildStart, signal },
    emit,
  );
  const cache = new LayerCache(cacheFolders(cacheDirectory).layers);
  const taken = reuse.enabled ? await takeKnown(listed.layers, cache, request) : new Map<ListedLayer, Layer>();
  if (taken.size > 0) emit({ type: "layers-reused", reused: taken.size, layers: listed.layers.length });
  const missing = listed.layers.filter((layer) => !taken.has(layer));
  const written = await writeLayers(listed, missing, { directory: layout.staging, prefix, section, signal }, emit);
  const writtenOf = new Map(missing.map((layer, index) => [layer, written[index]]));
  if (reuse.enabled) {
    await Promise.all([...writtenOf].map(([{ key }, layer]) => layer && cache.add(key, layer)));
    await cache.prune(Date.now());
  }
  return listed.layers.flatMap((layer) => {
    const made = taken.get(layer) ?? writtenOf.get(layer);
    return made === undefined ? [] : [annotated(made, layer, request)];
  });
}

/** With what later builds recognise it by. */
function annotated(made: Layer, { key, group }: ListedLayer, { plan, packages, section }: LayersRequest): Layer {
  const planned = plan.layers[group];
  const annotations = {
    [ANNOTATION_LAYER_INPUTS]: key,
    ...(planned === undefined ? {} : { [ANNOTATION_LAYER_PACKAGES]: packagesKey(planned, packages, section) }),
  };
  return { ...made, descriptor: { ...made.descriptor, annotations } };
}

async function takeKnown(
  layers: readonly ListedLayer[],
  cache: LayerCache,
  { layout, prefix, reuse: { previous } }: LayersRequest,
): Promise<ReadonlyMap<ListedLayer, Layer>> {
  const present = await knownLayers(layout.directory);
  const earlier = previous === undefined ? new Map<string, Layer>() : await knownLayers(previous.layout, previous.tag);
  const take = async (layer: ListedLayer): Promise<readonly (readonly [ListedLayer, Layer])[]> => {
    const { key, group } = layer;
    const name = `${prefix}layer-${group}`;
    const here = present.get(key);
    const held = here && (await layout.hold(here, name));
    if (held) return [[layer, held]];
    const target = join(layout.staging, name);
    for (const known of [earlier.get(key), await cache.find(key)]) {
      const found = known && (await takeLayer(known, target));
      if (found) return [[layer, found]];
    }
    return [];
  };
  return new Map((await pMap(layers, take, { concurrency: CONCURRENT })).flat());
}
