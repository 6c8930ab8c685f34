/** How long does it take from a root to a layer, with both digests, on disk? */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { StageResult } from "./layer-stage.js";
import { compileCompressors, compileFloor, compileOriginal, type LayerSubject, layerStage } from "./layer-subject.js";
import { type Candidate, type Measurement, median } from "./measure.js";
import { DATABASE_PATH } from "./rpm-root.js";

export const title = "Layer";

const original = "as the original";

export function candidates({ root, folder }: LayerSubject): readonly Candidate[] {
  // Blobs are new files, as in a build: one that takes the place of another is written to disk when it is closed.
  const remove = (...names: readonly string[]): void => {
    for (const name of names) rmSync(join(folder, name), { recursive: true, force: true });
  };
  const own = (compression: string): Candidate => ({
    name: `rpmoci, ${compression}`,
    script: `${process.execPath} ${layerStage} ${root} ${DATABASE_PATH} ${folder}/${compression} ${compression}`,
    prepare: () => {
      remove(compression);
      mkdirSync(join(folder, compression));
    },
  });
  const tar = `tar --xattrs --sort=name -C ${root} -cf - .`;
  const piped = (name: string, compressor: string): Candidate => ({
    name,
    script: `${tar} | tee >(sha256sum >/dev/null) | ${compressor} | tee ${folder}/piped | sha256sum`,
    prepare: () => remove("piped"),
  });
  const all: readonly Candidate[] = [
    own("gzip"),
    own("zstd"),
    own("none"),
    {
      name: `${original}: one thread, zlib 1, both digests`,
      script: `${compileOriginal()} ${root} ${folder}/original`,
      prepare: () => remove("original"),
    },
    piped("tar, pigz -1, sha256sum twice", "pigz -1"),
    piped("tar, zstd -T0 -1, sha256sum twice", "zstd -q -T0 -1"),
    ...umoci(root, folder),
    ...buildah(root, folder),
  ];
  return all.map((candidate) => ({
    ...candidate,
    prepare: () => {
      candidate.prepare?.();
      warm(root);
    },
  }));
}

/** The root's files are in memory afterwards. */
function warm(root: string): void {
  execFileSync("bash", ["-c", `find ${root} -type f -exec cat {} + >/dev/null`]);
}

/** Repacks a bundle whose root is all new. */
function umoci(root: string, folder: string): readonly Candidate[] {
  const layout = join(folder, "umoci");
  const bundle = join(folder, "bundle");
  const quiet = { stdio: "ignore" } as const;
  return [
    {
      name: "umoci repack",
      script: `umoci repack --image ${layout}:test ${bundle}`,
      prepare: () => {
        for (const path of [layout, bundle]) rmSync(path, { recursive: true, force: true });
        execFileSync("umoci", ["init", "--layout", layout], quiet);
        execFileSync("umoci", ["new", "--image", `${layout}:test`], quiet);
        execFileSync("umoci", ["unpack", "--image", `${layout}:test`, bundle], quiet);
        // Not linked: the root that all others read would become one of hard links.
        execFileSync("cp", ["-a", `${root}/.`, join(bundle, "rootfs")]);
      },
    },
  ];
}

/** Commits a working container whose root is all new, to a directory. */
function buildah(root: string, folder: string): readonly Candidate[] {
  const storage = `--root ${folder}/storage --runroot ${folder}/run --storage-driver vfs`;
  const clean = `buildah ${storage} rm -a >/dev/null 2>&1; rm -rf ${folder}/storage ${folder}/run ${folder}/committed`;
  const copy = `container=$(buildah ${storage} from scratch) && cp -a ${root}/. "$(buildah ${storage} mount $container)"`;
  return [
    {
      name: "buildah commit (oci, gzip)",
      script: `buildah ${storage} commit -q "$(buildah ${storage} containers -q)" oci:${folder}/committed:test`,
      prepare: () => execFileSync("bash", ["-c", `${clean}; ${copy}`], { stdio: "ignore" }),
    },
  ];
}

export interface LayerFloor {
  readonly compression: string;
  /** Seconds, median: for the compressor and SHA-256 alone, in memory. */
  readonly floor: number;
  /** Seconds, median: for the whole stage, without the start of its process. */
  readonly stage: number;
}

/** In turn, as the machine's speed drifts. */
export function measureLayerFloors(subject: LayerSubject, runs: number): readonly LayerFloor[] {
  const { root, folder, archive } = subject;
  const program = compileFloor();
  const threads = String(availableParallelism());
  const directory = join(folder, "stage");
  const runFloor = (compression: string): number =>
    Number(execFileSync(program, [archive, compression, "1", threads], { encoding: "utf8" })) / 1000;
  const runStage = (compression: string): number => {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    warm(root);
    execFileSync("sync");
    const command = [layerStage, root, DATABASE_PATH, directory, compression];
    return (JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8" })) as StageResult).seconds;
  };
  return ["gzip", "zstd"].map((compression) => {
    const times = Array.from({ length: runs }, () => [runFloor(compression), runStage(compression)] as const);
    return {
      compression,
      floor: median(times.map(([floor]) => floor)),
      stage: median(times.map(([, stage]) => stage)),
    };
  });
}

/** How the layer stage compares with the original's and with its floor. */
export function ratios(subject: LayerSubject, measured: readonly Measurement[], floors: readonly LayerFloor[]): string {
  const wallOf = (name: string): number => measured.find((way) => way.name.startsWith(name))?.median.wall ?? Number.NaN;
  const sizeOf = sizes(subject);
  const lines = floors.map(({ compression, floor, stage }) => {
    const wall = wallOf(`rpmoci, ${compression}`);
    const size = (sizeOf.get(compression) ?? Number.NaN) / (sizeOf.get(original) ?? Number.NaN);
    const compared = (seconds: number): readonly string[] => [
      seconds.toFixed(2),
      (wallOf(original) / seconds).toFixed(2),
      (seconds / floor).toFixed(2),
    ];
    const cells = [`${(100 * (size - 1)).toFixed(1)} %`, floor.toFixed(2), ...compared(stage), ...compared(wall)];
    return `| ${[compression, ...cells].join(" | ")} |`;
  });
  return [
    "| | larger by | compressor and SHA-256 alone, s | stage, s | times as fast as the original | times that of the compressor | process, s | times as fast | times the compressor |",
    "|---|---|---|---|---|---|---|---|---|",
    ...lines,
  ].join("\n");
}

/** A table of compressors on one core, on the first part of the archive. */
export function compareCompressors({ archive }: LayerSubject): string {
  return execFileSync(compileCompressors(), [archive, "500"], { encoding: "utf8" });
}

/** Bytes of what the candidates wrote last, by name. */
export function sizes({ folder }: LayerSubject): ReadonlyMap<string, number> {
  const files = [
    ["gzip", "gzip/layer-0"],
    ["zstd", "zstd/layer-0"],
    [original, "original"],
  ] as const;
  const written = files.filter(([, file]) => existsSync(join(folder, file)));
  return new Map(written.map(([name, file]) => [name, statSync(join(folder, file)).size]));
}
