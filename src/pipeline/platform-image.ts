/** An image for one architecture: its packages are installed into a root, and the root becomes layers. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { imageAnnotations } from "../image/annotations.js";
import { imageConfig } from "../image/config.js";
import { assembleImage } from "../image/manifest.js";
import { erasePackages } from "../install/erase.js";
import { installPackages } from "../install/install.js";
import { Sandbox } from "../install/sandbox.js";
import type { ScriptletPlan } from "../install/scriptlet-plan.js";
import type { Engine } from "../install/setting.js";
import type { LayoutTransaction, NewImage } from "../layout/layout.js";
import { lockArchitecture } from "../lockfile/parts.js";
import { platformOf } from "../model/architecture.js";
import type { Annotations } from "../model/descriptor.js";
import type { BaseImage } from "../model/image-tree.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import { formatNevra } from "../model/nevra.js";
import type { VerifiedPackage } from "../model/package.js";
import type { SourceContents } from "../model/root-shape.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import { canonicalizeRoot } from "../rootfs/canonicalize.js";
import { isTransient, ownedTransients } from "../rootfs/clean.js";
import { type LeftAlone, leaveAlone } from "../rootfs/left-alone.js";
import { shapeRoot } from "../rootfs/shape.js";
import { publicName } from "./base-image.js";
import { refuseInBase } from "./base-policy.js";
import { type BaseRoot, stateOf, takeBaseLayers, unpackBase } from "./base-root.js";
import { contentsOfRoot, type ImageContents } from "./image-contents.js";
import { planFor } from "./layer-plan.js";
import { type LayerReuse, makeLayers } from "./layers.js";
import type { Context } from "./options.js";

/** Seconds. Depending on the machine, what takes longest takes one, seldom two minutes. */
const SCRIPTLET_TIMEOUT = 600;

export interface PlatformRequest {
  readonly manifest: Manifest;
  /** Of this architecture. */
  readonly lock: Lockfile;
  /** Of several places; the later win. */
  readonly annotations: readonly (Annotations | undefined)[];
  readonly sources: SourceContents;
  readonly packages: readonly VerifiedPackage[];
  /** What the image is built on; null without a base image. */
  readonly base: BaseImage | null;
  readonly engine: Engine;
  readonly scriptlets: ScriptletPlan;
  /** For the root and whatever else; made when it is missing. */
  readonly scratch: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly layout: LayoutTransaction;
  readonly options: {
    readonly sandbox?: boolean | undefined;
    readonly scriptletTimeout?: number | undefined;
    /** Win over the manifest's. */
    readonly labels?: Readonly<Record<string, string>>;
    readonly cache?: boolean;
    readonly previous?: LayerReuse["previous"];
  };
}

export interface PlatformImage {
  readonly image: NewImage;
  /** What is in it, files' digests included when they are asked for; as long as `scratch` is there. */
  readonly contents: (withFiles: boolean) => Promise<ImageContents>;
}

/** The image; new layers are in the staging folder of the layout. Throws an `RpmociError`, and the signal's reason. */
export async function makePlatformImage(request: PlatformRequest, context: Context): Promise<PlatformImage> {
  const { manifest, lock, packages, scratch, created, layout, options } = request;
  const { emit, signal } = context;
  const arch = lockArchitecture(lock);
  const buildStart = Math.floor(Date.now() / 1000);
  await mkdir(scratch, { recursive: true });
  const sandbox = new Sandbox(options.sandbox, scratch, emit);
  const { scriptletTimeout = SCRIPTLET_TIMEOUT } = options;
  const base = request.base && (await unpackBase(request.base, join(scratch, "root"), scratch, context));
  const ownedBefore = base && (await ownedTransients(base.root, base.databasePath));
  const installed = await installPackages(
    {
      packages,
      root: join(scratch, "root"),
      base,
      scratch,
      engine: request.engine,
      sandbox,
      scriptletTimeout,
      arch,
      scriptlets: request.scriptlets,
      docs: manifest.docs,
      langs: manifest.langs,
      sourceDateEpoch: created,
      abort: signal,
    },
    emit,
  );
  const erasing = { sandbox, scriptletTimeout, sourceDateEpoch: created };
  const erased = await erasePackages(installed, manifest.exclude, erasing, emit);
  const { root } = installed;
  const databasePath = installed.hasDatabase ? installed.databasePath : null;
  const changed = packages.length + erased > 0;
  const began = base && { isOfBase: (path: string) => base.tree.byPath.has(path), packages: base.packages, changed };
  await canonicalizeRoot(root, databasePath, created, began);
  if (base !== null) await refuseWhatStays(manifest, base, databasePath);
  const leftAlone = base && (await leaveTransients(base, ownedBefore, databasePath));
  await shapeRoot(installed, manifest, request.sources, created, emit);
  signal?.throwIfAborted();
  const { cache = true, previous } = options;
  const layers = await makeLayers(
    {
      packages: lock.packages,
      root,
      databasePath,
      base: base && leftAlone && stateOf(base, leftAlone, context),
      plan: planFor(lock, manifest) ?? { layers: [] },
      section: manifest.layers,
      created,
      buildStart,
      layout,
      prefix: `${arch}-`,
      reuse: { enabled: cache, previous },
    },
    context,
  );
  emit({ type: "image-started" });
  const platform = platformOf(arch);
  const { image: section, baseImage = "" } = manifest;
  const parent = request.base;
  const config = imageConfig({
    image: section,
    labels: options.labels ?? {},
    platform,
    layers,
    created,
    base: parent?.config ?? null,
  });
  const below = parent === null ? [] : await takeBaseLayers(parent, layout, `${arch}-`);
  const origin = parent && { name: publicName(baseImage), digest: parent.digest };
  const annotations = imageAnnotations(request.annotations, created, origin);
  const image = assembleImage(config, [...below, ...layers], platform, annotations);
  return { image, contents: (withFiles) => contentsOfRoot({ root, dbPath: installed.databasePath }, withFiles) };
}

/** Other lockfiles than this one's may have said what the base has. */
async function refuseWhatStays(manifest: Manifest, { root, packages }: BaseRoot, dbPath: string | null): Promise<void> {
  if (dbPath === null || manifest.policy.forbidden.length === 0) return;
  const before = new Set(packages.map(formatNevra));
  const installed = await nativeCall(binding().readRpmdb({ root, dbPath }));
  refuseInBase(
    manifest,
    installed.filter((entry) => before.has(formatNevra(entry))),
  );
}

/** What no package owns, or has owned, in places that the cleaning is about. */
async function leaveTransients(
  { root, tree }: BaseRoot,
  ownedBefore: ReadonlySet<string> | null,
  databasePath: string | null,
): Promise<LeftAlone> {
  const owned = await ownedTransients(root, databasePath);
  const paths = tree.files.map(({ path }) => path).filter(isTransient);
  return leaveAlone(
    root,
    paths.filter((path) => !owned.has(path) && ownedBefore?.has(path) !== true),
  );
}
