/** What a cache holds, as text. */
import type { CacheEntry } from "../index.js";
import { megabytes } from "./messages.js";

/** A line for each package, those that were used last at the end, and one that sums up. */
export function cacheText(entries: readonly CacheEntry[]): string {
  const packages = entries.filter(({ kind }) => kind === "package");
  const lines = packages.map((entry) => {
    const used = new Date(entry.lastUsed).toISOString().slice(0, 10);
    return [megabytes(entry.size).padStart(10), used, nameOf(entry)].join("  ");
  });
  const kinds = ["package", "metadata", "layer"] as const;
  const hasBases = entries.some(({ kind }) => kind === "base");
  const sums = [...kinds, ...(hasBases ? (["base"] as const) : [])].map((kind) => sumText(kind, entries));
  return `${[...lines, sums.join(", ")].join("\n")}\n`;
}

const LABELS = { package: "packages", metadata: "metadata", layer: "layers", base: "base images" };

function sumText(kind: keyof typeof LABELS, entries: readonly CacheEntry[]): string {
  const chosen = entries.filter((entry) => entry.kind === kind);
  return `${LABELS[kind]}: ${kind === "metadata" || kind === "base" ? "" : `${chosen.length}, `}${sizeText(chosen)}`;
}

function sizeText(entries: readonly CacheEntry[]): string {
  return megabytes(entries.reduce((sum, { size }) => sum + size, 0));
}

/** A line for each entry that was, or would be, removed, and one that sums up. */
export function removedText(entries: readonly CacheEntry[], { dryRun }: { readonly dryRun: boolean }): string {
  const lines = entries.map((entry) => `${entry.kind} ${nameOf(entry)}\n`);
  return `${lines.join("")}${dryRun ? "would remove" : "removed"} ${entries.length}, ${sizeText(entries)}\n`;
}

/** A line for each damaged entry; one that says so when there is none. */
export function damagedText(entries: readonly CacheEntry[]): string {
  if (entries.length === 0) return "all downloads and layers are whole\n";
  return entries.map((entry) => `removed, since it was damaged: ${entry.kind} ${nameOf(entry)}\n`).join("");
}

function nameOf({ nevra, checksum, files }: CacheEntry): string {
  const key = checksum === null ? (files[0] ?? "") : `${checksum.algorithm}:${checksum.value}`;
  return nevra === null ? key : `${nevra}  ${key}`;
}
