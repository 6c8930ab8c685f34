/** Compressed sizes of layers. Each is written once, whoever asks for it, and remembered: equal keys mean equal blobs. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listLayers } from "../src/layer/list.js";
import { writeLayers } from "../src/layer/write.js";
import { keptPath } from "./folder.js";
import { DATABASE_PATH } from "./rpm-root.js";

/** Names of packages, a list for each layer but the topmost. */
export type Groups = readonly (readonly string[])[];

export interface Blob {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

export interface RootState {
  readonly root: string;
  /** Seconds. */
  readonly created: number;
  readonly buildStart: number;
}

const section = { compression: "gzip", level: undefined } as const;
const ignore = (): void => {};

export class LayerSizes {
  readonly #file = keptPath("layer-sizes.json");
  readonly #known: Map<string, Blob>;

  /** @param folder for blobs, which do not stay. */
  constructor(private readonly folder: string) {
    this.#known = new Map(existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, "utf8")) : []);
  }

  /** The layers of a root, the topmost last. */
  async of({ root, created, buildStart }: RootState, groups: Groups): Promise<readonly Blob[]> {
    const request = {
      root,
      databasePath: DATABASE_PATH,
      base: null,
      groups,
      section,
      sourceDateEpoch: created,
      buildStart,
    };
    const listed = await listLayers(request, ignore);
    const unknown = listed.layers.filter(({ key }) => !this.#known.has(key));
    const directory = join(this.folder, "blobs");
    mkdirSync(directory, { recursive: true });
    const written = await writeLayers(listed, unknown, { directory, prefix: "", section }, ignore);
    for (const [index, { descriptor }] of written.entries()) {
      this.#known.set(unknown[index]?.key ?? "", { digest: descriptor.digest, size: descriptor.size });
    }
    rmSync(directory, { recursive: true });
    writeFileSync(this.#file, JSON.stringify([...this.#known]));
    return listed.layers.map(({ key }) => this.#known.get(key) as Blob);
  }
}
