/**
 * The layer stage in a process of its own: `node layer-stage.js ROOT DBPATH DIRECTORY COMPRESSION [PLAN]`. Writes layers
 * to the folder and prints a `StageResult`. PLAN is a file with the packages of each layer, and keys of layers that are
 * there already; without it there is one layer.
 */
import { existsSync, readFileSync } from "node:fs";
import { listLayers } from "../src/layer/list.js";
import { writeLayers } from "../src/layer/write.js";

export interface StagePlan {
  readonly groups: readonly (readonly string[])[];
  readonly known: readonly string[];
}

export interface StageResult {
  /** From the first look at the root until all blobs are written, without the start of the process. */
  readonly seconds: number;
  readonly layers: readonly StagedLayer[];
}

export interface StagedLayer {
  readonly key: string;
  /** Bytes of the blob; null if it was not written. */
  readonly size: number | null;
}

const [root = "", databasePath = "", directory = "", compression = "gzip", planFile = ""] = process.argv.slice(2);
const plan: StagePlan = existsSync(planFile) ? JSON.parse(readFileSync(planFile, "utf8")) : { groups: [], known: [] };
const section = { compression: compression as "gzip" | "zstd" | "none", level: undefined };
const ignore = (): void => {};
const request = {
  root,
  databasePath,
  groups: plan.groups,
  section,
  base: null,
  sourceDateEpoch: 1_800_000_000,
  buildStart: 2 ** 40,
};
const start = performance.now();
const listed = await listLayers(request, ignore);
const wanted = listed.layers.filter(({ key }) => !plan.known.includes(key));
const layers = await writeLayers(listed, wanted, { directory, prefix: "", section }, ignore);
const seconds = (performance.now() - start) / 1000;
const sizeOf = new Map(wanted.map((layer, index) => [layer, layers[index]?.descriptor.size]));
const staged = listed.layers.map((layer): StagedLayer => ({ key: layer.key, size: sizeOf.get(layer) ?? null }));
console.log(JSON.stringify({ seconds, layers: staged } satisfies StageResult));
