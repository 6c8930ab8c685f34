/** Plans of layers as text. */
import type { LayerReport } from "../index.js";
import { megabytes } from "./messages.js";
import { table } from "./table.js";

/** Names of packages in a line. */
const SHOWN = 4;

/** A line for each layer, the lowest first, and one for the sum. */
export function layersText(layers: readonly LayerReport[]): string {
  if (layers.length === 0) return 'The image has one layer ([layers] strategy = "single").\n';
  const total = sum(layers);
  const rows = layers.map((layer, index) => [
    String(index + 1),
    megabytes(layer.size),
    `${percent(layer.size, total)} %`,
    ...(layer.reused === null ? [] : [layer.reused ? "reused" : "new"]),
    `${layer.name}${layer.packages.length === 1 && layer.packages[0] === layer.name ? "" : `: ${listOf(layer.packages)}`}`,
  ]);
  const above = [String(layers.length + 1), "", "", ...(layers[0]?.reused === null ? [] : ["new"]), TOP];
  const reused = sum(layers.filter((layer) => layer.reused === true));
  const known = layers.some((layer) => layer.reused !== null);
  const summary = known ? `, ${megabytes(reused)} (${percent(reused, total)} %) of them reused` : "";
  return `${[...table([...rows, above]), "", `${megabytes(total)} of packages${summary}`].join("\n")}\n`;
}

const TOP = "(what no package owns, the rpm database, what scriptlets changed)";

function listOf(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return more <= 1 ? names.join(", ") : `${names.slice(0, SHOWN).join(", ")} and ${more} more`;
}

function sum(layers: readonly LayerReport[]): number {
  return layers.reduce((total, { size }) => total + size, 0);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "0.0" : ((100 * part) / whole).toFixed(1);
}
