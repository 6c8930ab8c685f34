/** An image for one architecture: its packages are installed into a root, and the root becomes layers. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { imageAnnotations } from "../image/annotations.js";
import { imageConfig } from "../image/config.js";
import { assembleImage } from "../image/manifest.js";
import { erasePackages } from "../install/erase.js";
import { installPackages } from "../install/install.js";
import { Sandbox } from "../install/sandbox.js";
import type { Engine } from "../install/setting.js";
import type { LayoutTransaction, NewImage } from "../layout/layout.js";
import { lockArchitecture } from "../lockfile/parts.js";
import { platformOf } from "../model/architecture.js";
import type { Annotations } from "../model/descriptor.js";
import type { Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import type { VerifiedPackage } from "../model/package.js";
import type { SourceContents } from "../model/root-shape.js";
import { canonicalizeRoot } from "../rootfs/canonicalize.js";
import { shapeRoot } from "../rootfs/shape.js";
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
  readonly engine: Engine;
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
  const installed = await installPackages(
    {
      packages,
      root: join(scratch, "root"),
      scratch,
      engine: request.engine,
      sandbox,
      scriptletTimeout,
      arch,
      docs: manifest.docs,
      langs: manifest.langs,
      sourceDateEpoch: created,
      abort: signal,
    },
    emit,
  );
  await erasePackages(installed, manifest.exclude, { sandbox, scriptletTimeout, sourceDateEpoch: created }, emit);
  const { root, databasePath } = installed;
  await canonicalizeRoot(root, databasePath, created);
  await shapeRoot(installed, manifest, request.sources, created, emit);
  signal?.throwIfAborted();
  const { cache = true, previous } = options;
  const layers = await makeLayers(
    {
      packages: lock.packages,
      root,
      databasePath,
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
  const config = imageConfig({ image: manifest.image, labels: options.labels ?? {}, platform, layers, created });
  const image = assembleImage(config, layers, platform, imageAnnotations(request.annotations, created));
  return { image, contents: (withFiles) => contentsOfRoot({ root, dbPath: databasePath }, withFiles) };
}
