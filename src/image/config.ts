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
  /** Of what the image is built on, whose layers come first; none without a base image. */
  readonly base?: ImageConfig | null;
}

/** Of a base image's configuration, what an image that is built on it has, too. */
const INHERITED = ["Healthcheck", "Shell"] as const;

/**
 * Equal requests give equal configurations; maps are sorted by key, and empty ones left out. What the manifest does not say
 * is as the base has it: variables and labels are merged, all else is replaced, and arguments go with the entrypoint that they
 * were for.
 */
export function imageConfig({
  image,
  labels,
  platform,
  layers,
  created,
  base = null,
}: ImageConfigRequest): ImageConfig {
  const time = timeText(created);
  const own: Partial<ImageConfig["config"]> = base?.config ?? {};
  const environment = { PATH: DEFAULT_PATH, ...environmentOf(own.Env), ...image.envs };
  const entrypoint = nonEmpty(image.entrypoint);
  const cmd = nonEmpty(image.cmd) ?? (entrypoint === undefined ? given(own.Cmd) : undefined);
  const inherited = Object.entries(own).filter(([key]) => (INHERITED as readonly string[]).includes(key));
  const history = layers.map(() => ({ created: time, created_by: "Created by rpmoci" }));
  return {
    created: time,
    ...optional("author", image.author ?? given(base?.author)),
    ...platform,
    config: {
      ...optional("User", image.user ?? given(own.User)),
      ...optional("ExposedPorts", emptySet(image.exposedPorts) ?? given(own.ExposedPorts)),
      Env: sortedEntries(environment).map(([name, value]) => `${name}=${value}`),
      ...optional("Entrypoint", entrypoint ?? given(own.Entrypoint)),
      ...optional("Cmd", cmd),
      ...optional("Volumes", emptySet(image.volumes) ?? given(own.Volumes)),
      ...optional("WorkingDir", image.workingdir ?? given(own.WorkingDir)),
      ...optional("Labels", nonEmptyRecord({ ...own.Labels, ...image.labels, ...labels })),
      ...optional("StopSignal", image.stopsignal ?? given(own.StopSignal)),
      ...Object.fromEntries(inherited),
    },
    rootfs: {
      type: "layers",
      diff_ids: [...(base?.rootfs.diff_ids ?? []), ...layers.map(({ diffId }) => diffId)],
    },
    history: base === null ? history : [...historyOf(base), ...ownHistory(history, time)],
  };
}

type History = ImageConfig["history"];

/** With an entry for each layer, also where the base does not tell where they come from. */
function historyOf({ history, rootfs: { diff_ids: layers } }: ImageConfig): History {
  const entries = history ?? [];
  if (entries.filter(({ empty_layer: empty }) => empty !== true).length === layers.length) return entries;
  return layers.map(() => ({ created_by: "base image" }));
}

/** An image that adds no files to its base is another one all the same. */
function ownHistory(history: History, created: string): History {
  return history.length > 0 ? history : [{ created, created_by: "Created by rpmoci", empty_layer: true }];
}

function environmentOf(lines: readonly string[] | null | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (lines ?? []).map((line) => {
      const [name = ""] = line.split("=", 1);
      return [name, line.slice(name.length + 1)];
    }),
  );
}

/** Documents of others have null or empty texts for what they do not say. */
function given<V>(value: V | null | undefined): V | undefined {
  return value === null || value === "" ? undefined : value;
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
