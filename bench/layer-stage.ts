/**
 * The layer stage in a process of its own: `node layer-stage.js ROOT DBPATH DIRECTORY COMPRESSION`. Writes one layer to
 * the folder and prints its size.
 */
import { listLayers } from "../src/layer/list.js";
import { writeLayers } from "../src/layer/write.js";

const [root = "", databasePath = "", directory = "", compression = "gzip"] = process.argv.slice(2);
const section = { compression: compression as "gzip" | "zstd" | "none", level: undefined };
const ignore = (): void => {};
const request = { root, databasePath, groups: [], section, sourceDateEpoch: 1_700_000_000, buildStart: 2 ** 40 };
const listed = await listLayers(request, ignore);
const layers = await writeLayers(listed, listed.layers, { directory, section }, ignore);
console.log(layers[0]?.descriptor.size);
