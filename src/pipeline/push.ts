/** `rpmoci push`: an image of a layout goes to registries, archives, engines and other layouts. */
import type { Writable } from "node:stream";
import type { ArchiveEntry } from "../archive/tar.js";
import { checkTagOf, formatRepository, isNamedTag, parseDestination } from "../destination/parse.js";
import type { Emit } from "../events.js";
import { type ImageName, referenceOf } from "../layout/image-reference.js";
import { checkTag } from "../layout/layout.js";
import { readLayoutImage } from "../layout/layout-image.js";
import { hostArchitecture, platformOf } from "../model/architecture.js";
import { cacheFolders } from "../model/cache-folders.js";
import type { Digest } from "../model/descriptor.js";
import type { Destination, Repository } from "../model/destination.js";
import type { LayoutImage } from "../model/layout-image.js";
import { writeOutputFile } from "../output-file.js";
import type { RegistryClient } from "../registry/registry-client.js";
import { type CacheOptions, cacheDirectoryOf } from "./cache.js";

export interface PushOptions extends CacheOptions {
  /** All of it: an index goes with its platforms. */
  readonly image: ImageName;
  /**
   * `registry:HOST/NAME[:TAG]` (or `docker://…`), `oci:DIRECTORY`, or a directory, `oci-archive:FILE[:TAG]`,
   * `docker-archive:FILE[:NAME[:TAG]]`, `docker-daemon:NAME[:TAG]`, `podman:NAME[:TAG]`.
   */
  readonly destinations: readonly string[];
  /** For destinations without a tag of their own; those that the image has in the layout, if absent or empty. */
  readonly tags?: readonly string[];
  /** Speak HTTP without TLS to registries. One on this machine is spoken to as it answers, in any case. */
  readonly plainHttp?: boolean;
  readonly emit?: Emit;
  /** Stops the work and rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface PushResult {
  /** Of the image manifest or index. */
  readonly digest: Digest;
  /** `HOST/NAME@DIGEST` for each repository that it was pushed to, in the order of the destinations. */
  readonly references: readonly string[];
}

/**
 * Throws an `RpmociError` of kind `usage` for a destination that cannot be understood, and for tags that one cannot have.
 */
export function checkDestinations(destinations: readonly string[], tags: readonly string[]): void {
  for (const text of destinations) {
    const destination = parseDestination(text);
    for (const tag of destination.tag === undefined ? tags : [destination.tag]) {
      if (destination.kind === "layout" || destination.kind === "oci-archive") checkTag(tag);
      else checkTagOf(tag, destination);
    }
  }
}

/**
 * Asks the registries among the destinations whether they are there and know who pushes, and looks for engines, before an
 * image is built for them. Throws as `push`.
 */
export async function checkReachable(options: Omit<PushOptions, "image">): Promise<void> {
  const { environment = process.env } = options;
  for (const destination of options.destinations.map(parseDestination)) {
    if (destination.kind === "registry") await withRegistry(destination.repository, options, async () => {});
    if (destination.kind !== "engine") continue;
    const { findEngine } = await import("../archive/engine.js");
    await findEngine(destination.engine, environment);
  }
}

/**
 * Copies an image, with all of its platforms and whatever is attached to it, to each of the destinations, one after the
 * other. Its digest stays the same, but for Docker archives and engines, which have no place for it. What a destination
 * had before stays until all of the image is there. Throws an `RpmociError`, and the signal's reason.
 */
export async function push(options: PushOptions): Promise<PushResult> {
  const { destinations, emit = () => {}, signal } = options;
  checkDestinations(destinations, options.tags ?? []);
  const reference = referenceOf(options.image);
  const image = await readLayoutImage(reference);
  const own = reference.tag === undefined ? image.tags : [reference.tag];
  const tags = options.tags?.length ? options.tags : own;
  checkDestinations(destinations, tags);
  const { digest } = image.top.descriptor;
  const references: string[] = [];
  for (const text of destinations) {
    signal?.throwIfAborted();
    const destination = parseDestination(text);
    const started = Date.now();
    emit({ type: "copy-started", destination: text, blobs: image.blobs.length, bytes: sizeOf(image) });
    const chosen = destination.tag === undefined ? tags : [destination.tag];
    await copyTo(destination, image, chosen, options);
    if (destination.kind === "registry") references.push(`${formatRepository(destination.repository)}@${digest}`);
    emit({ type: "copy-finished", destination: text, digest, seconds: (Date.now() - started) / 1000 });
  }
  return { digest, references: [...new Set(references)] };
}

