/** Roots of the distribution with real contents, and the programs that layers of them are made with. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeDistribution } from "../scripts/distribution/distribution.js";
import type { SetName } from "../scripts/distribution/package-sets.js";
import { keptPath, makeWorkFolder } from "./folder.js";
import { DATABASE_PATH, rpm } from "./rpm-root.js";

const project = resolve(import.meta.dirname, "../../..");

export interface LayerSubject {
  readonly packages: number;
  readonly root: string;
  /** An empty folder on the same file system. */
  readonly folder: string;
  /** The layer's archive, uncompressed. */
  readonly archive: string;
  dispose(): void;
}

export async function prepareLayerSubject(contents: SetName): Promise<LayerSubject> {
  const out = join(project, `build/distribution/plain-${contents}`);
  await makeDistribution({ out, contents, kind: "plain" });
  const folder = makeWorkFolder("layers-");
  const root = join(folder, "root");
  const files = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".rpm"));
  const paths = files.map((name) => join(out, name));
  rpm(root, "-i", paths);
  execFileSync(process.execPath, [layerStage, root, DATABASE_PATH, folder, "none"]);
  const archive = join(folder, "layer-0");
  return {
    packages: files.length,
    root,
    folder,
    archive,
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export const layerStage = join(import.meta.dirname, "layer-stage.js");

/** As the original does it. Needs zlib's headers. */
export function compileOriginal(): string {
  const output = keptPath("original-layer");
  execFileSync("cc", ["-O2", "-o", output, join(project, "bench/original-layer.c"), "-lz", "-lnettle"]);
  return output;
}

/** With the sources and the library that the addon is built from. */
export function compileFloor(): string {
  return compileWithCompressors("layer-floor");
}

/** Needs zlib's headers; takes ISA-L in where its headers are. */
export function compileCompressors(): string {
  return compileWithCompressors(
    "compressors",
    "-lz",
    ...(existsSync("/usr/include/isa-l/igzip_lib.h") ? ["-lisal"] : []),
  );
}

function sourcesIn(folder: string, names: RegExp): readonly string[] {
  const files = readdirSync(join(project, folder)).filter((file) => names.test(file));
  return files.map((file) => join(project, folder, file));
}

function compileWithCompressors(name: string, ...libraries: readonly string[]): string {
  const output = keptPath(name);
  const sources = [
    ...sourcesIn("native/layer", /^(compression|gzip|zstd|deflate.*|.*_match_finder|huffman|crc32)\.cc$/),
    ...sourcesIn("native", /^sha256.*\.cc$/),
  ];
  const zstd = join(project, "node_modules/zstd-napi/deps/zstd/lib");
  const include = [`-I${join(project, "native")}`, `-I${zstd}`];
  const own = [join(project, `bench/${name}.cc`), ...sources, join(project, "build/libzstd.a")];
  const linked = ["-ldeflate", "-lnettle", ...libraries];
  execFileSync("c++", ["-std=c++20", "-O3", "-DNDEBUG", ...include, ...own, "-o", output, ...linked]);
  return output;
}
