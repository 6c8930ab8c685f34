/** An archive as `docker save` made it before it knew of OCI: what every engine loads. */
import { RpmociError } from "../errors.js";
import type { LayoutImage, PlatformImage } from "../model/layout-image.js";
import { compareText } from "../model/nevra.js";
import type { ArchiveEntry } from "./tar.js";

/**
 * The image of this architecture (Go's name of it), or the only one, under names with tags. Layers stay compressed, which
 * all that read such archives know how to handle. Throws an `RpmociError` of kind `output` when there is no such image.
 */
export function dockerArchiveEntries(
  image: LayoutImage,
  names: readonly string[],
  architecture: string,
): readonly ArchiveEntry[] {
  const { config, layers } = choosePlatform(image, architecture);
  const blobs = new Map(image.blobs.map((blob) => [blob.descriptor.digest, blob]));
  const configName = `${hexOf(config.descriptor.digest)}.json`;
  const files = new Map<string, ArchiveEntry["content"]>([[configName, config]]);
  const layerNames = layers.map(({ digest, mediaType }) => {
    const name = `${hexOf(digest)}.tar${SUFFIXES.find(([type]) => type.test(mediaType))?.[1] ?? ""}`;
    const blob = blobs.get(digest);
    if (blob === undefined) throw fault(`the layer ${digest} is not in the layout`);
    files.set(name, blob);
    return name;
  });
  const manifest = [{ Config: configName, RepoTags: [...names], Layers: layerNames }];
  files.set("manifest.json", Buffer.from(JSON.stringify(manifest)));
  return [...files].sort(([a], [b]) => compareText(a, b)).map(([name, content]) => ({ name, content }));
}

const SUFFIXES = [
  [/gzip$/, ".gz"],
  [/zstd$/, ".zst"],
] as const;

function choosePlatform({ top, platforms }: LayoutImage, architecture: string): PlatformImage {
  const [only] = platforms;
  // An image manifest is what was asked for, be it for another machine.
  const own = platforms.find(({ manifest }) => manifest.digest === top.descriptor.digest);
  const chosen =
    own ?? (platforms.length === 1 ? only : platforms.find((platform) => platform.architecture === architecture));
  if (chosen !== undefined) return chosen;
  const others = platforms.map((platform) => platform.architecture).join(", ");
  throw fault(
    others === "" ? "it is no image, but another artifact" : `it has no image for ${architecture}, but for: ${others}`,
  );
}

function hexOf(digest: string): string {
  return digest.replace(/^.*:/, "");
}

function fault(reason: string): RpmociError {
  return new RpmociError(`Failed to write a Docker archive: ${reason}`, { kind: "output", code: "ARCHIVE_IMPOSSIBLE" });
}
