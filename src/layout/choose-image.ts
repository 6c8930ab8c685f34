/** Which image of a layout a user means, and which of its platforms. */
import { RpmociError } from "../errors.js";
import { hostArchitecture, type Platform, platformOf } from "../model/architecture.js";
import type { Descriptor } from "../model/descriptor.js";
import { unknownImage } from "./image-faults.js";
import { IMAGE_CONFIG, IMAGE_INDEX, IMAGE_MANIFEST, isReferring } from "./media-types.js";
import { READ_SCHEMAS } from "./schemas.js";
import { type StoredLayout, tagOf } from "./stored-layout.js";

/** The tag that lists what is attached to an image, where there is no other list. */
export const REFERRERS_TAG = /^(?:sha256-[0-9a-f]{64}|sha512-[0-9a-f]{64})$/;

/**
 * The image manifest, or the index of several platforms, that the layout was asked for by a tag or a digest; without either,
 * the only one. Images without a tag count only where none has one, and what is attached to images where there is nothing
 * else. Throws an `RpmociError` of kind `usage` when there is no such image, or more than one.
 */
export async function chooseImage(layout: StoredLayout): Promise<Descriptor> {
  const { path, tag, digest } = layout.reference;
  const found = distinct(await candidatesOf(layout));
  const images = found.length > 1 ? await withoutArtifacts(layout, found) : found;
  const [image, ...others] = images;
  if (image !== undefined && others.length === 0) return image;
  const which = tag !== undefined ? ` with the tag ${tag}` : digest !== undefined ? ` ${digest}` : "";
  if (image === undefined) throw unknownImage(`there is no image${which} in ${path}`, `${path} has ${listed(layout)}`);
  const isNamed = tag === undefined && images.every((entry) => tagOf(entry) !== undefined);
  const names = images.map((entry) => (isNamed ? `${path}:${tagOf(entry)}` : `${path}@${entry.digest}`));
  throw new RpmociError(`there is more than one image${which} in ${path}`, {
    kind: "usage",
    code: "IMAGE_AMBIGUOUS",
    hint: `name one of them: ${names.join(", ")}`,
  });
}

/**
 * The image manifest of one platform: `architecture` is rpm's name or that of the OCI image specification. By default, it is
 * this machine's, or the only one that there is. Throws an `RpmociError` of kind `usage` when there is none.
 */
export async function choosePlatform(
  layout: StoredLayout,
  chosen: Descriptor,
  architecture: string | undefined,
): Promise<Descriptor> {
  if (!IMAGE_INDEX.test(chosen.mediaType)) return chosen;
  const images = distinct(await imagesIn(layout, chosen));
  const wanted = platformOf(architecture ?? hostArchitecture());
  const exact = imageFor(wanted, images);
  if (exact !== undefined) return exact;
  const [only, ...others] = images;
  const isOpen = architecture === undefined || only?.platform === undefined;
  if (only !== undefined && others.length === 0 && isOpen) return only;
  const platforms = [...new Set(images.map(({ platform }) => platform?.architecture ?? "an unknown architecture"))];
  throw platformMissing(layout, wanted, platforms);
}

/** For an image of another platform than was asked for. */
export function platformMissing({ name }: StoredLayout, wanted: Platform, platforms: readonly string[]): RpmociError {
  return unknownImage(
    `the image ${name} is not for ${wanted.architecture}`,
    platforms.length === 0 ? undefined : `--arch chooses: it is for ${platforms.join(", ")}`,
  );
}

async function candidatesOf(layout: StoredLayout): Promise<readonly Descriptor[]> {
  const { entries, reference } = layout;
  const { tag, digest } = reference;
  if (tag !== undefined) return entries.filter((entry) => tagOf(entry) === tag);
  if (digest !== undefined) {
    const own = entries.find((entry) => entry.digest === digest);
    return own === undefined ? nested(layout, entries, (entry) => entry.digest === digest) : [own];
  }
  const images = entries.filter((entry) => !REFERRERS_TAG.test(tagOf(entry) ?? ""));
  const tagged = images.filter((entry) => tagOf(entry) !== undefined);
  return tagged.length > 0 ? tagged : images;
}

