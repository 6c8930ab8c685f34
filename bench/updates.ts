/** How much of an image is in layers that the one before it had, over ten real updates? */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { canonicalizeRoot } from "../src/rootfs/canonicalize.js";
import { makeWorkFolder } from "./folder.js";
import { type Blob, LayerSizes, type RootState } from "./layer-sizes.js";
import { own, ways } from "./layer-ways.js";
import { DATABASE_PATH, rpm } from "./rpm-root.js";
import { type History, type Release, releasesAfter } from "./update-history.js";

export interface UpdateResult {
  readonly sources: readonly string[];
  readonly packages: number;
  /** By the way's name. */
  readonly images: ReadonlyMap<string, ImageResult>;
}

export interface ImageResult {
  readonly layers: number;
  /** Bytes, compressed. */
  readonly total: number;
  /** Of them, in layers of the image before. */
  readonly reused: number;
}

/** In the future, so that no file of a package is younger. */
const CREATED = 1_800_000_000;
const DAY = 24 * 60 * 60;

/**
 * The root is updated by rpm from state to state. At the end it is compared with one that was installed afresh: the
 * layers of packages have to be the same.
 */
export async function measureUpdates(
  history: History,
  report: (line: string) => void,
): Promise<readonly UpdateResult[]> {
  const folder = makeWorkFolder("updates-");
  try {
    const root = join(folder, "root");
    const sizes = new LayerSizes(folder);
    const compared = ways();
    const previous = new Map<string, ReadonlySet<string>>();
    const results: UpdateResult[] = [];
    for (let count = 0; count <= history.updates.length; count += 1) {
      const update = history.updates[count - 1];
      report(`state ${count} of ${history.updates.length}`);
      const releases = releasesAfter(history, count);
      const state = await makeState(root, count, update?.releases ?? releases);
      const images = new Map<string, ImageResult>();
      for (const way of compared) {
        const blobs = await sizes.of(state, way.plan(releases, root));
        images.set(way.name, imageResult(blobs, previous.get(way.name) ?? new Set()));
        previous.set(way.name, new Set(blobs.map(({ digest }) => digest)));
      }
      results.push({ sources: update?.sources ?? [], packages: update?.releases.length ?? 0, images });
    }
    await compareWithFresh(history, folder, sizes);
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first state is installed, those that follow are updates. */
async function makeState(root: string, count: number, releases: readonly Release[]): Promise<RootState> {
  const buildStart = Math.floor(Date.now() / 1000);
  rpm(
    root,
    count === 0 ? "-i" : "-U",
    releases.map(({ file }) => file),
  );
  const created = CREATED + count * DAY;
  await canonicalizeRoot(root, DATABASE_PATH, created);
  return { root, created, buildStart };
}

function imageResult(blobs: readonly Blob[], known: ReadonlySet<string>): ImageResult {
  const sum = (part: readonly Blob[]): number => part.reduce((bytes, { size }) => bytes + size, 0);
  const reused = sum(blobs.filter(({ digest }) => known.has(digest)));
  return { layers: blobs.length, total: sum(blobs), reused };
}

async function compareWithFresh(history: History, folder: string, sizes: LayerSizes): Promise<void> {
  const count = history.updates.length;
  const releases = releasesAfter(history, count);
  const groups = own("source").plan(releases, "");
  const updated = { root: join(folder, "root"), created: CREATED, buildStart: 2 ** 40 };
  const before = await sizes.of(updated, groups);
  // Only one at a time has room on every machine.
  execFileSync("rm", ["-rf", updated.root]);
  const fresh = await sizes.of(await makeState(updated.root, 0, releases), groups);
  const different = before.slice(0, -1).filter(({ digest }, index) => digest !== fresh[index]?.digest);
  if (different.length > 0) throw new Error(`${different.length} layers are not those of a fresh root`);
}

export function updateTable(results: readonly UpdateResult[]): string {
  const names = [...(results[0]?.images.keys() ?? [])];
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const image = ({ images }: UpdateResult, name: string): ImageResult => images.get(name) as ImageResult;
  const updates = results.slice(1);
  const sumOf = (name: string, value: (result: ImageResult) => number): number =>
    updates.reduce((sum, result) => sum + value(image(result, name)), 0);
  const shareOf = (name: string): string =>
    percent(sumOf(name, ({ reused }) => reused) / sumOf(name, ({ total }) => total));
  const moved = (name: string): string => `${(sumOf(name, ({ total, reused }) => total - reused) / 1e6).toFixed(0)} MB`;
  const layerCount = (name: string): string => {
    const counts = results.map((result) => image(result, name).layers);
    return [...new Set([Math.min(...counts), Math.max(...counts)])].join("–");
  };
  return [
    row(["update", "sources", "packages", ...names]),
    row(["---", "---", "---", ...names.map(() => "---:")]),
    ...updates.map((result, index) => {
      const shares = names.map((name) => percent(image(result, name).reused / image(result, name).total));
      return row([String(index + 1), result.sources.join(", "), String(result.packages), ...shares]);
    }),
    row(["all", "", String(updates.reduce((sum, { packages }) => sum + packages, 0)), ...names.map(shareOf)]),
    row(["to move", "", "", ...names.map(moved)]),
    row(["layers", "", "", ...names.map(layerCount)]),
  ].join("\n");
}
