/**
 * How chunkah shares components out since 0.5, after src/packing.rs of 0.6. What is much larger than the median has a
 * layer of its own, but not more than four fifths of all layers. The rest is parted by stability into three tiers, each
 * with as many layers as it has of the components; a component's layer in its tier is drawn by the hash of its name, and
 * layers that got none take the largest of the others.
 */
import { type Component, groupsOf } from "./chunkah-components.js";
import type { Groups } from "./layer-sizes.js";
import { median } from "./measure.js";

/** Median absolute deviations above the median. */
const LARGE = 1.5;
const LARGE_SHARE = 0.8;

/** `max` counts the topmost layer, and is at least 20. */
export function chunkahGroups(components: readonly Component[], max: number): Groups {
  if (components.length <= max) return groupsOf(components.map((component) => [component]));
  const bySize = components.toSorted((a, b) => b.size - a.size);
  const large = bySize
    .filter(({ size }) => size >= largeSize(components))
    .slice(0, Math.floor((max - 1) * LARGE_SHARE));
  const rest = bySize.slice(large.length);
  return groupsOf([...large.map((component) => [component]), ...tierLayers(rest, max - large.length)]);
}

function largeSize(components: readonly Component[]): number {
  const sizes = components.map(({ size }) => size);
  const middle = median(sizes);
  const deviation = median(sizes.map((size) => Math.abs(size - middle)));
  return middle + LARGE * (deviation < middle / 100 ? middle : deviation);
}

function tierLayers(components: readonly Component[], count: number): readonly (readonly Component[])[] {
  const stabilities = components.map(({ stability }) => stability);
  const mean = average(stabilities);
  const deviation = Math.sqrt(average(stabilities.map((stability) => (stability - mean) ** 2)));
  const tierOf = ({ stability }: Component): number =>
    stability >= mean + deviation ? 0 : stability <= mean - deviation ? 2 : 1;
  const tiers = [0, 1, 2]
    .map((tier) => components.filter((component) => tierOf(component) === tier))
    .filter((members) => members.length > 0);
  let left = count;
  return tiers.flatMap((members, index) => {
    const others = tiers.length - index - 1;
    const share = Math.max(1, Math.round((members.length / components.length) * count));
    const own = others === 0 ? left : Math.min(share, left - others);
    left -= own;
    return hashedLayers(members, own);
  });
}

function hashedLayers(components: readonly Component[], count: number): readonly (readonly Component[])[] {
  const layers = Array.from({ length: count }, (): Component[] => []);
  for (const component of components) layers[Number(fnv1a(component.name) % BigInt(count))]?.push(component);
  for (const empty of layers.filter((members) => members.length === 0).reverse()) {
    const full = layers.filter((members) => members.length > 1);
    const largest = full.flat().reduce<Component | null>((a, b) => (a !== null && a.size >= b.size ? a : b), null);
    const home = full.find((members) => largest !== null && members.includes(largest));
    if (largest === null || home === undefined) break;
    home.splice(home.indexOf(largest), 1);
    empty.push(largest);
  }
  return layers.filter((members) => members.length > 0);
}

/** With the byte at the end that Rust puts behind a string. */
function fnv1a(text: string): bigint {
  return [...Buffer.from(text), 0xff].reduce(
    (hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n),
    0xcbf29ce484222325n,
  );
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