/** What indexes lead to. An index that nobody asked for may be damaged. */
async function nested(
  layout: StoredLayout,
  entries: readonly Descriptor[],
  isWanted: (entry: Descriptor) => boolean,
): Promise<readonly Descriptor[]> {
  const seen = new Set<string>();
  const found: Descriptor[] = [];
  const open = entries.filter(({ mediaType }) => IMAGE_INDEX.test(mediaType));
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    if (seen.has(entry.digest)) continue;
    seen.add(entry.digest);
    const index = await layout.readJson(entry, READ_SCHEMAS.index).catch(() => null);
    const manifests = (index?.manifests ?? []) as readonly Descriptor[];
    found.push(...manifests.filter(isWanted));
    open.push(...manifests.filter(({ mediaType }) => IMAGE_INDEX.test(mediaType)));
  }
  return found;
}

/** The image manifests of an index, in its order, without what is no image but says where one is from. */
async function imagesIn(layout: StoredLayout, index: Descriptor): Promise<readonly Descriptor[]> {
  const images: Descriptor[] = [];
  const { manifests } = await layout.readJson(index, READ_SCHEMAS.index);
  for (const entry of manifests as readonly Descriptor[]) {
    if (IMAGE_INDEX.test(entry.mediaType)) images.push(...(await imagesIn(layout, entry)));
    // BuildKit's attestations are for the architecture "unknown".
    else if (IMAGE_MANIFEST.test(entry.mediaType) && entry.platform?.architecture !== "unknown") images.push(entry);
  }
  return images;
}

/** All of them, if none is an image. */
async function withoutArtifacts(layout: StoredLayout, entries: readonly Descriptor[]): Promise<readonly Descriptor[]> {
  const mayBe = await Promise.all(entries.map((entry) => mayBeImage(layout, entry)));
  const images = entries.filter((_, index) => mayBe[index]);
  return images.length > 0 ? images : entries;
}

/** What is attached to something, or has another configuration than an image, is none; what cannot be read may be one. */
async function mayBeImage(layout: StoredLayout, entry: Descriptor): Promise<boolean> {
  if (!isReferring(entry.mediaType)) return false;
  if (IMAGE_INDEX.test(entry.mediaType)) {
    const index = await layout.readJson(entry, READ_SCHEMAS.index).catch(() => null);
    return !index?.subject;
  }
  const manifest = await layout.readJson(entry, READ_SCHEMAS.manifest).catch(() => null);
  return manifest === null || (!manifest.subject && IMAGE_CONFIG.test(manifest.config.mediaType));
}

function distinct(entries: readonly Descriptor[]): readonly Descriptor[] {
  const all = new Map<string, Descriptor>();
  for (const entry of entries) if (!all.has(entry.digest)) all.set(entry.digest, entry);
  return [...all.values()];
}

/** The image for a platform among those of an index: of its variant, or else the first of its architecture. */
export function imageFor(wanted: Platform, images: readonly Descriptor[]): Descriptor | undefined {
  const fitting = images.filter(({ platform }) => fits(platform, wanted));
  return fitting.find(({ platform }) => platform?.variant === wanted.variant) ?? fitting[0];
}

function fits(platform: Platform | undefined, wanted: Platform): boolean {
  return platform?.os === wanted.os && platform.architecture === wanted.architecture;
}

/** What can be asked for. */
function listed({ entries }: StoredLayout): string {
  const tags = [...new Set(entries.flatMap((entry) => tagOf(entry) ?? []))].filter((tag) => !REFERRERS_TAG.test(tag));
  if (tags.length > 0) return `the tags ${tags.sort().join(", ")}`;
  return entries.length === 0 ? "no image at all" : `no tags, but ${entries.map(({ digest }) => digest).join(", ")}`;
}