function sizeOf({ blobs }: LayoutImage): number {
  return blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
}

async function copyTo(
  destination: Destination,
  image: LayoutImage,
  tags: readonly string[],
  options: PushOptions,
): Promise<void> {
  const { signal, environment = process.env } = options;
  switch (destination.kind) {
    case "layout": {
      const { copyIntoLayout } = await import("../layout/copy-image.js");
      return copyIntoLayout(image, destination.directory, tags);
    }
    case "oci-archive": {
      const { ociArchiveEntries } = await import("../archive/oci-archive.js");
      return toFile(destination.file, ociArchiveEntries(image, tags), image, options);
    }
    case "docker-archive": {
      const { name } = destination;
      const names = name === undefined ? tags.filter(isNamedTag) : namesOf(name, tags);
      return toFile(destination.file, await dockerEntries(image, names), image, options);
    }
    case "engine": {
      const { loadIntoEngine } = await import("../archive/engine.js");
      const entries = await dockerEntries(image, namesOf(destination.name, tags));
      const write = (output: Writable) => toStream(output, entries, image, options);
      return loadIntoEngine(destination.engine, write, { environment, signal });
    }
    case "registry":
      return toRegistry(destination.repository, image, tags, options);
  }
}

function namesOf(name: string, tags: readonly string[]): readonly string[] {
  return (tags.length === 0 ? ["latest"] : tags).map((tag) => `${name}:${tag}`);
}

async function dockerEntries(image: LayoutImage, names: readonly string[]): Promise<readonly ArchiveEntry[]> {
  const { dockerArchiveEntries } = await import("../archive/docker-archive.js");
  return dockerArchiveEntries(image, names, platformOf(hostArchitecture()).architecture);
}

async function toFile(
  file: string,
  entries: readonly ArchiveEntry[],
  image: LayoutImage,
  options: PushOptions,
): Promise<void> {
  await writeOutputFile(
    { path: file, what: "the archive", code: "ARCHIVE_UNWRITABLE", allowsDevices: false },
    (output) => toStream(output, entries, image, options),
  );
}

async function toStream(
  output: Writable,
  entries: readonly ArchiveEntry[],
  image: LayoutImage,
  options: PushOptions,
): Promise<void> {
  const { writeArchive } = await import("../archive/tar.js");
  const count = counter(image, options);
  await writeArchive(output, { entries, time: image.created, count, signal: options.signal });
}

async function toRegistry(
  repository: Repository,
  image: LayoutImage,
  tags: readonly string[],
  options: PushOptions,
): Promise<void> {
  const [{ pushImage }, { PushRecords }] = await Promise.all([
    import("../registry/push-image.js"),
    import("../registry/push-records.js"),
  ]);
  const records = new PushRecords(cacheFolders(cacheDirectoryOf(options)).pushes);
  const { emit = () => {} } = options;
  await withRegistry(repository, options, (client) =>
    pushImage(client, { image, tags, records, emit, count: counter(image, options) }),
  );
  await records.prune(Date.now());
}

async function withRegistry(
  repository: Repository,
  { emit = () => {}, signal, plainHttp, environment = process.env }: Omit<PushOptions, "image">,
  use: (client: RegistryClient) => Promise<void>,
): Promise<void> {
  const { RegistryClient } = await import("../registry/registry-client.js");
  // Ends what goes on beside something that failed.
  const stop = new AbortController();
  const signals = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const client = await RegistryClient.open(repository, { environment, emit, signal: signals, plainHttp });
  try {
    await use(client);
  } finally {
    stop.abort();
    await client.close();
  }
}

/** Makes progress of bytes. */
function counter(image: LayoutImage, { emit = () => {} }: PushOptions): (bytes: number) => void {
  const total = sizeOf(image);
  let done = 0;
  return (bytes) => {
    done += bytes;
    emit({ type: "copy-progress", bytes: done, total });
  };
}
