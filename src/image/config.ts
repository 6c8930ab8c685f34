/** The image configuration (OCI image specification, "Image Configuration"). */
import type { Platform } from "../model/architecture.js";
import type { ImageConfig, Layer } from "../model/descriptor.js";
import type { ImageSection } from "../model/manifest.js";
import { compareText } from "../model/nevra.js";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface ImageConfigRequest {
  readonly image: ImageSection;
  /** Win over the manifest's. */
  readonly labels: Readonly<Record<string, string>>;
  readonly platform: Platform;
  readonly layers: readonly Layer[];
  /** Seconds since the epoch. */
  readonly created: number;
}

/** Equal requests give equal configurations; maps are sorted by key, and empty ones left out. */
export function imageConfig({ image, labels, platform, layers, created }: ImageConfigRequest): ImageConfig {
  const time = timeText(created);
  const environment = { PATH: DEFAULT_PATH, ...image.envs };
  return {
    created: time,
    ...optional("author", image.author),
    ...platform,
    config: {
      ...optional("User", image.user),
      ...optional("ExposedPorts", emptySet(image.exposedPorts)),
      Env: sortedEntries(environment).map(([name, value]) => `${name}=${value}`),
      ...optional("Entrypoint", nonEmpty(image.entrypoint)),
      ...optional("Cmd", nonEmpty(image.cmd)),
      ...optional("Volumes", emptySet(image.volumes)),
      ...optional("WorkingDir", image.workingdir),
      ...optional("Labels", nonEmptyRecord({ ...image.labels, ...labels })),
      ...optional("StopSignal", image.stopsignal),
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created: time, created_by: "Created by rpmoci" })),
  };
}

/** RFC 3339, of seconds since the epoch. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}

function sortedEntries(record: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(record).sort(([a], [b]) => compareText(a, b));
}

function nonEmpty(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list;
}

function nonEmptyRecord(record: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  const entries = sortedEntries(record);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The specification writes sets as objects with empty values. */
function emptySet(names: readonly string[]): Readonly<Record<string, Record<string, never>>> | undefined {
  if (names.length === 0) return undefined;
  return Object.fromEntries([...new Set(names)].sort(compareText).map((name) => [name, {}]));
}
